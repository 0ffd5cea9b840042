import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { instrument, startMetricsServer } from '../../../../src/instrument/index.ts';
import { buildServer, type McpServerClass } from './build-server.ts';

/**
 * A server of SDK `v1` or `v2` over `http` or `stdio`, instrumented by one line. It writes the address of its metrics, and that of
 * its endpoint if it has one, as a line of JSON to standard error.
 */
const [sdk = 'v1', transport = 'http'] = process.argv.slice(2);

const createV1 = (): McpServerV1 => instrument(buildServer(McpServerV1));
const createV2 = (): McpServerV2 =>
  instrument(buildServer(McpServerV2 as unknown as McpServerClass) as unknown as McpServerV2);

const metrics = await startMetricsServer({ port: 0 });
const url = transport === 'http' ? await serveHttp() : await serveOnStdio();
process.stderr.write(`${JSON.stringify({ metrics: metrics.url, url })}\n`);

async function serveOnStdio(): Promise<undefined> {
  if (sdk === 'v2') serveStdio(createV2);
  else await createV1().connect(new StdioServerTransport());
}

async function serveHttp(): Promise<string> {
  const handle = sdk === 'v2' ? toNodeHandler(createMcpHandler(createV2)) : createSessionsV1();
  const server = createServer((request, response) => void handle(request as never, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** One transport and server for each session, as the documentation of the SDK shows it. */
function createSessionsV1() {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = String(request.headers['mcp-session-id'] ?? '');
    const open = sessions.get(id);
    if (open) return open.handleRequest(request, response);
    const added = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (sessionId) => void sessions.set(sessionId, added),
    });
    await createV1().connect(added);
    return added.handleRequest(request, response);
  };
}
