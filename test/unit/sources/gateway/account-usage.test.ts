import { expect, test } from 'vitest';
import type { MessageFacts } from '../../../../src/protocol/message-facts.ts';
import { createAccountant } from '../../../../src/sources/gateway/account-usage.ts';

const sizes = { requestBytes: 400, responseBytes: 4_000 };
const prices = {
  perCallUsd: 0.5,
  perThousandInputTokensUsd: 1,
  perThousandOutputTokensUsd: 10,
  tools: { free: { perCallUsd: 0, perThousandInputTokensUsd: 0, perThousandOutputTokensUsd: 0 } },
};

function request(method: string, target?: string): MessageFacts {
  return { id: '1', method, hasResult: false, isError: false, ...(target && { target }) };
}

function result(changes: Partial<MessageFacts> = {}): MessageFacts {
  return { id: '1', hasResult: true, isError: false, ...changes };
}

const estimated = { input: 100, output: 1_000, source: 'estimated' };
const resultMeta = { usage: { inputTokens: 1_000, outputTokens: 200 } };
const reported = { input: 1_000, output: 200, source: 'reported' };

test.each([
  [
    'a tool call is estimated',
    request('tools/call', 'read'),
    result(),
    { tokens: estimated, costUsd: 0.5 + 0.1 + 10 },
  ],
  [
    'what the server reports wins',
    request('tools/call', 'read'),
    result({ resultMeta }),
    { tokens: reported, costUsd: 0.5 + 1 + 2 },
  ],
  [
    'a failed tool costs as well',
    request('tools/call', 'read'),
    result({ isError: true, resultMeta }),
    { tokens: reported, costUsd: 3.5 },
  ],
  [
    'the price of a tool replaces that of the server',
    request('tools/call', 'free'),
    result(),
    { tokens: estimated, costUsd: 0 },
  ],
  [
    'asking for input is not charged per call',
    request('tools/call', 'read'),
    result({ resultType: 'input_required', resultMeta }),
    { tokens: reported, costUsd: 3 },
  ],
  [
    'another method has what is reported, without the price per call',
    request('prompts/get', 'free'),
    result({ resultMeta }),
    { tokens: reported, costUsd: 3 },
  ],
  ['another method is never estimated', request('tools/list'), result(), {}],
  [
    'a JSON-RPC error costs nothing',
    request('tools/call', 'read'),
    result({ hasResult: false, error: { code: -32603, message: '' } }),
    {},
  ],
  ['no answer costs nothing', request('tools/call', 'read'), undefined, {}],
])('%s', (_name, facts, answer, expected) => {
  const { tokens, costUsd } = createAccountant(prices)(facts, answer, sizes);
  expect(tokens).toEqual('tokens' in expected ? expected.tokens : undefined);
  if ('costUsd' in expected) expect(costUsd).toBeCloseTo(expected.costUsd, 10);
  else expect(costUsd).toBeUndefined();
});

test('without prices there are tokens and no cost', () => {
  expect(createAccountant(undefined)(request('tools/call', 'read'), result(), sizes)).toEqual({
    tokens: estimated,
  });
});

test('a tool named like a member of every object has the price of the server', () => {
  const account = createAccountant(prices);
  for (const name of ['__proto__', 'constructor', 'hasOwnProperty'])
    expect(account(request('tools/call', name), result(), sizes).costUsd).toBeCloseTo(10.6, 10);
});
