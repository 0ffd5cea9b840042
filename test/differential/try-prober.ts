import { setTimeout as delay } from 'node:timers/promises';
import { createSystemClock } from '../../src/app/system-clock.ts';
import type { ServerIdentity } from '../../src/facts/check-report.ts';
import { createHub } from '../../src/facts/hub.ts';
import type { Status } from '../../src/facts/rules/health.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { createProber } from '../../src/sources/probe/prober.ts';

/** The default of `retryInterval`. */
const RETRY_MS = 3_000;

export interface ProberVerdict {
  /** In their order, each once in a row. */
  readonly statuses: readonly Status[];
  /** Of the last status. */
  readonly reason: string;
  readonly identity?: ServerIdentity;
}

/**
 * The prober's verdict after as many checks as Offline needs, and again after the server has forgotten its clients. Each
 * time a deep check follows the steady ones.
 * @param forget called between the two rounds
 */
export async function tryProber(spec: ServerSpec, forget: () => void): Promise<ProberVerdict> {
  const clock = createSystemClock();
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock });
  const hub = createHub((error) => {
    throw error;
  });
  const statuses: Status[] = [];
  hub.subscribe((fact) => {
    if (fact.fact === 'status') statuses.push(fact.to);
  });
  const prober = createProber({ connector, clock, hub, random: () => 0.5, concurrency: 4 });
  try {
    prober.apply([spec]);
    await checkUntilKnown(spec);
    forget();
    await checkUntilKnown(spec);
    const detail = prober.detail(spec.name);
    return {
      statuses,
      reason: detail?.reason ?? '',
      ...(detail?.identity && { identity: detail.identity }),
    };
  } finally {
    await prober.stop();
  }

  function hasFailed(name: string): boolean {
    return (prober.detail(name)?.consecutiveFailures ?? 0) > 0;
  }

  async function checkUntilKnown({
    name,
    monitor,
    target: { kind: transport },
  }: ServerSpec): Promise<void> {
    for (let checks = 0; checks < monitor.offlineAfter; checks += 1) {
      if (statuses.at(-1) === 'offline') return;
      await prober.checkNow(name, { deep: false });
      // As the schedule does: a program that ended may be started again only then.
      if (transport === 'stdio' && hasFailed(name)) await delay(RETRY_MS);
    }
    if (statuses.at(-1) !== 'offline') await prober.checkNow(name, { deep: true });
  }
}
