/** A map whose entries come and go with every call. Iteration is in the order of insertion. */
export interface PendingMap<Key, Value> {
  readonly size: number;
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  /** Whether it was there. */
  delete(key: Key): boolean;
  keys(): IterableIterator<Key>;
  values(): IterableIterator<Value>;
}

const DELETIONS_MAX = 64;

/**
 * A `Map` that starts afresh now and then, so that what is deleted from it becomes garbage soon.
 *
 * V8's maps and sets leave their table when it is full of deleted entries, and each left table points to the next one for
 * iterators that may still be on their way. Once one of them has grown old, the chain keeps every later one alive, with all
 * that was in it, until the next full collection: measured as five times the CPU time and twice the memory for a set
 * whose members live for the length of a call. A new map has no such past.
 */
export function createPendingMap<Key, Value>(): PendingMap<Key, Value> {
  let map = new Map<Key, Value>();
  let deletions = 0;
  return {
    get size() {
      return map.size;
    },
    get: (key) => map.get(key),
    set(key, value) {
      map.set(key, value);
    },
    delete(key) {
      if (!map.delete(key)) return false;
      deletions += 1;
      // Copying must not cost more than what was deleted.
      if (deletions >= DELETIONS_MAX && deletions >= map.size) {
        map = new Map(map);
        deletions = 0;
      }
      return true;
    },
    keys: () => map.keys(),
    values: () => map.values(),
  };
}
