import { join } from 'node:path';
import type { ServerIdentity } from '../../src/facts/check-report.ts';
import type { MonitorSettings, ServerSpec } from '../../src/facts/server.ts';
import { startGateway } from '../integration/support/start-gateway.ts';
import { serverSpec } from '../integration/support/server-spec.ts';
import type { Address, Attempt, TryClient } from './clients/client.ts';
import type { Admit } from './lanes.ts';
import type { OddServer, RunningServer } from './servers/odd-server.ts';
import { startRemote } from './servers/start-remote.ts';
import { type ProberVerdict, tryProber } from './try-prober.ts';

export const CLIENTS = ['SDK v1', 'SDK v2', 'Python'] as const;
export type Clients = Readonly<Record<(typeof CLIENTS)[number], TryClient>>;
export type Attempts = Readonly<Record<(typeof CLIENTS)[number], Attempt>>;

/** One row of the table. */
export interface Row {
  readonly odd: OddServer;
  readonly direct: Attempts;
  readonly prober: ProberVerdict;
  readonly gateway: Attempts;
  /** Sessions that the prober left on the server. */
  readonly sessionsLeft: number;
}

const LIMIT_MS = 20_000;
/** For a server that never answers something, waiting longer changes nothing. */
const SHORT_LIMIT_MS = { http: 6_000, sse: 6_000, stdio: 10_000 };
const RUN_STDIO = join(import.meta.dirname, 'servers/run-stdio.ts');

/** No check but those that are asked for, the same limit as the clients have, and no verdict about slowness. */
const MONITOR: Partial<MonitorSettings> = {
  intervalMs: 3_600_000,
  unhealthyIntervalMs: 3_600_000,
  retryIntervalMs: 3_600_000,
  deepIntervalMs: 3_600_000,
  responseTime: { warningMs: 60_000, criticalMs: 60_000 },
};

/** Tries a server with everything; each attempt meets a server of its own, so that none can disturb another. */
export async function tryServer(odd: OddServer, clients: Clients, admit: Admit): Promise<Row> {
  const tryAll = async (tryOne: typeof tryDirectly): Promise<Attempts> => {
    const [v1, v2, python] = await Promise.all(
      CLIENTS.map((name) => admit(odd, () => tryOne(odd, clients[name]))),
    );
    return { 'SDK v1': v1, 'SDK v2': v2, Python: python } as Attempts;
  };
  const [direct, { prober, sessionsLeft }] = await Promise.all([
    tryAll(tryDirectly),
    admit(odd, () => probe(odd)),
  ]);
  const gateway = await tryAll((server, tryClient) =>
    tryThroughGateway(server, tryClient, prober.identity),
  );
  return { odd, direct, prober, gateway, sessionsLeft };
}

function tryDirectly(odd: OddServer, tryClient: TryClient): Promise<Attempt> {
  return withServer(odd, ({ address }) => tryClient(address, limitFor(odd)));
}

function tryThroughGateway(
  odd: OddServer,
  tryClient: TryClient,
  identity: ServerIdentity | undefined,
): Promise<Attempt> {
  return withServer(odd, async ({ spec }) => {
    const gateway = await startGateway({ servers: [spec], identityOf: () => identity });
    const transport = odd.transport === 'sse' ? 'sse' : 'http';
    try {
      const url = gateway.url(odd.name, transport === 'sse' ? '/sse' : '/mcp');
      return await tryClient({ transport, url }, limitFor(odd));
    } finally {
      await gateway.stop(100);
    }
  });
}

function probe(
  odd: OddServer,
): Promise<{ readonly prober: ProberVerdict; readonly sessionsLeft: number }> {
  return withServer(odd, async ({ spec, running }) => {
    const prober = await tryProber(spec, () => running?.forget());
    return { prober, sessionsLeft: running?.openSessions() ?? 0 };
  });
}

interface Place {
  readonly address: Address;
  readonly spec: ServerSpec;
  /** `undefined` for a stdio server, which each client starts itself. */
  readonly running: RunningServer | undefined;
}

async function withServer<T>(odd: OddServer, run: (place: Place) => Promise<T>): Promise<T> {
  if (odd.transport === 'stdio') {
    const place = { command: process.execPath, args: [RUN_STDIO, odd.name] };
    const spec = specOf(odd, { kind: 'stdio', ...place, env: {} });
    return run({ address: { transport: 'stdio', ...place }, spec, running: undefined });
  }
  const running = await startRemote(odd);
  try {
    const { url } = running;
    const isDeclared = odd.transport === 'sse' && odd.isUndeclared !== true;
    const transport = isDeclared ? 'sse' : 'auto';
    const target = { kind: 'http', url, transport, headers: {}, tlsSkipVerify: false } as const;
    const address = { transport: odd.transport, url };
    return await run({ address, spec: specOf(odd, target), running });
  } finally {
    await running.close();
  }
}

function specOf(odd: OddServer, target: ServerSpec['target']): ServerSpec {
  const spec = serverSpec(odd.name, target);
  const limits = { timeoutMs: limitFor(odd), startTimeoutMs: limitFor(odd) };
  return { ...spec, monitor: { ...spec.monitor, ...MONITOR, ...limits } };
}

function limitFor({ waits, transport }: OddServer): number {
  return waits === 'for ever' ? SHORT_LIMIT_MS[transport] : LIMIT_MS;
}
