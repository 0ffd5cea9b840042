import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { httpServer, startGateway } from '../support/start-gateway.ts';
import {
  keyOf,
  readAddresses,
  readRequests,
  SERVE,
  startInstrumented,
} from './support/start-instrumented.ts';

type AnyClient = Pick<ClientV1, 'callTool' | 'listTools' | 'getPrompt' | 'readResource' | 'close'>;

const CALLERS: [string, () => ClientV1][] = [
  ['v1', () => new ClientV1({ name: 'official', version: '1.0.0' })],
  ['v2', () => newV2()],
];

/** Speaks 2026-07-28 with a server that does, else an older revision. */
function newV2(): ClientV1 {
  const info = { name: 'official', version: '1.0.0' };
  return new ClientV2(info, { versionNegotiation: { mode: 'auto' } }) as unknown as ClientV1;
}

/** What a client does, and what has to be counted for it. */
async function drive(client: AnyClient): Promise<void> {
  await client.listTools();
  for (let count = 0; count < 20; count += 1)
    await client.callTool({ name: 'add', arguments: { a: count, b: 1 } });
  await Promise.all(
    Array.from({ length: 5 }, () => client.callTool({ name: 'slow', arguments: {} })),
  );
  for (let count = 0; count < 3; count += 1)
    await client.callTool({ name: 'fails', arguments: {} });
  for (const params of [
    { name: 'add', arguments: { a: 'x' } },
    { name: 'nothing', arguments: {} },
  ])
    await client.callTool(params).catch(() => undefined);
  await client.getPrompt({ name: 'greet' });
  await client.readResource({ uri: 'note://1' });
  await client.readResource({ uri: 'note://2' }).catch(() => undefined);
}

const DRIVEN = {
  'tools/list success 200': 1,
  'tools/call add success 200': 20,
  'tools/call slow success 200': 5,
  'tools/call fails tool_error 500': 3,
  'tools/call add client_error 400': 1,
  'tools/call _OTHER client_error 400': 1,
  'prompts/get success 200': 1,
  'resources/read success 200': 1,
};

/** The handshake differs by client and server, and so does the code for an unknown resource. */
function splitHandshake(counted: Record<string, number>) {
  const isOther = (key: string) =>
    /^(?:initialize|server\/discover|resources\/read client)/.test(key);
  const pick = (wanted: boolean) =>
    Object.fromEntries(Object.entries(counted).filter(([key]) => isOther(key) === wanted));
  return { calls: pick(false), others: pick(true) };
}

describe.each(['v1', 'v2'])('a server of SDK %s', (sdk) => {
  test.each(CALLERS)('over HTTP counts what a client of SDK %s calls', async (version, create) => {
    const { url, metrics } = await startInstrumented(sdk);
    const client = create();
    const Http =
      version === 'v1' ? HttpV1 : (StreamableHTTPClientTransport as never as typeof HttpV1);
    await client.connect(new Http(new URL(url)));
    await drive(client);
    await client.close();
    const { calls, others } = splitHandshake(await readRequests(metrics));
    expect(calls).toEqual(DRIVEN);
    expect(Object.entries(others).filter(([key]) => key.startsWith('resources/'))).toHaveLength(1);
    expect(Object.keys(others).length).toBeGreaterThan(1);
  });

  test.each(CALLERS)('over stdio counts what a client of SDK %s calls', async (version, create) => {
    const Stdio = version === 'v1' ? StdioV1 : (StdioV2 as never as typeof StdioV1);
    const transport = new Stdio({
      command: process.execPath,
      args: [SERVE, sdk, 'stdio'],
      stderr: 'pipe',
    });
    const addresses = readAddresses(transport.stderr as unknown as NodeJS.ReadableStream);
    const client = create();
    await client.connect(transport);
    onTestFinished(() => client.close());
    await drive(client);
    const { metrics } = await addresses;
    const { calls } = splitHandshake(await readRequests(metrics));
    expect(calls).toEqual(DRIVEN);
  });

  test('behind the gateway has the figures of the gateway', async () => {
    const { url, metrics } = await startInstrumented(sdk);
    const gateway = await startGateway({ servers: [httpServer('shop', url)] });
    onTestFinished(() => gateway.stop());
    for (const [version, create] of CALLERS) {
      const client = create();
      const Http =
        version === 'v1' ? HttpV1 : (StreamableHTTPClientTransport as never as typeof HttpV1);
      await client.connect(new Http(new URL(gateway.url('shop'))));
      await drive(client);
      await client.close();
    }
    const byGateway: Record<string, number> = {};
    for (const record of gateway.records) {
      const { operation, target = '', outcome, status } = record;
      // What the transport of SDK v1 refuses, because it has no session, before a server takes part.
      if (operation === 'server/discover' && sdk === 'v1') continue;
      const tool = operation === 'tools/call' ? target.replace('nothing', '_OTHER') : '';
      const key = keyOf(operation, tool, outcome, String(status));
      byGateway[key] = (byGateway[key] ?? 0) + 1;
    }
    expect(await readRequests(metrics)).toEqual(byGateway);
    expect(byGateway).toMatchObject({ 'tools/call add success 200': 40 });
  });
});
