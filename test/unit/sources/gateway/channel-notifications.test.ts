import { expect, onTestFinished, test } from 'vitest';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import type { ChannelListener, OpenChannel } from '../../../../src/protocol/message-channel.ts';
import { CallTracker } from '../../../../src/sources/gateway/call-tracker.ts';
import { createChannelUpstream } from '../../../../src/sources/gateway/channel-upstream.ts';
import { createGateway } from '../../../../src/sources/gateway/create-gateway.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { failTest } from '../../../fakes/fail-test.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

interface Sent {
  readonly id: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly _meta?: { progressToken?: unknown } };
}

/** A gateway in front of one channel; the test says what the server sends. */
async function setUp() {
  const clock = createFakeClock();
  const sent: Sent[] = [];
  const records: CallRecord[] = [];
  let listener: ChannelListener | undefined;
  const emit = (message: object): void =>
    listener?.onMessage(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const open: OpenChannel = (opened) => {
    listener = opened;
    const send = (text: string): boolean => {
      const message = JSON.parse(text) as Sent;
      sent.push(message);
      if (message.method === 'initialize')
        setImmediate(() => emit({ id: message.id, result: { protocolVersion: '2025-11-25' } }));
      return true;
    };
    return Promise.resolve({ ok: true, channel: { send, close: () => Promise.resolve() } });
  };
  const createTracker = () =>
    new CallTracker({
      server: 'a',
      clock,
      hub: { publish: (fact) => void (fact.fact === 'call' && records.push(fact)) },
      newTraceId: () => '1'.repeat(32),
      newSpanId: () => '2'.repeat(16),
      sample: () => false,
      sessionIdleMs: 60_000,
      answerTimeoutMs: 60_000,
    });
  const gateway = createGateway({
    clock,
    edge: { admit: () => ({ ok: true, place: { enter: () => true, leave: () => undefined } }) },
    bodyBytesMax: 1_000_000,
    onFault: failTest,
    unknownServers: createTracker(),
    createTracker,
    createUpstream: (_spec, tracker) =>
      createChannelUpstream({
        clock,
        tracker,
        open,
        onFault: failTest,
        knownEra: () => undefined,
        sessionsMax: 5,
        idleMs: 60_000,
        answerTimeoutMs: 60_000,
        discoverTimeoutMs: 60_000,
      }),
  });
  gateway.apply([buildServer('a')]);
  const { port } = await gateway.listen('127.0.0.1', 0);
  onTestFinished(() => gateway.stop(0));
  const post = (message: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/a/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  return { post, emit, sent, records };
}

test('progress reaches the call whose token it has, and no other', async () => {
  const { post, emit, sent, records } = await setUp();
  const initialized = await post({
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25' },
  });
  await initialized.text();
  const session = { 'mcp-session-id': initialized.headers.get('mcp-session-id') ?? '' };
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
  const { post, emit, sent } = await setUp();
  const call = (id: number, meta: object = {}): Promise<Response> => {
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      ...meta,
    };
    return post(
      { id, method: 'tools/call', params: { name: 'x', arguments: {}, _meta: envelope } },
      {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'x',
      },
    );
  };
  const calls = [call(1), call(2, { 'io.modelcontextprotocol/logLevel': 'info' })];
  await expect.poll(() => sent.length).toBe(2);
  emit({ method: 'notifications/message', params: { level: 'info', data: 'hello' } });
  for (const { id } of sent) emit({ id, result: {} });
  const [first, second] = await Promise.all(calls.map(async (each) => (await each).text()));
  expect(first).not.toContain('hello');
  expect(second).toContain('hello');
});
