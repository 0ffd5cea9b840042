import { spawn } from 'node:child_process';
import { text as readAll } from 'node:stream/consumers';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOfV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportOfV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, test, type TestContext } from 'vitest';
import { createSystemClock } from '../../src/app/system-clock.ts';
import type { CheckReport } from '../../src/facts/check-report.ts';
import type { HttpTarget, ServerSpec, StdioTarget } from '../../src/facts/server.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { type SlowSseServerOptions, startSlowSseServer } from '../fakes/slow-sse-server.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { SCRIPTS } from './support/server-programs.ts';
import { serverSpec } from './support/server-spec.ts';
import { startGateway } from './support/start-gateway.ts';
import { MAIN } from './support/stdio-command.ts';

// Goal: a server of both eras whose first answer takes three seconds is never taken for a legacy one.
// Method: real processes and sockets; the prober, the command `probe`, and clients of both SDKs through the gateway.

const FIRST_ANSWER_MS = 3_000;
const MODERN = { era: 'modern', protocolVersion: '2026-07-28' };

/** Of a test that runs beside others. */
type OnFinished = TestContext['onTestFinished'];

async function slowSse(
  initializeAfterDiscover: SlowSseServerOptions['initializeAfterDiscover'],
  onTestFinished: OnFinished,
): Promise<HttpTarget> {
  const server = await startSlowSseServer({
    firstAnswerMs: FIRST_ANSWER_MS,
    initializeAfterDiscover,
  });
  onTestFinished(() => server.close());
  return { kind: 'http', url: server.url, transport: 'sse', headers: {}, tlsSkipVerify: false };
}

const slowFake = fakeServer({
  discover: 'modern',
  initialize: 'take_over',
  startDelayMs: FIRST_ANSWER_MS,
});

/** A server made with SDK v2, which reads nothing for the first three seconds. */
const SLOW_CONTEXT7: StdioTarget = {
  kind: 'stdio',
  command: 'sh',
  args: ['-c', 'sleep 3; exec "$@"', 'sh', process.execPath, SCRIPTS.context7],
  env: {},
};

type Start = (onTestFinished: OnFinished) => Promise<HttpTarget> | StdioTarget;

const SERVERS: readonly (readonly [string, Start])[] = [
  ['over SSE that refuses initialize after server/discover', (on) => slowSse('refused', on)],
  ['over SSE that accepts initialize after server/discover', (on) => slowSse('accepted', on)],
  ['over stdio that accepts initialize after server/discover', () => slowFake],
  ['over stdio made with SDK v2', () => SLOW_CONTEXT7],
];

/** Two checks and a deep one, as the prober does them. */
async function check(
  spec: ServerSpec,
  onTestFinished: OnFinished,
): Promise<readonly CheckReport[]> {
  const connector = createConnector({
    clientName: 'mcp-exporter',
    clientVersion: '0',
    clock: createSystemClock(),
  });
  const connection = connector.open(spec, () => undefined);
  onTestFinished(() => connection.close());
  const options = { signal: AbortSignal.timeout(50_000) };
  return [
    await connection.check(options),
    await connection.check(options),
    await connection.inspect(options),
  ];
}

async function connectV2(url: string): Promise<{ era: string | undefined; tools: number }> {
  const client = new Client(
    { name: 'v2', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tools } = await client.listTools();
  const era = client.getProtocolEra();
  await client.close();
  return { era, tools: tools.length };
}

async function connectV1(url: string): Promise<number> {
  const client = new ClientOfV1({ name: 'v1', version: '1.0.0' });
  await client.connect(new TransportOfV1(new URL(url)));
  const { tools } = await client.listTools();
  await client.close();
  return tools.length;
}

// They wait for the servers, and so all at once.
test.concurrent.for(SERVERS)(
  'a server of both eras %s is modern for the prober, and clients of both SDKs reach it through the gateway',
  async ([, start], { onTestFinished }) => {
    const spec = serverSpec('slow', await start(onTestFinished));
    const reports = await check(spec, onTestFinished);
    for (const report of reports) expect(report).toMatchObject({ outcome: 'ok', identity: MODERN });
    const identity = reports.at(-1)?.identity;
    const gateway = await startGateway({ servers: [spec], identityOf: () => identity });
    onTestFinished(() => gateway.stop());
    const [v2, v1] = await Promise.all([
      connectV2(gateway.url('slow')),
      connectV1(gateway.url('slow')),
    ]);
    expect(v2.era).toBe('modern');
    expect(v2.tools).toBeGreaterThan(0);
    expect(v1).toBe(v2.tools);
  },
);

test.concurrent.for(SERVERS)(
  'the command probe says that a server %s is modern',
  async ([, start], { onTestFinished }) => {
    const target = await start(onTestFinished);
    const address =
      target.kind === 'http' ? [target.url] : ['--', target.command, ...(target.args ?? [])];
    const child = spawn(process.execPath, [MAIN, 'probe', '--json', ...address]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const output = await readAll(child.stdout);
    expect(output).toContain('"2026-07-28"');
    expect(JSON.parse(output)).toMatchObject({ status: 'healthy' });
  },
);

const SILENT_LEGACY = fakeServer({ discover: 'silent' });

test.concurrent(
  'the gateway does not refuse modern clients because of an era that was assumed, and serves those that fall back',
  async ({ onTestFinished }) => {
    const base = serverSpec('silent', SILENT_LEGACY);
    const spec = { ...base, monitor: { ...base.monitor, startTimeoutMs: 4_000 } };
    const [first] = await check(spec, onTestFinished);
    const identity = first?.identity;
    expect(identity).toMatchObject({ era: 'legacy', isEraAssumed: true });
    const gateway = await startGateway({
      // What is assumed of the one holds for the other too, which is slow and of both eras.
      servers: [spec, serverSpec('slow', slowFake)],
      identityOf: () => identity,
    });
    onTestFinished(() => gateway.stop());
    const [slow, silent] = await Promise.all([
      connectV2(gateway.url('slow')),
      connectV2(gateway.url('silent')),
    ]);
    expect(slow).toEqual({ era: 'modern', tools: 1 });
    expect(silent).toEqual({ era: 'legacy', tools: 1 });
  },
);
