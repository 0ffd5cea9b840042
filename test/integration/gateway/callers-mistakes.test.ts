import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, expect, test } from 'vitest';
import { createSystemClock } from '../../../src/app/system-clock.ts';
import type { CallRecord } from '../../../src/facts/call-record.ts';
import type { CapabilitySnapshot } from '../../../src/facts/capability-snapshot.ts';
import { isJsonObject } from '../../../src/facts/json-object.ts';
import { assessErrorRate } from '../../../src/facts/rules/findings.ts';
import { createRateWindow } from '../../../src/facts/rules/rate-window.ts';
import { asMonotonicMs } from '../../../src/facts/time.ts';
import { createConnector } from '../../../src/sources/probe/connection/connector.ts';
import { isInstalled } from '../support/observe-real-server.ts';
import { REAL_SERVERS, type RealServer } from '../support/real-servers.ts';
import { serverSpec } from '../support/server-spec.ts';
import { startGateway } from '../support/start-gateway.ts';
import { startServer } from '../support/start-server.ts';

/*
 * Goal: one client whose every call is a mistake makes no real server Warning or Critical, and a tool that really fails is
 * still counted. Method: an official client calls, through the gateway, a tool that no server has, and tools without their
 * required arguments and with arguments of another type. The checks have listed the tools as they always do.
 */
const CALLS_MIN = 20;
const TOOLS_MAX = 5;
const TEST_MS_MAX = 120_000;
const NAMES = [
  'everything-stdio',
  'everything-http',
  'filesystem-stdio',
  'memory-stdio',
  'sequential-thinking-stdio',
  'hello-world-stdio',
  'context7-stdio',
  'mongodb-stdio',
  'mcp-proxy-http',
  'time-stdio',
  'prometheus-stdio',
  'alertmanager-stdio',
  'kubernetes-http',
  'cortex-stdio',
];
const SERVERS = NAMES.map((name) => {
  const server = REAL_SERVERS.find((candidate) => candidate.name === name);
  if (!server) throw new Error(`${name} left the table`);
  return server;
}).filter(isInstalled);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The server behind a gateway that knows its lists, and a client of it. */
async function connect(server: RealServer) {
  const started = await startServer(server);
  ends.push(() => started.stop());
  const spec = serverSpec('real', started.target);
  const snapshot = await listByCheck(spec);
  const gateway = await startGateway({ servers: [spec], snapshotOf: () => snapshot });
  ends.push(() => gateway.stop(0));
  const client = new Client({ name: 'careless', version: '1' });
  ends.push(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url('real'))));
  return { client, records: gateway.records };
}

async function listByCheck(
  spec: ReturnType<typeof serverSpec>,
): Promise<CapabilitySnapshot | undefined> {
  const clock = createSystemClock();
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock });
  const connection = connector.open(spec, () => undefined);
  try {
    const report = await connection.inspect({ signal: AbortSignal.timeout(60_000) });
    return report.snapshot;
  } finally {
    await connection.close();
  }
}

/** An argument of another type for each property that has one. */
function wrongArguments(schema: { readonly properties?: object | undefined }): object {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const type = isJsonObject(property) ? property['type'] : undefined;
      return [name, type === 'string' ? { nested: true } : 'of another type'];
    }),
  );
}

function levelAfter(records: readonly CallRecord[]): string | undefined {
  const settings = serverSpec('real', { kind: 'stdio', command: '', args: [], env: {} }).monitor;
  const window = createRateWindow(settings.errorRate.windowMs);
  for (const { outcome } of records) window.note(asMonotonicMs(0), outcome);
  return assessErrorRate(window.read(asMonotonicMs(0)), settings.errorRate, undefined)?.level;
}

test.each(SERVERS.map((server) => [server.name, server] as const))(
  '%s stays Healthy while a client makes mistakes only',
  async (_name, server) => {
    const { client, records } = await connect(server);
    const { tools } = await client.listTools();
    const demanding = tools
      .filter(({ inputSchema }) => (inputSchema.required ?? []).length > 0)
      .slice(0, TOOLS_MAX);
    const mistakes = demanding.flatMap(({ name, inputSchema }) => [
      { name, arguments: {} },
      { name, arguments: { ...wrongArguments(inputSchema) } },
    ]);
    const round = [{ name: 'no-such-tool', arguments: {} }, ...mistakes];
    // A client may refuse some by itself, so that they are not sent.
    const before = records.length;
    while (records.length < before + CALLS_MIN)
      for (const call of round) await client.callTool(call).catch(() => undefined);
    const called = records.slice(before).filter(({ operation }) => operation === 'tools/call');
    expect(called.length).toBeGreaterThanOrEqual(CALLS_MIN);
    // Some servers accept arguments of another type; what they refuse is never their own failure.
    expect(called.filter(({ outcome }) => outcome === 'client_error').length).toBeGreaterThan(0);
    const own = called.filter(({ outcome }) => outcome !== 'client_error' && outcome !== 'success');
    expect(own.map(({ target, outcome }) => [target, outcome])).toEqual([]);
    expect(levelAfter(called)).toBeUndefined();
  },
  TEST_MS_MAX,
);

const failing = SERVERS.find(({ name }) => name === 'prometheus-stdio');

test.skipIf(!failing)(
  'a tool whose backend is down is an error of the tool',
  async () => {
    const { client, records } = await connect(failing!);
    await client.callTool({ name: 'getPrometheusStatus', arguments: {} });
    expect(records.at(-1)).toMatchObject({ target: 'getPrometheusStatus', outcome: 'tool_error' });
  },
  TEST_MS_MAX,
);
