import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterEach } from 'vitest';
import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import { createMeasurement } from '../../../../../src/protocol/measurement.ts';
import { parseProcessStat } from '../../../../../src/protocol/stdio/process-usage.ts';
import { createStdioClients } from '../../../../../src/protocol/stdio/stdio-client.ts';
import {
  createStdioProbeClient,
  type StdioProbeClient,
  type StdioProbeClientOptions,
} from '../../../../../src/sources/probe/connection/stdio-probe-client.ts';
import type { ChildExited, ChildStarted } from '../../../../../src/facts/child-facts.ts';
import type { StdioTarget } from '../../../../../src/facts/server.ts';

export interface ClientUnderTest {
  readonly probeClient: StdioProbeClient;
  readonly facts: (ChildExited | ChildStarted)[];
  /** The process ids of all children that answered something. */
  pids(): number[];
  killAll(): void;
}

const probeClients: StdioProbeClient[] = [];

afterEach(async () => {
  await Promise.all(probeClients.splice(0).map((probeClient) => probeClient.close()));
});

/** A probe client with real time and real children, closed after the test. */
export function createTestClient(
  target: StdioTarget,
  options: Partial<StdioProbeClientOptions> = {},
): ClientUnderTest {
  const clock = options.clock ?? createSystemClock();
  const clients = createStdioClients(clock);
  const facts: (ChildExited | ChildStarted)[] = [];
  const probeClient = createStdioProbeClient(target, {
    server: 'fake',
    era: 'auto',
    startTimeoutMs: () => 20_000,
    client: { name: 'mcp-exporter-test', version: '0.0.0' },
    secrets: [],
    clock,
    clients,
    onChild: (fact) => facts.push(fact),
    ...options,
  });
  probeClients.push(probeClient);
  return {
    probeClient,
    facts,
    killAll: () => clients.killAll(),
    pids: () => facts.flatMap((fact) => (fact.fact === 'child_start' ? fact.pid : [])),
  };
}

export function check(limitMs = 20_000) {
  return { signal: AbortSignal.timeout(limitMs), measurement: createMeasurement() };
}

/** Whether anything of the group is there, zombies included. */
export function groupExists(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Zombies do not run: an orphan stays one until process 1 collects it, which may take seconds. */
export function isRunning(pid: number): boolean {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.isZombie === false;
  } catch {
    return false;
  }
}
