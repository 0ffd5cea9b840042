import { expect, test } from 'vitest';
import { estimateTokens, readTokenUsage } from '../../../../src/facts/rules/token-usage.ts';

test.each([
  ['camel case', { usage: { inputTokens: 3, outputTokens: 5 } }],
  ['snake case', { usage: { input_tokens: 3, output_tokens: 5 } }],
  ['chat completions', { usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 } }],
  ['camel case of the same', { usage: { promptTokens: 3, completionTokens: 5 } }],
  ['usage metadata', { usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 5 } }],
  [
    'usage metadata in snake case',
    { usage_metadata: { prompt_token_count: 3, candidates_token_count: 5 } },
  ],
  ['token usage', { token_usage: { input: 3, output: 5 } }],
  ['tokens', { tokens: { input: 3, output: 5 } }],
  [
    'a prefix of the protocol',
    { 'io.modelcontextprotocol/usage': { inputTokens: 3, outputTokens: 5 } },
  ],
  ['a prefix of a vendor', { 'com.example/tokenUsage': { inputTokens: 3, outputTokens: 5 } }],
  ['OpenTelemetry', { 'gen_ai.usage.input_tokens': 3, 'gen_ai.usage.output_tokens': 5 }],
  ['no container', { input_tokens: 3, output_tokens: 5 }],
  ['tokens in and out', { tokens_in: 3, tokensOut: 5 }],
  ['input and total', { usage: { input_tokens: 3, total_tokens: 8 } }],
  ['output and total', { usage: { output_tokens: 5, total_tokens: 8 } }],
  [
    'other things beside it',
    { progressToken: 1, model: 'x', usage: { inputTokens: 3, outputTokens: 5, cost: 1 } },
  ],
])('reads tokens in this spelling: %s', (_name, meta) => {
  expect(readTokenUsage(meta)).toEqual({ input: 3, output: 5 });
});

test.each([
  ['a total alone is output', { usage: { total_tokens: 8 } }, { input: 0, output: 8 }],
  ['a plain number of tokens is output', { tokens: 8 }, { input: 0, output: 8 }],
  ['a half is enough', { usage: { inputTokens: 3 } }, { input: 3, output: 0 }],
  ['zero is a report', { usage: { inputTokens: 0, outputTokens: 0 } }, { input: 0, output: 0 }],
  [
    'a total smaller than its part adds nothing',
    { usage: { inputTokens: 9, totalTokens: 3 } },
    { input: 9, output: 0 },
  ],
  [
    'fractions are rounded',
    { usage: { inputTokens: 2.6, outputTokens: 1 } },
    { input: 3, output: 1 },
  ],
])('%s', (_name, meta, expected) => {
  expect(readTokenUsage(meta)).toEqual(expected);
});

test.each([
  ['nothing', undefined],
  ['an empty object', {}],
  ['texts', { usage: { inputTokens: '3', outputTokens: '5' } }],
  ['negative numbers', { usage: { inputTokens: -3 } }],
  ['infinity', { usage: { inputTokens: Number.POSITIVE_INFINITY } }],
  ['not a number', { usage: { inputTokens: Number.NaN } }],
  ['absurd numbers', { usage: { inputTokens: 1e18 } }],
  ['a list', { usage: [3, 5] }],
  ['null', { usage: null }],
  ['an unrelated input', { input: 3, output: 5 }],
  ['a progress token', { progressToken: 7 }],
])('%s is no report', (_name, meta) => {
  expect(readTokenUsage(meta)).toBeUndefined();
});

test('a thousand keys before it hide a report, which bounds the work', () => {
  const filler = Object.fromEntries(Array.from({ length: 1_000 }, (_, key) => [`k${key}`, key]));
  expect(readTokenUsage({ ...filler, usage: { inputTokens: 3 } })).toBeUndefined();
});

test('an estimate is a quarter of the bytes, rounded up', () => {
  expect(estimateTokens({ requestBytes: 9, responseBytes: 400 })).toEqual({
    input: 3,
    output: 100,
  });
});
