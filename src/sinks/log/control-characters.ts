/** DEL and C1, which JSON does not escape though terminals act on them. */
const RAW = /[\u007f-\u009f]/;
const ALL_RAW = new RegExp(RAW, 'g');
/** Escapes in JSON text of control characters other than tab and line feed. A pair of backslashes is skipped. */
const ESCAPED = /(\\\\)|\\(?:[bfr]|u00(?:0[0-8b-f]|1[0-9a-f]|7f|[89][0-9a-f]))/gi;

/** JSON text that a terminal can show: it means the same. */
export function escapeControls(lines: string): string {
  // This runs for every field of every line, and most have none.
  if (!RAW.test(lines)) return lines;
  return lines.replace(ALL_RAW, (found) => `\\u00${found.charCodeAt(0).toString(16)}`);
}

/** A JSON line for a printer that writes what is escaped in it: without control characters. */
export function replaceControls(line: string): string {
  return line.replace(
    ESCAPED,
    (_match, backslashes: string | undefined) => backslashes ?? '\ufffd',
  );
}
