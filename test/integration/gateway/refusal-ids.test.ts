import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  httpServer,
  nodeServer,
  type StartedGateway,
  startGateway,
} from '../support/start-gateway.ts';
import { post } from './support/post-message.ts';
import { type RawHeader, type RawMessage, valueOf } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.ts';

/**
 * Goal: a refusal has the id of its request as the client wrote it, wherever in the gateway it is made.
 * Method: servers that close the connection, or end, at each call; the bytes of the answer are compared.
 */
let upstream: RawUpstream;
let gateway: StartedGateway;

beforeAll(async () => {
  upstream = await startRawUpstream((socket) => void socket.destroy());
  const child = join(import.meta.dirname, 'support/rough-child.ts');
  gateway = await startGateway({
    servers: [
      httpServer('closing', `http://127.0.0.1:${upstream.port}/mcp`),
      httpServer('off', `http://127.0.0.1:${upstream.port}/mcp`, { enabled: false }),
      nodeServer('child', [child]),
    ],
  });
});
afterAll(async () => {
  await gateway?.stop(0);
  await upstream?.stop();
});

const IDS = ['1', '1.0', '1e400', '9007199254740993', '-0', '"\\u0041"', '"a\\/b"'];
const callOf = (id: string, rest = ''): string =>
  `{"method":"tools/call","params":{"name":"exit"${rest}},"id": ${id} ,"jsonrpc":"2.0"}`;

function send(
  server: string,
  body: string,
  headers: readonly RawHeader[] = [],
): Promise<RawMessage> {
  return post({ port: gateway.port, path: `/${server}/mcp`, body, headers });
}

function idIn({ body }: RawMessage): string | undefined {
  return /^\{"jsonrpc":"2\.0","id":(.*?),"error"/.exec(body.toString())?.[1];
}

const PLACES: readonly (readonly [string, string, (id: string) => string])[] = [
  ['an unknown server', 'nobody', (id) => callOf(id)],
  ['a disabled server', 'off', (id) => callOf(id)],
  ['a server that closes the connection', 'closing', (id) => callOf(id)],
  ['such a server, for a batch of one', 'closing', (id) => `[${callOf(id)}]`],
  [
    'such a server, for a body that is not held',
    'closing',
    (id) => callOf(id, `,"x":"${'x'.repeat(300_000)}"`),
  ],
  ['a child without a session', 'child', (id) => callOf(id)],
];

test.each(PLACES)('%s: the id is echoed as it was written', async (_place, server, bodyOf) => {
  for (const id of IDS) expect(idIn(await send(server, bodyOf(id)))).toBe(id);
});

test('a child that ends in a session', async () => {
  const opening =
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"0"}}}';
  const { headers } = await send('child', opening);
  const session = valueOf(headers, 'mcp-session-id') ?? '';
  const ids = ['1.0', '"\\u0041"'];
  const answers = await Promise.all(
    ids.map((id) => send('child', callOf(id), [['mcp-session-id', session]])),
  );
  expect(answers.map(idIn)).toEqual(ids);
});

test('a child that ends during a call of revision 2026-07-28', async () => {
  const key = 'io.modelcontextprotocol';
  const meta = `,"_meta":{"${key}/protocolVersion":"2026-07-28","${key}/clientInfo":{"name":"t","version":"0"},"${key}/clientCapabilities":{}}`;
  const headers: readonly RawHeader[] = [
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Method', 'tools/call'],
    ['Mcp-Name', 'exit'],
  ];
  const answer = await send('child', callOf('"\\u0041"', meta), headers);
  expect(answer.body.toString()).toContain('child_exit');
  expect(idIn(answer)).toBe('"\\u0041"');
});
