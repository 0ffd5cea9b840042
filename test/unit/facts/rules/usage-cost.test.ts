import { expect, test } from 'vitest';
import { costUsdOf, priceOf } from '../../../../src/facts/rules/usage-cost.ts';

const prices = {
  perCallUsd: 0.01,
  perThousandInputTokensUsd: 1,
  tools: { search: { perCallUsd: 0, perThousandOutputTokensUsd: 2 } },
};

test("a tool's price replaces that of the server one by one", () => {
  expect(priceOf(prices, 'search')).toEqual({
    perCallUsd: 0,
    perThousandInputTokensUsd: 1,
    perThousandOutputTokensUsd: 2,
  });
});

test.each([undefined, 'other', '__proto__', 'constructor', 'toString'])(
  'the tool %s has the price of the server',
  (tool) => {
    expect(priceOf(prices, tool)).toEqual({ perCallUsd: 0.01, perThousandInputTokensUsd: 1 });
  },
);

test.each([
  ['a call', { isCall: true }, 0.01],
  ['a call with tokens', { isCall: true, tokens: { input: 500, output: 100 } }, 0.51],
  ['tokens alone', { isCall: false, tokens: { input: 500, output: 100 } }, 0.5],
  ['nothing', { isCall: false }, 0],
])('%s costs', (_name, charge, expected) => {
  expect(costUsdOf(priceOf(prices, undefined), charge)).toBeCloseTo(expected, 10);
});

test('without prices nothing costs anything', () => {
  expect(costUsdOf({}, { isCall: true, tokens: { input: 1e6, output: 1e6 } })).toBe(0);
});
