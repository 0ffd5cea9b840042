import type { CheckReport } from '../../../../src/domain/check-report.ts';
import type { Clock } from '../../../../src/domain/clock.ts';
import { createHub } from '../../../../src/domain/facts.ts';
import type { ProbeObservation } from '../../../../src/domain/facts.ts';
import type { ServerSpec } from '../../../../src/domain/server.ts';
import { createMetrics } from '../../../../src/adapters/prometheus/metrics.ts';
import type { MetricsOptions } from '../../../../src/adapters/prometheus/metrics.ts';

/** 2026-01-01T00:00:00Z */
export const START_MS = 1_767_225_600_000;

const monitor: ServerSpec['monitor'] = {
  enabled: true,
  intervalMs: 30_000,
  unhealthyIntervalMs: 15_000,
  retryIntervalMs: 3_000,
  offlineIntervalMsMax: 300_000,
  timeoutMs: 5_000,
  startTimeoutMs: 30_000,
  deepIntervalMs: 300_000,
  offlineAfter: 3,
  healthyAfter: 2,
  responseTime: { warningMs: 500, criticalMs: 1_000 },
  era: 'auto',
};

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
    monitor: { ...monitor, ...settings },
    source: 'test:1',
    secrets: [],
    hasCredentials: false,
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
    startedAtMs: START_MS + 1_000,
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
    nextInMs: 30_000,
    lagMs: 2,
    ...changes,
  };
}

/** Metrics on a hub of their own with everything fixed that would differ from run to run. */
export function createTestMetrics(options: Partial<MetricsOptions> = {}) {
  const hub = createHub((error) => {
    throw error;
  });
  const clock: Clock = {
    nowMs: () => START_MS,
    monotonicMs: () => 0,
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
