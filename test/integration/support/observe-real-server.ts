import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createSystemClock } from '../../../src/app/system-clock.ts';
import { createConnector } from '../../../src/sources/probe/connection/connector.ts';
import type { CheckReport } from '../../../src/facts/check-report.ts';
import type { HttpTarget, ServerSpec } from '../../../src/facts/server.ts';
import { probeOnce } from '../../../src/sources/probe/probe-once.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { processesIn } from './processes-in.ts';
import type { RealServer } from './real-servers.ts';
import { serverSpec } from './server-spec.ts';
import { type StartedServer, startServer } from './start-server.ts';

const OBSERVE_MS_MAX = 120_000;
const SETTLE_ATTEMPTS = 40;

/** What the server, or the proxy in front of it, has seen so far. */
export interface Traces {
  /** Children of a stdio server's connection. */
  readonly processes: readonly number[];
  readonly initializations: number;
  readonly discoveries: number;
  readonly sessionsOpened: number;
  readonly sessionsDeleted: number;
  readonly openStreams: number;
}

export interface Observation {
  readonly first: CheckReport;
  readonly afterFirst: Traces;
  readonly second: CheckReport;
  readonly afterSecond: Traces;
  readonly deep: CheckReport;
  readonly afterDeep: Traces;
  readonly afterClose: Traces;
  /** By `probeOnce`, with the server's synthetic call, and without being told the transport. */
  readonly once: readonly CheckReport[];
  readonly afterOnce: Traces;
}

/** Everything that the tests ask about one server, done once: two steady checks, a deep one, close, a probe apart. */
export async function observeRealServer(server: RealServer): Promise<Observation> {
  const started = await startServer(server);
  try {
    const { target } = started;
    return await (target.kind === 'stdio'
      ? observeChildren(server, started)
      : observeThroughProxy(server, target));
  } finally {
    await started.stop();
  }
}

/** Whether its program is installed here: compiled ones are made for one platform. */
export function isInstalled(server: RealServer): boolean {
  return existsSync(server.commandLine({ directory: '/', port: 0 }).command);
}

async function observeChildren(server: RealServer, started: StartedServer): Promise<Observation> {
  return observe(server, started.target, async () => ({
    processes: await processesIn(started.directory),
    initializations: 0,
    discoveries: 0,
    sessionsOpened: 0,
    sessionsDeleted: 0,
    openStreams: 0,
  }));
}

async function observeThroughProxy(server: RealServer, target: HttpTarget): Promise<Observation> {
  const proxy = await startCountingProxy(target.url);
  try {
    return await observe(server, { ...target, url: proxy.url }, async () => ({
      processes: [],
      initializations: proxy.calls('initialize'),
      discoveries: proxy.calls('server/discover'),
      sessionsOpened: proxy.sessionsOpened(),
      sessionsDeleted: proxy.sessionsDeleted(),
      openStreams: proxy.openStreams(),
    }));
  } finally {
    await proxy.close();
  }
}

async function observe(
  server: RealServer,
  target: ServerSpec['target'],
  traces: () => Promise<Traces>,
): Promise<Observation> {
  const clock = createSystemClock();
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock });
  const options = { signal: AbortSignal.timeout(OBSERVE_MS_MAX) };
  const connection = connector.open(serverSpec(server.name, target), () => undefined);
  try {
    const first = await connection.check(options);
    const afterFirst = await traces();
    const second = await connection.check(options);
    const afterSecond = await traces();
    const deep = await connection.inspect(options);
    const afterDeep = await settled(traces, afterFirst.openStreams);
    await connection.close();
    const afterClose = await settled(traces, 0);
    const spec = serverSpec(server.name, withoutTransport(target), server.call);
    const once = await probeOnce(connector, spec, clock, { ...options, deep: true });
    const afterOnce = await settled(traces, 0);
    return { first, afterFirst, second, afterSecond, deep, afterDeep, afterClose, once, afterOnce };
  } finally {
    await connection.close();
  }
}

function withoutTransport(target: ServerSpec['target']): ServerSpec['target'] {
  return target.kind === 'http' ? { ...target, transport: 'auto' } : target;
}

/** Waits a little for streams to end: the proxy hears of it a moment after our side has closed them. */
async function settled(traces: () => Promise<Traces>, openStreams: number): Promise<Traces> {
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt += 1) {
    const seen = await traces();
    if (seen.openStreams <= openStreams) return seen;
    await delay(25);
  }
  return traces();
}
