import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, expect, test } from 'vitest';
import { httpServer, startGateway } from '../support/start-gateway.ts';

/* Goal: if an official client accepts the answer to its `initialize`, the gateway knows the session and whose it is. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const SERVER_INFO = { name: 'odd', version: '1' };

/** Answers every request with a status of its own, and every id as text. */
async function startOddServer(status: number): Promise<string> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') {
      response.writeHead(request.method === 'DELETE' ? 204 : 405).end();
      return;
    }
    const { id, method } = JSON.parse(await text(request)) as { id?: number; method: string };
    if (id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const result =
      method === 'initialize'
        ? { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: SERVER_INFO }
        : {};
    response
      .writeHead(status, { 'content-type': 'application/json', 'mcp-session-id': 'odd-1' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: String(id), result }));
  };
  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

test.each([200, 201])(
  'a session that opens with status %i and the id as text has its client, and closes when the client ends it',
  async (status) => {
    const gateway = await startGateway({
      servers: [httpServer('odd', await startOddServer(status))],
    });
    ends.push(() => gateway.stop(0));
    const client = new Client({ name: 'editor', version: '1' });
    ends.push(() => client.close());
    const transport = new StreamableHTTPClientTransport(new URL(gateway.url('odd')));
    await client.connect(transport);
    const openSessions = () => gateway.load().reduce((sum, { sessions }) => sum + sessions, 0);
    expect(openSessions()).toBe(1);
    await client.ping();
    await transport.terminateSession();
    expect(openSessions()).toBe(0);
    const pings = gateway.records.filter(({ operation }) => operation === 'ping');
    expect(pings.map(({ client: from, outcome }) => [from?.name, outcome])).toEqual([
      ['editor', 'success'],
    ]);
  },
);
