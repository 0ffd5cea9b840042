/** The last entries of something, newest first when read. The bound may change with the number of servers. */
export interface History<Entry> {
  push(entry: Entry): void;
  read(): readonly Entry[];
}

export function createHistory<Entry>(entriesMax: () => number): History<Entry> {
  let entries: Entry[] = [];
  return {
    push(entry) {
      entries.push(entry);
      const excess = entries.length - entriesMax();
      if (excess > 0) entries = entries.slice(excess);
    },
    read: () => entries.toReversed(),
  };
}
