import { expect, onTestFinished, test } from 'vitest';
import { createChannelUpstream } from '../../../../src/sources/gateway/channel-upstream.ts';
import { createGateway } from '../../../../src/sources/gateway/create-gateway.ts';
import type { OpenChannel } from '../../../../src/protocol/message-channel.ts';
import { createAccountant } from '../../../../src/sources/gateway/account-usage.ts';
import { buildTracker } from '../../../fakes/build-tracker.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { failTest } from '../../../fakes/fail-test.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

const IDLE_MS = 60_000;
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A gateway in front of channels that answer each request at once, but for the tool `never`. */
async function setUp() {
  const clock = createFakeClock();
  const counted = { opened: 0, closed: 0 };
  const open: OpenChannel = async (listener) => {
    counted.opened += 1;
    return {
      ok: true,
      channel: {
        send(text) {
          const { id, params } = JSON.parse(text) as { id: number; params: { name: string } };
          const answer = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } });
          if (params.name !== 'never') setImmediate(() => listener.onMessage(answer));
          return true;
        },
        async close() {
          counted.closed += 1;
        },
      },
    };
  };
  const createTracker = () =>
    buildTracker({
      clock,
      sessionIdleMs: IDLE_MS,
      answerTimeoutMs: 10 * IDLE_MS,
      account: createAccountant(undefined),
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
        knownEra: () => 'modern',
        assumedEra: () => 'modern',
        onFault: failTest,
        sessionsMax: 5,
        idleMs: IDLE_MS,
        answerTimeoutMs: 10 * IDLE_MS,
        discoverTimeoutMs: 10 * IDLE_MS,
      }),
  });
  gateway.apply([buildServer('a')]);
  const { port } = await gateway.listen('127.0.0.1', 0);
  onTestFinished(() => gateway.stop(0));
  const call = (name: string, signal?: AbortSignal) =>
    fetch(`http://127.0.0.1:${port}/a/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': name,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name, arguments: {}, _meta: ENVELOPE },
      }),
      ...(signal && { signal }),
    });
  return { clock, counted, gateway, call };
}

test('a shared channel that nobody uses is closed after the idle time, and a new one opened when it is needed', async () => {
  const { clock, counted, call } = await setUp();

  await (await call('echo')).text();
  await clock.advance(IDLE_MS - 10_000);
  await (await call('echo')).text();
  await clock.advance(IDLE_MS - 10_000);
  expect(counted).toEqual({ opened: 1, closed: 0 });
  await clock.advance(20_000);
  expect(counted).toEqual({ opened: 1, closed: 1 });

  expect((await call('echo')).status).toBe(200);
  expect(counted.opened).toBe(2);
});

test('a shared channel with a call in flight is not idle, however long that takes', async () => {
  const { clock, counted, gateway, call } = await setUp();
  const ending = new AbortController();
  const inFlight = () => gateway.load().reduce((sum, load) => sum + load.inFlight, 0);
  const answer = call('never', ending.signal).catch(() => 'aborted');
  await expect.poll(inFlight).toBe(1);

  await clock.advance(3 * IDLE_MS);
  expect(counted.closed).toBe(0);
  ending.abort();
  expect(await answer).toBe('aborted');
  await expect.poll(inFlight).toBe(0);
  await clock.advance(IDLE_MS + 10_000);

  expect(counted.closed).toBe(1);
});

test('a stop waits for calls in flight, and ends with the last of them', async () => {
  const { clock, gateway, call } = await setUp();
  const ending = new AbortController();
  const inFlight = () => gateway.load().reduce((sum, load) => sum + load.inFlight, 0);
  const answer = call('never', ending.signal).catch(() => 'aborted');
  await expect.poll(inFlight).toBe(1);

  let isStopped = false;
  const stopped = gateway.stop(60_000).then(() => {
    isStopped = true;
  });
  await clock.advance(1_000);
  expect(isStopped).toBe(false);
  ending.abort();
  expect(await answer).toBe('aborted');
  await stopped;
});
