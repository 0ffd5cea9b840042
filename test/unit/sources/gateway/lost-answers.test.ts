import { expect, test } from 'vitest';
import { startChannelGateway } from '../../../fakes/start-channel-gateway.ts';

// Goal: a request whose answer is too large for a bridge gets an error at once, and no other request does.

const LOST = { refusal: 'message_too_large', detail: 'the limit is 64 MiB' } as const;
const CALL = { name: 'x', arguments: {} };

async function callTwice(kind: 'own' | 'shared') {
  const started = await startChannelGateway();
  const { post, postModern, initialize, sent } = started;
  const session = kind === 'own' ? await initialize() : {};
  const call = (id: number): Promise<Response> =>
    kind === 'own'
      ? post({ id, method: 'tools/call', params: CALL }, session)
      : postModern(id, 'tools/call', CALL);
  const opened = sent.length;
  const first = call(1);
  await expect.poll(() => sent.length).toBe(opened + 1);
  const second = call(2);
  await expect.poll(() => sent.length).toBe(opened + 2);
  const [firstId, secondId] = sent.slice(opened).map(({ id }) => id);
  return { ...started, first, second, firstId, secondId };
}

test.each(['own', 'shared'] as const)(
  'with a child of its %s kind a lost answer is an error of its request alone',
  async (kind) => {
    const { first, second, firstId, secondId, lose, emit, records } = await callTwice(kind);
    lose({ id: String(firstId), ...LOST });
    expect(await (await first).json()).toMatchObject({
      id: 1,
      error: { code: -32060, message: expect.stringContaining('64 MiB') as string },
    });
    emit({ id: secondId, result: {} });
    expect(await (await second).json()).toEqual({ jsonrpc: '2.0', id: 2, result: {} });
    const calls = records.filter(({ operation }) => operation === 'tools/call');
    expect(calls).toMatchObject([
      { outcome: 'transport_error', errorType: 'invalid_response', status: 502 },
      { outcome: 'success' },
    ]);
  },
);

test.each(['own', 'shared'] as const)(
  'with a child of its %s kind a lost answer without an id is for the only request that waits',
  async (kind) => {
    const { first, second, firstId, lose, emit, records } = await callTwice(kind);
    const count = records.length;
    lose({ id: undefined, ...LOST });
    expect(records.length).toBe(count);
    emit({ id: firstId, result: {} });
    await (await first).text();
    lose({ id: undefined, ...LOST });
    expect(await (await second).json()).toMatchObject({ id: 2, error: { code: -32060 } });
  },
);
