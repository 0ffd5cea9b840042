/** Adds an entry at the end and drops the oldest ones beyond `entriesMax`, which may differ from call to call. */
export function keepLast<Entry>(entries: Entry[], entry: Entry, entriesMax: number): void {
  entries.push(entry);
  const excess = entries.length - entriesMax;
  if (excess > 0) entries.splice(0, excess);
}
