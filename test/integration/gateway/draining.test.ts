import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { HttpTarget, ServerSpec, StdioTarget } from '../../../src/facts/server.ts';
import { REAL_SERVERS } from '../support/real-servers.ts';
import { serverSpec } from '../support/server-spec.ts';
import { startGateway, type StartedGateway } from '../support/start-gateway.ts';
import { startServer } from '../support/start-server.ts';

// Goal: a call in flight that needs an answer of its client ends well, though its server or the gateway is on its way out.
// Method: the everything server asks for sampling; the client answers only after the stop or the reload has begun.

type Name = 'everything-stdio' | 'everything-http' | 'everything-sse';

const targets = new Map<string, HttpTarget | StdioTarget>();
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const servers = REAL_SERVERS.filter(({ name }) => name.startsWith('everything-'));
  const started = await Promise.all(servers.map((server) => startServer(server)));
  for (const [index, { target, stop }] of started.entries()) {
    ends.push(() => stop());
    targets.set(servers[index]?.name ?? '', target);
  }
}, 60_000);

afterAll(() => Promise.all(ends.map((end) => end())));

function specOf(name: Name): ServerSpec {
  const target = targets.get(name);
  if (!target) throw new Error(`${name} was not started`);
  return serverSpec('asks', target);
}

async function connect(gateway: StartedGateway, route: '/mcp' | '/sse'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
  const url = new URL(gateway.url('asks', route));
  await client.connect(
    route === '/sse' ? new SSEClientTransport(url) : new StreamableHTTPClientTransport(url),
  );
  onTestFinished(() => client.close());
  return client;
}

const WAYS = {
  'a stop': (gateway: StartedGateway) => gateway.stop(20_000),
  'the removal of the server': async (gateway: StartedGateway) => gateway.apply([]),
  'a new address of the server': async (gateway: StartedGateway, spec: ServerSpec) =>
    gateway.apply([
      {
        ...spec,
        target: {
          kind: 'http',
          url: 'http://127.0.0.1:9/mcp',
          transport: 'http',
          headers: {},
          tlsSkipVerify: false,
        },
      },
    ]),
};

test.each([
  ['HTTP', 'a stop', '/mcp', 'everything-http'],
  ['a bridge to stdio', 'a stop', '/mcp', 'everything-stdio'],
  ['a bridge to HTTP+SSE', 'a new address of the server', '/mcp', 'everything-sse'],
  ['HTTP+SSE', 'a stop', '/sse', 'everything-sse'],
  ['HTTP+SSE', 'the removal of the server', '/sse', 'everything-sse'],
] as const)('over %s the answer of a client reaches a call that %s waits for', async (...args) => {
  const [, way, route, name] = args;
  const spec = specOf(name);
  const gateway = await startGateway({ servers: [spec] });
  onTestFinished(() => gateway.stop(0));
  const client = await connect(gateway, route);
  const asked = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  client.setRequestHandler(CreateMessageRequestSchema, async () => {
    asked.resolve();
    await mayAnswer.promise;
    return { role: 'assistant', content: { type: 'text', text: 'sampled' }, model: 'none' };
  });
  const result = client.callTool({
    name: 'trigger-sampling-request',
    arguments: { prompt: 'hello' },
  });
  await asked.promise;
  const leaving = WAYS[way](gateway, spec);
  // A new request is no part of what is still to end.
  await expect(client.ping()).rejects.toThrow();
  mayAnswer.resolve();
  expect(JSON.stringify(await result)).toContain('sampled');
  await leaving;
  const sampling = gateway.records.find(({ operation }) => operation === 'sampling/createMessage');
  expect(sampling?.outcome).toBe('success');
});
