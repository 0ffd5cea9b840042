import { expect, test, vi } from 'vitest';
import { createStdioBridge } from '../../../src/cli/bridge-stdio.ts';

const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}';
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}';

function route() {
  const sent: string[] = [];
  return { sent, send: (text: string) => sent.push(text) > 0 };
}

test('lines go to the gateway while it is reachable, and answers come back', () => {
  const gateway = route();
  const toClient = vi.fn<(text: string) => void>();
  const bridge = createStdioBridge(gateway, { toClient, openDirect: async () => undefined });
  bridge.fromClient(CALL);
  expect(gateway.sent).toEqual([CALL]);
  expect(bridge.pending()).toBe(1);
  bridge.fromServer('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(toClient).toHaveBeenCalledOnce();
  expect(bridge.pending()).toBe(0);
});

test('without a gateway, lines wait for the server itself and keep their order', async () => {
  const direct = route();
  const bridge = createStdioBridge(undefined, {
    toClient: () => undefined,
    openDirect: async () => direct,
  });
  bridge.fromClient(INITIALIZE);
  bridge.fromClient(CALL);
  await Promise.resolve();
  await Promise.resolve();
  expect(direct.sent).toEqual([INITIALIZE, CALL]);
});

test('when the gateway goes away during a session, the client’s initialize is sent again and its answer is kept from the client', async () => {
  const gateway = route();
  const direct = route();
  const toClient = vi.fn<(text: string) => void>();
  const bridge = createStdioBridge(gateway, { toClient, openDirect: async () => direct });
  bridge.fromClient(INITIALIZE);
  bridge.fromServer('{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}');
  bridge.fromClient('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  toClient.mockClear();
  bridge.fromClient(CALL);
  bridge.onUndelivered(CALL);
  await Promise.resolve();
  await Promise.resolve();
  expect(direct.sent.map((text) => JSON.parse(text) as object)).toEqual([
    expect.objectContaining({ method: 'initialize', id: 'mcp-exporter-replay' }),
  ]);
  bridge.fromServer('{"jsonrpc":"2.0","id":"mcp-exporter-replay","result":{}}');
  expect(toClient).not.toHaveBeenCalled();
  expect(direct.sent.slice(1)).toEqual([
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    CALL,
  ]);
});

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** A bridge whose session is open at the gateway. */
function openSession() {
  const gateway = route();
  const direct = route();
  const heard: string[] = [];
  const onReplayRefused = vi.fn<(message: string) => void>();
  const bridge = createStdioBridge(gateway, {
    toClient: (text) => heard.push(text),
    openDirect: async () => direct,
    onReplayRefused,
  });
  bridge.fromClient(INITIALIZE);
  bridge.fromServer('{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}');
  bridge.fromClient(INITIALIZED);
  heard.length = 0;
  return { gateway, direct, heard, bridge, onReplayRefused };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

const REPLAYED = '{"jsonrpc":"2.0","id":"mcp-exporter-replay","result":{}}';

test('several messages that were not delivered switch over once and keep their order', async () => {
  const { direct, bridge } = openSession();
  const calls = [1, 2, 3].map((id) => CALL.replace('"id":1', `"id":${id}`));
  for (const call of calls) bridge.fromClient(call);
  bridge.onUndelivered(calls[0] ?? '');
  await settle();
  bridge.fromClient('{"jsonrpc":"2.0","id":4,"method":"ping"}');
  bridge.onUndelivered(calls[1] ?? '');
  bridge.fromServer(REPLAYED);
  bridge.onUndelivered(calls[2] ?? '');
  expect(direct.sent.map((text) => (JSON.parse(text) as { method: string }).method)).toEqual([
    'initialize',
    'notifications/initialized',
    'tools/call',
    'tools/call',
    'ping',
    'tools/call',
  ]);
});

test('the client’s initialized notification is not sent twice if it is still being delivered', async () => {
  const { direct, bridge } = openSession();
  bridge.onUndelivered(INITIALIZED);
  await settle();
  bridge.fromServer(REPLAYED);
  expect(direct.sent.slice(1)).toEqual([INITIALIZED]);
});

test('the log level and the subscriptions follow the session, and their answers are kept from the client', async () => {
  const { direct, heard, bridge } = openSession();
  bridge.fromClient(
    '{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}',
  );
  bridge.fromServer('{"jsonrpc":"2.0","id":1,"result":{}}');
  heard.length = 0;
  bridge.fromClient(CALL.replace('"id":1', '"id":2'));
  bridge.onUndelivered(CALL.replace('"id":1', '"id":2'));
  await settle();
  bridge.fromServer(REPLAYED);
  const level = JSON.parse(direct.sent[2] ?? '') as { id: string; params: object };
  expect(level).toMatchObject({ method: 'logging/setLevel', params: { level: 'debug' } });
  bridge.fromServer(JSON.stringify({ jsonrpc: '2.0', id: level.id, result: {} }));
  expect(heard).toEqual([]);
});

test('a server that refuses the session is reported to the caller of the bridge', async () => {
  const { bridge, onReplayRefused } = openSession();
  bridge.onUndelivered(CALL);
  await settle();
  bridge.fromServer(
    '{"jsonrpc":"2.0","id":"mcp-exporter-replay","error":{"code":1,"message":"no"}}',
  );
  expect(onReplayRefused).toHaveBeenCalledWith('no');
});

test('a request of the gateway’s session is cancelled, and its answer is kept from the new server', async () => {
  const { direct, heard, bridge } = openSession();
  bridge.fromServer('{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage"}');
  bridge.onUndelivered(CALL);
  await settle();
  expect(heard.map((text) => JSON.parse(text) as object)).toContainEqual(
    expect.objectContaining({
      method: 'notifications/cancelled',
      params: { requestId: 'q', reason: 'the connection was lost' },
    }),
  );
  bridge.fromServer(REPLAYED);
  bridge.fromClient('{"jsonrpc":"2.0","id":"q","result":{"role":"assistant"}}');
  expect(direct.sent.join()).not.toContain('assistant');
});

test('a line that is not JSON is answered in front of the gateway, and passed on to a child', async () => {
  const { gateway, direct, heard, bridge } = openSession();
  const sent = gateway.sent.length;
  bridge.fromClient('no JSON');
  expect(JSON.parse(heard[0] ?? '')).toMatchObject({ id: null, error: { code: -32_700 } });
  expect(gateway.sent).toHaveLength(sent);
  bridge.onUndelivered(CALL);
  await settle();
  bridge.fromServer(REPLAYED);
  bridge.fromClient('no JSON');
  expect(direct.sent.at(-1)).toBe('no JSON');
});

test('a request that the server does not take is answered with an error', () => {
  const heard: string[] = [];
  const bridge = createStdioBridge(
    { send: () => false },
    { toClient: (text) => heard.push(text), openDirect: async () => undefined },
  );
  bridge.fromClient(CALL);
  expect(JSON.parse(heard[0] ?? '')).toMatchObject({ id: 1, error: { code: -32_045 } });
  expect(bridge.pending()).toBe(0);
});

test('the number of messages held while the server is being opened is limited', () => {
  const heard: string[] = [];
  const bridge = createStdioBridge(undefined, {
    toClient: (text) => heard.push(text),
    openDirect: () => new Promise(() => undefined),
  });
  for (let id = 0; id < 1_001; id += 1)
    bridge.fromClient(JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' }));
  expect(heard.map((text) => (JSON.parse(text) as { id: number }).id)).toEqual([1_000]);
});

test.each([
  ['an answer', '{"jsonrpc":"2.0","id":1,"result":{}}', 'server', 0],
  ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}', 'server', 0],
  ['a notification', '{"jsonrpc":"2.0","method":"notifications/message"}', 'server', 1],
  [
    'a cancellation',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
    'client',
    0,
  ],
  [
    'a subscription, which never ends by itself',
    '{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen"}',
    'client',
    1,
  ],
])('the number of waiting requests is right after %s', (_name, text, from, waiting) => {
  const bridge = createStdioBridge(route(), {
    toClient: () => undefined,
    openDirect: async () => undefined,
  });
  bridge.fromClient(CALL);
  if (from === 'server') bridge.fromServer(text);
  else bridge.fromClient(text);
  expect(bridge.pending()).toBe(waiting);
});

test('the bridge is idle at once without requests, and else with the last answer', async () => {
  const bridge = createStdioBridge(route(), {
    toClient: () => undefined,
    openDirect: async () => undefined,
  });
  await bridge.whenIdle();
  bridge.fromClient(CALL);
  let isIdle = false;
  const idle = bridge.whenIdle().then(() => {
    isIdle = true;
  });
  await settle();
  expect(isIdle).toBe(false);
  bridge.fromServer('{"jsonrpc":"2.0","id":1,"result":{}}');
  await idle;
  expect(isIdle).toBe(true);
});
