import { hashText } from './hash-text.ts';

/** Of a longer message, only the beginning identifies the error. */
const MESSAGE_CHARS_MAX = 1_024;
const PATTERN_CHARS_MAX = 300;

/**
 * What differs between two messages of the same error, with its placeholder; in this order, since a UUID contains numbers.
 * Quantifiers are bounded or followed by what they cannot match, so that each expression takes linear time.
 */
const VARIABLE_PARTS: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, '<uuid>'],
  [/\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s"'`<>()]{1,1000}/gi, '<url>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<time>'],
  // An apostrophe within a word does not begin a quotation.
  [/"[^"\n]{0,1000}"|`[^`\n]{0,1000}`|(?<![\p{L}\d])'[^'\n]{0,1000}'(?![\p{L}\d])/gu, '<text>'],
  [/(?<![\w.<])(?:[a-z]:)?(?:[\\/][\w.@+~-]{1,255}){2,64}[\\/]?/gi, '<path>'],
  [/(?<![\w.])\/[\w.@+~-]{1,255}(?![\w<])/g, '<path>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<address>'],
  [/\b0x[\da-f]+\b/gi, '<id>'],
  // Hashes and ids: letters and digits mixed, or long hexadecimal.
  [/\b(?=[\da-z_-]{0,100}\d)(?=[\da-z_-]{0,100}[a-z])[\da-z_-]{12,100}\b/gi, '<id>'],
  [/\b[\da-f]{16,128}\b/gi, '<id>'],
  [/[+-]?(?<![\p{L}\d_])\d[\d_,]*(?:\.\d+)?(?:e[+-]?\d{1,3})?/giu, '<n>'],
  // What is left: digits at the end of a name, unless they are so few that they belong to it, such as `utf8`.
  [/\d{3,}/g, '<n>'],
  [/\s+/g, ' '],
];

/** An error, as far as it identifies its group. */
export interface ErrorIdentity {
  readonly server: string;
  /** JSON-RPC method. */
  readonly operation: string;
  /** Tool or prompt name; not of resources, whose addresses differ from call to call. */
  readonly target?: string | undefined;
  readonly outcome: string;
  readonly errorType: string;
  readonly rpcCode?: number | undefined;
}

/** The message without numbers, ids, times, paths, addresses and quoted texts, so that it is the same for the same error. */
export function errorPattern(message: string): string {
  let pattern = message.slice(0, MESSAGE_CHARS_MAX);
  for (const [part, placeholder] of VARIABLE_PARTS) pattern = pattern.replace(part, placeholder);
  return pattern.trim().slice(0, PATTERN_CHARS_MAX).toWellFormed();
}

/**
 * Identifies the group of an error: calls to the same tool that failed alike.
 *
 * @param pattern of its message, by `errorPattern`
 * @returns 16 hexadecimal digits
 */
export function errorFingerprint(error: ErrorIdentity, pattern: string): string {
  const { server, operation, target, outcome, errorType, rpcCode } = error;
  const identity = JSON.stringify([
    server,
    operation,
    target,
    outcome,
    errorType,
    rpcCode,
    pattern,
  ]);
  return [1, 2].map((seed) => hashText(identity, seed).toString(16).padStart(8, '0')).join('');
}
