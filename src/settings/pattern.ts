import { createRequire } from 'node:module';
import type * as re2js from 're2js';

const BACK_REFERENCE = /\\(?:[1-9]|k<)/;
const UNSUPPORTED: readonly (readonly [pattern: RegExp, what: string])[] = [
  [BACK_REFERENCE, 'back-references'],
  [/\(\?[=!]/, 'lookahead'],
  [/\{\d{4,}|\{\d*,\d{4,}/, 'repetitions of more than 1000 times'],
];

/**
 * Why a text is no regular expression that can be matched in linear time, as the end of "matches …"; `undefined` if it is one.
 * Written as in JavaScript, but matched by RE2: JavaScript's own engine needs exponential time for `^(a+)+$`.
 */
export function whyNoPattern(source: string): string | undefined {
  const mistake = mistakeOf(() => new RegExp(source));
  if (mistake !== undefined) return 'must be a regular expression (JavaScript)';
  // `\k` is no mistake to the library, but means nothing.
  const refused = BACK_REFERENCE.test(source) ? 'back-reference' : mistakeOf(() => compile(source));
  if (refused === undefined) return undefined;
  const what = UNSUPPORTED.find(([pattern]) => pattern.test(source))?.[1];
  return what === undefined
    ? `must be a regular expression that RE2 supports: ${refused}`
    : `must be a regular expression without ${what}, which cannot be matched in linear time`;
}

/** Loaded only for a configuration that has one: it takes longer to load than the rest of the settings. */
function compile(source: string): unknown {
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof re2js;
  return RE2JS.compile(RE2JS.translateRegExp(source), RE2JS.LOOKBEHINDS);
}

function mistakeOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace('error parsing regexp: ', '') : '';
  }
}
