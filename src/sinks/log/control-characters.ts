/** DEL and C1, which JSON does not escape though terminals act on them; not the line feeds between lines. */
const RAW = /(?![\t\n])\p{Cc}/gu;
/** Escapes in JSON text of control characters other than tab and line feed. A pair of backslashes is skipped. */
const ESCAPED = /(\\\\)|\\(?:[bfr]|u00(?:0[0-8b-f]|1[0-9a-f]|7f|[89][0-9a-f]))/gi;

/** JSON text that a terminal can show: it means the same. */
export function escapeControls(lines: string): string {
  return lines.replace(
    RAW,
    (character) => `\\u00${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** A JSON line for a printer that writes what is escaped in it: without control characters. */
export function replaceControls(line: string): string {
  return line.replace(
    ESCAPED,
    (_match, backslashes: string | undefined) => backslashes ?? '\ufffd',
  );
}
