import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { httpServer, startGateway } from '../support/start-gateway.ts';
import { call, renderPost } from './support/post-message.ts';
import { createRawClient } from './support/raw-client.ts';
import { type RawHeader, type RawMessage, renderHead } from './support/raw-http.ts';
import { startRawUpstream } from './support/raw-upstream.ts';

/**
 * Goal: names that clients invent cost no memory that lasts.
 * Method: each call with a tool, a client and a session of its own, and a look at the heap after a full collection.
 */
const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const NAMES = isFull ? 100_000 : 2_000;
const WORKERS = 8;
const MEGABYTE = 1024 * 1024;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

test(`${NAMES} names of tools, clients and sessions leave nothing behind that grows`, async () => {
  const upstream = await startRawUpstream((socket, request) => {
    socket.write(answerTo(request));
    // What the test's own server remembers would count as well.
    (upstream.requests as RawMessage[]).length = 0;
  });
  ends.push(() => upstream.stop());
  let counted = 0;
  const gateway = await startGateway({
    servers: [httpServer('raw', `http://127.0.0.1:${upstream.port}/mcp`)],
    onCall: () => counted++,
  });
  ends.push(() => gateway.stop(0));

  let names = 0;
  async function run(limit: number): Promise<void> {
    const client = createRawClient(gateway.port);
    while (names < limit) {
      const name = ++names;
      await client.exchange('POST', [opening(gateway.port, name)]);
      await client.exchange('POST', [calling(gateway.port, name)]);
    }
    client.close();
  }
  const runAll = async (limit: number): Promise<number> => {
    await Promise.all(Array.from({ length: WORKERS }, () => run(limit)));
    return heapBytes();
  };

  const before = await runAll(100);
  const half = await runAll(NAMES / 2);
  const after = await runAll(NAMES);
  expect(counted).toBe(NAMES * 2);
  const sessions = gateway.load().reduce((sum, load) => sum + load.sessions, 0);
  expect(sessions).toBe(Math.min(NAMES, 10_000));
  expect(after - before).toBeLessThan(40 * MEGABYTE);
  // With the sessions at their bound nothing grows any more.
  if (isFull) expect(after - half).toBeLessThan(4 * MEGABYTE);
});

function opening(port: number, name: number): Buffer {
  return renderPost({
    port,
    path: '/raw/mcp',
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: name,
      method: 'initialize',
      params: {
        protocolVersion: '2025-06-18',
        clientInfo: { name: `client ${name}`, version: '1' },
      },
    }),
  });
}

function calling(port: number, name: number): Buffer {
  const session: RawHeader = ['Mcp-Session-Id', `session ${name}`];
  return renderPost({
    port,
    path: '/raw/mcp',
    body: call(name, `tool ${name}`),
    headers: [session],
  });
}

function answerTo({ body }: RawMessage): Buffer {
  const { id, method } = JSON.parse(body.toString()) as { id: number; method: string };
  const result = method === 'initialize' ? { protocolVersion: '2025-06-18' } : { content: [] };
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result }));
  const head = renderHead('HTTP/1.1 200 OK', [
    ['Content-Type', 'application/json'],
    ...(method === 'initialize' ? [['Mcp-Session-Id', `session ${id}`] as const] : []),
    ['Content-Length', String(bytes.length)],
  ]);
  return Buffer.concat([head, bytes]);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
