import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';
import { startLedger } from './support/start-ledger.ts';

/**
 * Goal: a legacy server without session ids has the names of its clients in metrics and logs, and none that is in doubt.
 * Method: official clients of one process, which share its connections.
 */
async function setUp() {
  const server = await startScriptedMcpServer({ profile: 'legacy-stateless' });
  const ledger = startLedger(['files']);
  const { onCall } = ledger;
  const gateway = await startGateway({ servers: [httpServer('files', server.url)], onCall });
  onTestFinished(async () => {
    await gateway.stop(0);
    await Promise.all([server.close(), ledger.stop()]);
  });
  async function connect(name: string, userAgent: string) {
    const client = new Client({ name, version: '1' });
    const requestInit = { headers: { 'user-agent': userAgent } };
    const url = new URL(gateway.url('files'));
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
    onTestFinished(() => client.close());
    return client;
  }
  const namesOf = (operation: string) =>
    ledger.calls.filter((call) => call.operation === operation).map(({ client }) => client?.name);
  return { connect, ledger, namesOf };
}

test('the calls of an official client have its name, in parallel too', async () => {
  const { connect, ledger, namesOf } = await setUp();
  const client = await connect('editor', 'one');
  await Promise.all(
    Array.from({ length: 5 }, () => client.callTool({ name: 'echo', arguments: {} })),
  );
  expect(namesOf('tools/call')).toEqual(Array(5).fill('editor'));
  await expect.poll(() => ledger.lines().audit.map((line) => line['client'])).toHaveLength(5);
  expect(new Set(ledger.lines().audit.map((line) => line['client']))).toEqual(new Set(['editor']));
});

test('two clients are told apart by their User-Agent', async () => {
  const { connect, namesOf } = await setUp();
  const editor = await connect('editor', 'one');
  const agent = await connect('agent', 'two');
  await editor.listTools();
  await agent.ping();
  await editor.listTools();
  expect(namesOf('tools/list')).toEqual(['editor', 'editor']);
  expect(namesOf('ping')).toEqual(['agent']);
});

test('two clients of one process that differ in nothing that HTTP shows have no name', async () => {
  const { connect, ledger, namesOf } = await setUp();
  const editor = await connect('editor', 'same');
  await editor.listTools();
  const agent = await connect('agent', 'same');
  await editor.listTools();
  await agent.ping();
  expect(namesOf('tools/list')).toEqual(['editor', undefined]);
  expect(namesOf('ping')).toEqual([undefined]);
  const { body } = await ledger.render();
  expect(body).toContain('mcp_client_requests_total{server="files",client="unknown"} 2');
  expect(body).toContain('mcp_client_requests_total{server="files",client="agent"} 1');
});
