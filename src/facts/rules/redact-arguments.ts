/** Parts of argument names whose values are never logged; compared without case and punctuation. */
export const SECRET_NAMES = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'authorization',
  'bearer',
  'apikey',
  'accesskey',
  'privatekey',
  'credential',
  'cookie',
] as const;

export interface RedactOptions {
  /** Replaces `SECRET_NAMES`. */
  readonly secretNames?: readonly string[];
  /** Maximum length of the text; the rest is cut off. */
  readonly charsMax?: number;
}

const MASK = '"***"';
const CHARS_MAX = 2_048;
const DEPTH_MAX = 16;
/** Of a longer name, only this many characters at the beginning are compared. */
const NAME_CHARS_MAX = 256;

/**
 * The arguments of a tool call as JSON text for the audit log. A value under a secret's name is masked as a whole, whatever
 * its type; rather too much than too little: `max_tokens` is masked too. Nothing is written beyond the cut.
 * @param value as `JSON.parse` returned it
 * @returns text that ends in `…` if it was cut, and then is no longer valid JSON; `undefined` for no arguments
 */
export function redactArguments(
  value: unknown,
  { secretNames = SECRET_NAMES, charsMax = CHARS_MAX }: RedactOptions = {},
): string | undefined {
  if (value === undefined) return undefined;
  const secrets = secretNames.map(plainName);
  let text = '';

  function isSecret(name: string): boolean {
    const plain = plainName(name);
    return secrets.some((secret) => plain.includes(secret));
  }

  function isFull(): boolean {
    return text.length > charsMax;
  }

  function writeObject(object: object, depth: number): void {
    text += '{';
    let separator = '';
    for (const [name, entry] of Object.entries(object)) {
      if (isFull()) return;
      text += `${separator}${quote(name, charsMax)}:`;
      if (isSecret(name)) text += MASK;
      else write(entry, depth + 1);
      separator = ',';
    }
    text += '}';
  }

  function writeList(list: readonly unknown[], depth: number): void {
    text += '[';
    let separator = '';
    for (const entry of list) {
      if (isFull()) return;
      text += separator;
      write(entry, depth + 1);
      separator = ',';
    }
    text += ']';
  }

  function write(entry: unknown, depth: number): void {
    if (typeof entry === 'string') text += quote(entry, charsMax);
    else if (typeof entry !== 'object' || entry === null) text += String(entry);
    else if (depth >= DEPTH_MAX) text += '"…"';
    else if (Array.isArray(entry)) writeList(entry, depth);
    else writeObject(entry, depth);
  }

  write(value, 0);
  return isFull() ? `${text.slice(0, charsMax).toWellFormed()}…` : text;
}

/** `API-Key` and `api_key` are one name. */
function plainName(name: string): string {
  return name
    .slice(0, NAME_CHARS_MAX)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function quote(text: string, charsMax: number): string {
  return JSON.stringify(text.length > charsMax ? text.slice(0, charsMax) : text);
}
