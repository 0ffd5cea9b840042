import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { CallOutcome } from '../../../src/facts/call-outcome.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';
import { type FuzzExchange, makeExchange } from './support/fuzz-exchange.ts';
import { renderPost } from './support/post-message.ts';
import { createRandomSource, type RandomSource } from './support/random-source.ts';
import { createRawClient, type RawClient } from './support/raw-client.ts';
import { startRawUpstream, writePieces } from './support/raw-upstream.ts';

/**
 * Goal: whatever passes, the gateway lives, changes no byte, and counts each call once, by what became of it.
 * Method: generated calls, answers and garbage; each call carries its fate, so that the counts are known beforehand.
 */
const MESSAGES = process.env['MCP_EXPORTER_FULL'] === '1' ? 1_000_000 : 20_000;
const WORKERS = 8;
const SEED = 20_261_121;

test(`${MESSAGES} generated messages crash nothing and lose no count`, async () => {
  const counted: Partial<Record<CallOutcome, number>> = {};
  const expected: Partial<Record<CallOutcome, number>> = {};
  const plans = new Map<
    string,
    { readonly exchange: FuzzExchange; readonly onTaken: () => void }
  >();
  const upstream = await startRawUpstream(async (socket, request) => {
    const number = /\?n=(\d+) /.exec(request.startLine)?.[1] ?? '';
    const plan = plans.get(number);
    if (!plan) return;
    await writePieces(socket, plan.exchange.pieces);
    if (plan.exchange.ending === 'server_breaks') socket.resetAndDestroy();
    plan.onTaken();
  });
  const gateway = await startGateway({
    servers: [httpServer('raw', `http://127.0.0.1:${upstream.port}/mcp`)],
    onCall({ server, direction, outcome }) {
      if (server !== 'raw' || direction !== 'client_to_server') return;
      counted[outcome] = (counted[outcome] ?? 0) + 1;
    },
  });
  let messages = 0;
  let exchanges = 0;
  let changed = 0;

  async function run(random: RandomSource): Promise<void> {
    const client = createRawClient(gateway.port);
    while (messages < MESSAGES) {
      const exchange = makeExchange(random);
      const number = String(++exchanges);
      messages += exchange.messages;
      for (const outcome of exchange.outcomes) expected[outcome] = (expected[outcome] ?? 0) + 1;
      const { promise: taken, resolve: onTaken } = Promise.withResolvers<void>();
      plans.set(number, { exchange, onTaken });
      const posting = { port: gateway.port, path: `/raw/mcp?n=${number}`, body: exchange.body };
      if (exchange.ending === 'client_leaves')
        await leave(renderPost(posting), gateway.port, taken);
      else if (!(await isUnchanged(client, renderPost(posting), exchange))) changed++;
      plans.delete(number);
      if (random.oneIn(500)) await shout(random, gateway.port);
    }
    client.close();
  }

  try {
    await Promise.all(
      Array.from({ length: WORKERS }, (_, worker) => run(createRandomSource(SEED + worker))),
    );
    await expect
      .poll(() => gateway.load().reduce((sum, { inFlight }) => sum + inFlight, 0))
      .toBe(0);
    expect(changed).toBe(0);
    expect(counted).toEqual(expected);
    expect(gateway.upstreamRequests()).toBe(exchanges);
    expect(Object.keys(counted).length).toBeGreaterThan(7);
  } finally {
    await gateway.stop(0);
    await upstream.stop();
  }
});

/** Whether the client saw what the server sent, or a cut where the server broke off. */
async function isUnchanged(
  client: RawClient,
  request: Buffer,
  { answer }: FuzzExchange,
): Promise<boolean> {
  try {
    const seen = await client.exchange('POST', [request]);
    if (answer) return seen.body.equals(answer);
    return seen.framing === 'broken' || / 502 /.test(seen.startLine);
  } catch {
    return answer === undefined;
  }
}

/** Sends a request and goes away once the server has it. */
async function leave(request: Buffer, port: number, taken: Promise<void>): Promise<void> {
  const socket = await open(port);
  socket.write(request);
  await taken;
  socket.destroy();
}

/** Bytes that are no HTTP. */
async function shout(random: RandomSource, port: number): Promise<void> {
  const socket = await open(port);
  const bytes = Buffer.from(Array.from({ length: 300 }, () => random.below(256)));
  socket.end(random.oneIn(2) ? bytes : Buffer.concat([Buffer.from('POST /raw/mcp '), bytes]));
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
