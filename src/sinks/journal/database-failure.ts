/** Primary result codes (sqlite.org/rescode.html). */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** Causes outside the database that may go away. */
const PASSING: ReadonlyMap<number, string> = new Map([
  [5, 'another process uses it'],
  [7, 'there is no memory left'],
  [8, 'it may only be read'],
  [10, 'the disk failed'],
  [13, 'the disk is full'],
  [14, 'the file or its folder cannot be opened'],
]);

/** Whether an SQLite error means that the file is corrupt. */
export function isDamage(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** Whether the operation may succeed later. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(resultCodeOf(error) ?? -1);
}

/** For an operator. */
export function explainFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = PASSING.get(resultCodeOf(error) ?? -1);
  return reason === undefined ? message : `${reason} (${message})`;
}

function resultCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  // The upper bits are the extended code.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
