import { expect, test, vi } from 'vitest';
import { createStdioBridge } from '../../../src/gateway/bridge-stdio.ts';

const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}';
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}';

function route() {
  const sent: string[] = [];
  return { sent, send: (text: string) => sent.push(text) > 0 };
}

test('while the gateway is there, lines go to it and answers come back', () => {
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

test('without a gateway the lines wait for the server itself, in order', async () => {
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

test('when the gateway goes away in mid-session, the client’s initialize is said again and its answer kept from the client', async () => {
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
