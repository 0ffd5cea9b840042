const LABEL_VALUE_BYTES_MAX = 128;

/** C0 and C1 controls and the Unicode line breaks: legal in the format, but they tear apart what shows the value. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029]/gu;

/** Makes a value that a server sent fit for a label: printable, well-formed, at most 128 bytes of UTF-8, no split character. */
export function boundLabelValue(value: string): string {
  // A UTF-16 unit takes at least one byte, so nothing past this cut could stay.
  const printable = value
    .slice(0, LABEL_VALUE_BYTES_MAX)
    .toWellFormed()
    .replaceAll(UNPRINTABLE, ' ');
  const bytes = new Uint8Array(LABEL_VALUE_BYTES_MAX);
  return printable.slice(0, new TextEncoder().encodeInto(printable, bytes).read);
}
