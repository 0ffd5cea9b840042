import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { CallRecord } from '../../../src/facts/call-record.ts';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import { applyLoad } from './support/apply-load.ts';
import { call, renderAnswer, renderPost, result } from './support/post-message.ts';
import type { RawMessage } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.ts';

/**
 * Goal: a stop or a reload under load loses no count and no call that could have been finished.
 * Method: clients that call all the time, each call known by its id on both sides and in the records.
 */
const CLIENTS = 32;
const NEVER = 'never';
/** A small machine may be busy with something else. */
const POLLING = { timeout: 20_000, interval: 5 };

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function startUpstream(answerMs: number): Promise<RawUpstream> {
  const upstream = await startRawUpstream(async (socket, request) => {
    const { id, params } = messageOf(request);
    if (params.name === NEVER) return;
    await delay(answerMs);
    socket.write(renderAnswer(result(id)));
  });
  ends.push(() => upstream.stop());
  return upstream;
}

interface Message {
  readonly id: number;
  readonly params: { readonly name: string };
}

function messageOf({ body }: RawMessage): Message {
  return JSON.parse(body.toString()) as Message;
}

function idsOf(records: readonly CallRecord[], outcome?: string): number[] {
  return records
    .filter((record) => outcome === undefined || record.outcome === outcome)
    .map(({ requestId }) => Number(requestId));
}

function sorted(ids: Iterable<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}

async function start(
  ...servers: Parameters<typeof startGateway>[0]['servers']
): Promise<StartedGateway> {
  const gateway = await startGateway({ servers });
  ends.push(() => gateway.stop(0));
  return gateway;
}

test('a stop under load lets calls end, then cuts what never would; each call is counted once and none is sent twice', async () => {
  const upstream = await startUpstream(20);
  const gateway = await start(httpServer('raw', `http://127.0.0.1:${upstream.port}/mcp`));
  const load = applyLoad({ port: gateway.port, path: '/raw/mcp', clients: CLIENTS });
  const stuck = applyLoad({
    port: gateway.port,
    path: '/raw/mcp',
    clients: 3,
    body: (number) => call(-number, NEVER),
  });
  await expect.poll(() => load.answers.size, POLLING).toBeGreaterThan(CLIENTS * 5);
  await expect.poll(() => stuck.sent.size).toBe(3);
  await delay(20);
  const startedMs = performance.now();
  // Enough for the calls that end, on a busy machine too.
  await gateway.stop(2_000);
  expect(performance.now() - startedMs).toBeGreaterThan(1_900);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  await Promise.all([load.stop(), stuck.stop()]);

  const { records } = gateway;
  const counted = idsOf(records);
  expect(counted.length).toBe(new Set(counted).size);
  const answered = [...load.answers].filter(([, status]) => status === 200).map(([id]) => id);
  expect(sorted(idsOf(records, 'success'))).toEqual(sorted(answered));
  expect(sorted(idsOf(records, 'cancelled'))).toEqual([-3, -2, -1]);
  // Whoever asks on a kept connection while the gateway stops is told to come back, not that the server is unknown.
  const refused = [...load.answers].filter(([, status]) => status !== 200);
  expect(new Set(refused.map(([, status]) => status))).toEqual(
    new Set(refused.length > 0 ? [503] : []),
  );
  expect(sorted(idsOf(records, 'rate_limited'))).toEqual(sorted(refused.map(([id]) => id)));
  const upstreamIds = upstream.requests.map((request) => messageOf(request).id);
  expect(upstreamIds.length).toBe(new Set(upstreamIds).size);
  expect(upstreamIds.length).toBe(gateway.upstreamRequests());
});

test('a reload under load fails no call, and each is counted once', async () => {
  const upstream = await startUpstream(10);
  const spec = httpServer('raw', `http://127.0.0.1:${upstream.port}/mcp`);
  const gateway = await start(spec);
  const load = applyLoad({ port: gateway.port, path: '/raw/mcp', clients: CLIENTS });
  for (let reload = 1; reload <= 10; reload++) {
    await expect.poll(() => load.answers.size, POLLING).toBeGreaterThan(reload * CLIENTS);
    // Every other one changes something, so that the server's entry is replaced.
    const timeoutMs = 30_000 + Math.floor(reload / 2);
    gateway.apply([{ ...spec, gateway: { ...spec.gateway, timeoutMs } }]);
  }
  await load.stop();
  expect(load.refusals).toEqual([]);
  expect(load.answers.size).toBe(load.sent.size);
  expect(sorted(idsOf(gateway.records))).toEqual(sorted(load.sent));
  expect(new Set(gateway.records.map(({ outcome }) => outcome))).toEqual(new Set(['success']));
  expect(gateway.upstreamRequests()).toBe(load.sent.size);
});

test('a body that is still on its way during a reload goes to what the reload brought', async () => {
  const upstream = await startUpstream(0);
  const spec = httpServer('raw', `http://127.0.0.1:${upstream.port}/mcp`);
  const gateway = await start(spec);
  const request = renderPost({ port: gateway.port, path: '/raw/mcp', body: call(1) });
  const client = connect({ port: gateway.port, host: '127.0.0.1' });
  client.write(request.subarray(0, -9));
  await delay(50);
  gateway.apply([{ ...spec, gateway: { ...spec.gateway, timeoutMs: 1_234 } }]);
  await delay(100);
  let seen = '';
  client.on('data', (bytes: Buffer) => {
    seen += bytes.toString();
  });
  client.write(request.subarray(-9));
  await expect.poll(() => seen).toContain(result(1));
  client.destroy();
  expect(gateway.records.map(({ outcome }) => outcome)).toEqual(['success']);
});
