/** Longer strings are not looked through for characters that JSON escapes. */
const EXACT_CHARS_MAX = 8_192;
/** Short strings, such as names, are looked through here, which is faster than making their JSON text. */
const PLAIN_CHARS_MAX = 256;

/**
 * The size of a value as JSON text in UTF-8, without making the text: messages can be megabytes, and the SDK writes them anyway.
 * Of strings of more than 8,192 characters, escapes (such as that of a line break) are not counted.
 */
export function jsonBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return stringBytes(value);
    case 'number':
      return Number.isFinite(value) ? String(value).length : 4;
    case 'boolean':
      return value ? 4 : 5;
    case 'object':
      return value === null ? 4 : objectBytes(value);
    default:
      return 4;
  }
}

function objectBytes(value: object): number {
  if ('toJSON' in value && typeof value.toJSON === 'function') return jsonBytes(value.toJSON());
  if (Array.isArray(value)) {
    let bytes = 1 + Math.max(1, value.length);
    for (const each of value) bytes += jsonBytes(each);
    return bytes;
  }
  let bytes = 0;
  let count = 0;
  for (const name of Object.keys(value)) {
    const each = (value as Readonly<Record<string, unknown>>)[name];
    if (each === undefined || typeof each === 'function' || typeof each === 'symbol') continue;
    bytes += stringBytes(name) + 1 + jsonBytes(each);
    count += 1;
  }
  return bytes + 1 + Math.max(1, count);
}

function stringBytes(text: string): number {
  if (text.length > EXACT_CHARS_MAX) return Buffer.byteLength(text) + 2;
  const isPlain = text.length <= PLAIN_CHARS_MAX && isPlainText(text);
  return isPlain ? text.length + 2 : Buffer.byteLength(JSON.stringify(text));
}

/** Whether each character is one byte of JSON. */
function isPlainText(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return false;
  }
  return true;
}
