import { type JsonObject, jsonObjectOf } from '../json-object.ts';

/**
 * Token counts that servers put into `_meta` of a result. There is no standard: these are the spellings in use, from the
 * APIs that servers pass on (camel and snake case alike, so `inputTokens` covers `input_tokens` too).
 */
const CONTAINERS: ReadonlySet<string> = new Set(['usage', 'tokenusage', 'usagemetadata', 'tokens']);
const INPUT_NAMES: ReadonlySet<string> = new Set([
  'inputtokens',
  'prompttokens',
  'inputtokencount',
  'prompttokencount',
  'tokensin',
  'genai.usage.inputtokens',
]);
const OUTPUT_NAMES: ReadonlySet<string> = new Set([
  'outputtokens',
  'completiontokens',
  'outputtokencount',
  'candidatestokencount',
  'responsetokencount',
  'tokensout',
  'genai.usage.outputtokens',
]);
const TOTAL_NAMES: ReadonlySet<string> = new Set(['totaltokens', 'totaltokencount', 'tokens']);

/** More than this in one call is ignored as nonsense; a counter must never reach infinity. */
const TOKENS_MAX = 1e9;
/** How many keys of `_meta` are examined; servers control its size. */
const KEYS_MAX = 64;

export interface TokenCounts {
  readonly input: number;
  readonly output: number;
}

interface ReportedCounts {
  input?: number;
  output?: number;
  total?: number;
}

/**
 * Reported tokens of a result: from a container (`usage`, `tokenUsage`, `usageMetadata`, `tokens`; also behind a prefix,
 * as in `com.example/usage`), else from `_meta` itself. A total without its parts counts as output, which is what the
 * caller receives.
 * @param meta `_meta` of the result
 * @returns `undefined` if there is nothing usable
 */
export function readTokenUsage(meta: JsonObject | undefined): TokenCounts | undefined {
  if (!meta) return undefined;
  let seen = 0;
  for (const key in meta) {
    if ((seen += 1) > KEYS_MAX) break;
    const container = jsonObjectOf(meta[key]);
    if (!container || !CONTAINERS.has(plain(key.slice(key.lastIndexOf('/') + 1)))) continue;
    const counts = settle(findCounts(container, true));
    if (counts) return counts;
  }
  return settle(findCounts(meta, false));
}

/** About four bytes per token, which holds for English text and JSON; good enough to compare tools. */
export function estimateTokens(sizes: {
  readonly requestBytes: number;
  readonly responseBytes: number;
}): TokenCounts {
  return {
    input: Math.ceil(sizes.requestBytes / 4),
    output: Math.ceil(sizes.responseBytes / 4),
  };
}

function findCounts(bag: JsonObject, isContainer: boolean): ReportedCounts {
  const found: ReportedCounts = {};
  let seen = 0;
  for (const key in bag) {
    if ((seen += 1) > KEYS_MAX) break;
    const value = bag[key];
    if (typeof value !== 'number' || !(value >= 0 && value <= TOKENS_MAX)) continue;
    const name = plain(key.slice(key.lastIndexOf('/') + 1));
    if (INPUT_NAMES.has(name) || (isContainer && (name === 'input' || name === 'prompt')))
      found.input ??= value;
    else if (
      OUTPUT_NAMES.has(name) ||
      (isContainer && (name === 'output' || name === 'completion'))
    )
      found.output ??= value;
    else if (TOTAL_NAMES.has(name) || (isContainer && name === 'total')) found.total ??= value;
  }
  return found;
}

function settle({ input, output, total }: ReportedCounts): TokenCounts | undefined {
  if (input === undefined && output === undefined && total === undefined) return undefined;
  const whole = total ?? 0;
  return {
    input: Math.round(input ?? (output === undefined ? 0 : Math.max(0, whole - output))),
    output: Math.round(output ?? Math.max(0, whole - (input ?? 0))),
  };
}

function plain(key: string): string {
  return key.length > 64 ? '' : key.replaceAll(/[_-]/g, '').toLowerCase();
}
