import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import { call, post } from './support/post-message.ts';
import { createRawClient } from './support/raw-client.ts';
import {
  type RawHeader,
  type RawMessage,
  renderChunks,
  renderHead,
  valueOf,
} from './support/raw-http.ts';

/**
 * Goal: a child that misbehaves or dies costs its own calls and nothing else.
 * Method: a child that does what the name of the called tool says.
 */
const CHILD = join(import.meta.dirname, 'support/rough-child.ts');
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 'start',
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  },
});
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

let gateway: StartedGateway;
beforeEach(async () => {
  gateway = await startGateway({ servers: [nodeServer('rough', [CHILD], { timeoutMs: 2_000 })] });
});
afterEach(() => gateway.stop(0));

function send(body: string, headers: readonly RawHeader[] = []): Promise<RawMessage> {
  return post({ port: gateway.port, path: '/rough/mcp', body, headers });
}

async function openSession(): Promise<RawHeader> {
  const answer = await send(INITIALIZE);
  expect(answer.startLine).toMatch(/ 200 /);
  return ['Mcp-Session-Id', valueOf(answer.headers, 'mcp-session-id') ?? ''];
}

/** As a client of revision 2026-07-28 sends it: all of them share a child. */
function sendModern(name: string, id: number): Promise<RawMessage> {
  return send(call(id, name, { _meta: ENVELOPE }), [
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Method', 'tools/call'],
    ['Mcp-Name', name],
  ]);
}

function json({ body }: RawMessage): unknown {
  return JSON.parse(body.toString());
}

async function untilWaiting(calls: number): Promise<void> {
  await expect
    .poll(() => gateway.load().reduce((sum, { inFlight }) => sum + inFlight, 0), {
      timeout: 10_000,
    })
    .toBe(calls);
}

test.each(['exit', 'crash', 'half a line'])(
  'a child that dies (%s) with 50 calls in flight answers each with an error, and the next session has a new child',
  async (death) => {
    const session = await openSession();
    const calls = Array.from({ length: 50 }, (_, id) => send(call(id, 'never'), [session]));
    await untilWaiting(50);
    const last = await send(call('last', death), [session]);
    const answers = await Promise.all(calls);
    for (const [id, answer] of answers.entries())
      expect(json(answer)).toMatchObject({ jsonrpc: '2.0', id, error: { code: -32052 } });
    expect(json(last)).toMatchObject({ id: 'last', error: { code: -32052 } });

    // What is left of the session is the news that it is over.
    expect((await send(call(99), [session])).startLine).toMatch(/ 404 /);
    const next = await openSession();
    expect(json(await send(call(1), [next]))).toMatchObject({ id: 1, result: {} });

    const deaths = gateway.records.filter(({ errorType }) => errorType === 'child_exit');
    expect(deaths.filter(({ operation }) => operation === 'tools/call')).toHaveLength(51);
    const ids = deaths.map(({ requestId }) => requestId).filter((id) => id !== '"start"');
    expect(new Set(ids).size).toBe(51);
    await untilWaiting(0);
  },
);

test('a shared child that dies answers the calls of all its clients, and comes back', async () => {
  expect(json(await sendModern('echo', 1))).toMatchObject({ id: 1, result: {} });
  // Different clients use the same ids.
  const calls = Array.from({ length: 50 }, () => sendModern('never', 7));
  await untilWaiting(50);
  expect(json(await sendModern('exit', 7))).toMatchObject({ id: 7, error: { code: -32052 } });
  for (const answer of await Promise.all(calls))
    expect(json(answer)).toMatchObject({ id: 7, error: { code: -32052 } });
  expect(json(await sendModern('echo', 2))).toMatchObject({ id: 2, result: {} });
  const deaths = gateway.records.filter(
    ({ errorType, requestId }) => errorType === 'child_exit' && requestId === '7',
  );
  expect(deaths).toHaveLength(51);
});

test.each<[string, string, string]>([
  ['twice', 'first', 'success'],
  ['garbage', 'after the garbage', 'success'],
  ['ten megabytes', 'ü'.repeat(1_000), 'success'],
  ['wrong id', '-32051', 'timeout'],
])('a child that answers with %s costs at most that call', async (tool, expected, outcome) => {
  const session = await openSession();
  const [answer, other] = await Promise.all([
    send(call(1, tool), [session]),
    send(call(2), [session]),
  ]);
  expect(answer.body.toString()).toContain(expected);
  expect(answer.body.toString()).not.toContain('level');
  expect(json(answer)).toMatchObject({ id: 1 });
  expect(json(other)).toMatchObject({ id: 2, result: { content: [{ text: 'echo' }] } });
  const records = gateway.records.filter(({ requestId }) => requestId === '1');
  expect(records.map((record) => record.outcome)).toEqual([outcome]);
});

test('a request with an id that still waits for its answer is refused, and so is a batch with one id twice', async () => {
  const session = await openSession();
  const first = send(call(1, 'never'), [session]);
  await untilWaiting(1);
  const inUse = { error: { code: -32600, data: { reason: 'id_in_use' } } };
  expect(json(await send(call(1), [session]))).toMatchObject({ id: 1, ...inUse });
  expect(json(await send(`[${call(2)},${call(2)}]`, [session]))).toMatchObject(inUse);
  expect(json(await send(call('1'), [session]))).toMatchObject({ id: '1', result: {} });
  expect(json(await first)).toMatchObject({ id: 1, error: { code: -32051 } });
  await untilWaiting(0);
  const outcomes = gateway.records
    .filter(({ operation }) => operation === 'tools/call')
    .map(({ outcome }) => outcome);
  expect(outcomes.toSorted()).toEqual([
    'client_error',
    'client_error',
    'client_error',
    'success',
    'timeout',
  ]);
});

test('a body that grows too large on its way is refused once, and does not reach the child', async () => {
  const small = await startGateway({
    servers: [nodeServer('rough', [CHILD])],
    gateway: { bodyBytesMax: 400_000 },
  });
  try {
    const text = 'x'.repeat(600_000);
    const body = JSON.stringify({ ...(JSON.parse(INITIALIZE) as object), text });
    const head = renderHead('POST /rough/mcp HTTP/1.1', [
      ['Host', `127.0.0.1:${small.port}`],
      ['Transfer-Encoding', 'chunked'],
    ]);
    const client = createRawClient(small.port);
    const answer = await client.exchange('POST', [head, renderChunks([Buffer.from(body)])]);
    client.close();
    expect(answer.startLine).toMatch(/ 413 /);
    await expect.poll(() => small.records).toHaveLength(1);
    expect(small.upstreamRequests()).toBe(0);
  } finally {
    await small.stop(0);
  }
});
