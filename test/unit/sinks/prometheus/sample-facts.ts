import type { CheckReport } from '../../../../src/facts/check-report.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import type { Clock } from '../../../../src/facts/ports/clock.ts';
import { createHub } from '../../../../src/facts/hub.ts';
import type { ProbeObservation } from '../../../../src/facts/probe-facts.ts';
import type { ServerSpec } from '../../../../src/facts/server.ts';
import { createMetrics, type MetricsOptions } from '../../../../src/sinks/prometheus/metrics.ts';
import { GATEWAY, MONITOR } from '../../../fakes/build-server.ts';
import { asEpochMs, asMonotonicMs } from '../../../../src/facts/time.ts';

/** 2026-01-01T00:00:00Z */
export const START_MS = 1_767_225_600_000;

export function httpServer(
  name: string,
  settings: Partial<ServerSpec['monitor']> = {},
): ServerSpec {
  return {
    name,
    target: {
      kind: 'http',
      url: 'https://user:hunter2@mcp.example.com/mcp?key=hunter2',
      transport: 'auto',
      headers: {},
      tlsSkipVerify: false,
    },
    monitor: { ...MONITOR, ...settings },
    gateway: GATEWAY,
    source: 'test:1',
    secrets: [],
    hasCredentials: false,
    labels: {},
  };
}

export function stdioServer(name: string): ServerSpec {
  return {
    ...httpServer(name),
    target: {
      kind: 'stdio',
      command: '/usr/bin/npx',
      args: ['-y', 'some-server', '--token=hunter2'],
      env: {},
    },
  };
}

export function checkReport(changes: Partial<CheckReport> = {}): CheckReport {
  return {
    kind: 'steady',
    outcome: 'ok',
    detail: 'answered ping',
    startedAtMs: asEpochMs(START_MS + 1_000),
    durationMs: 40,
    phasesMs: {},
    steps: [],
    bytesSent: 100,
    bytesReceived: 200,
    ...changes,
  };
}

export function observation(
  server: string,
  report: Partial<CheckReport> = {},
  changes: Partial<ProbeObservation> = {},
): ProbeObservation {
  return {
    fact: 'probe',
    server,
    report: checkReport(report),
    status: 'healthy',
    consecutiveFailures: 0,
    ...(report.responseMs !== undefined && { responseMs: report.responseMs }),
    nextInMs: 30_000,
    lagMs: 2,
    ...changes,
  };
}

/** A successful call of the tool `read` by an authenticated user. */
export function callRecord(server: string, changes: Partial<CallRecord> = {}): CallRecord {
  return {
    fact: 'call',
    server,
    direction: 'client_to_server',
    transport: 'http',
    verb: 'POST',
    operation: 'tools/call',
    target: 'read',
    requestId: '1',
    client: { name: 'inspector', version: '1.0.0' },
    user: 'ada@example.com',
    era: 'legacy',
    protocolVersion: '2025-11-25',
    outcome: 'success',
    status: 200,
    startedAtMs: asEpochMs(START_MS),
    durationMs: 40,
    overheadMs: 0.2,
    requestBytes: 300,
    responseBytes: 1_000,
    trace: {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: false,
    },
    progressCount: 0,
    ...changes,
  };
}

/** A deep check that found these tools and prompts. */
export function snapshotOf(
  server: string,
  tools: readonly string[],
  prompts: readonly string[] = [],
): ProbeObservation {
  const list = (names: readonly string[]) => ({
    definitions: names.map((name) => ({ name, hash: '1', description: '' })),
    bytes: 10,
  });
  const lists = { tools: list(tools), prompts: list(prompts) };
  return observation(server, { kind: 'deep', snapshot: { takenAtMs: asEpochMs(START_MS), lists } });
}

/** Metrics on a hub of their own with everything fixed that would differ from run to run. */
export function createTestMetrics(options: Partial<MetricsOptions> = {}) {
  const hub = createHub((error) => {
    throw error;
  });
  const clock: Clock = {
    nowMs: () => asEpochMs(START_MS),
    monotonicMs: () => asMonotonicMs(0),
    after() {
      throw new Error('the metrics need no timer');
    },
  };
  const metrics = createMetrics({
    hub,
    clock,
    version: '1.2.3',
    nodeVersion: 'v24.0.0',
    systemUsage: () => ({ cpuRatio: 0.25, memoryRatio: 0.5 }),
    runtimeMetrics: false,
    ...options,
  });
  return { hub, metrics, publish: hub.publish };
}
