import { expect, test } from 'vitest';
import { startChannelGateway } from '../../../fakes/start-channel-gateway.ts';

test('progress reaches the call whose token it has, and no other', async () => {
  const { post, initialize, emit, sent, records } = await startChannelGateway();
  const session = await initialize();
  const call = (id: number, progressToken: unknown): Promise<Response> =>
    post({ id, method: 'tools/call', params: { name: 'x', _meta: { progressToken } } }, session);
  const calls = [call(1, 'one'), call(2, 2)];
  await expect.poll(() => sent.length).toBe(3);
  emit({ method: 'notifications/progress', params: { progressToken: 2, progress: 1 } });
  for (const id of [1, 2]) emit({ id, result: {} });
  const [first, second] = await Promise.all(calls.map(async (each) => (await each).text()));
  expect(first).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(second).toContain('"progressToken":2');
  expect(second).toContain('"id":2');
  expect(records.map(({ requestId, progressCount }) => [requestId, progressCount])).toEqual([
    ['0', 0],
    ['1', 0],
    ['2', 1],
  ]);
});

test('a log message of a shared server reaches the one request that asked for it', async () => {
  const { postModern, emit, sent } = await startChannelGateway();
  const call = (id: number, meta: object = {}): Promise<Response> =>
    postModern(id, 'tools/call', { name: 'x', arguments: {} }, meta);
  const calls = [call(1), call(2, { 'io.modelcontextprotocol/logLevel': 'info' })];
  await expect.poll(() => sent.length).toBe(2);
  emit({ method: 'notifications/message', params: { level: 'info', data: 'hello' } });
  for (const { id } of sent) emit({ id, result: {} });
  const [first, second] = await Promise.all(calls.map(async (each) => (await each).text()));
  expect(first).not.toContain('hello');
  expect(second).toContain('hello');
});
