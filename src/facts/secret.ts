const MASK = '***';
const NODE_INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** A value that prints as a mask wherever it is logged, serialised or interpolated; only `reveal()` returns it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [NODE_INSPECT](): string {
    return MASK;
  }
}

/**
 * Replaces every occurrence of a secret in `text` with a mask: error messages from libraries may quote a URL or a header.
 * Values shorter than four characters are left as they are, because masking them would make any text unreadable.
 */
export function redact(text: string, secrets: readonly Secret[]): string {
  let redacted = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 4) continue;
    redacted = redacted.replaceAll(value, MASK);
    const encoded = encodeURIComponent(value);
    if (encoded !== value) redacted = redacted.replaceAll(encoded, MASK);
  }
  return redacted;
}
