import type { MonitorSettings, ServerSpec } from '../../src/domain/server.ts';

export const MONITOR: MonitorSettings = {
  enabled: true,
  intervalMs: 30_000,
  unhealthyIntervalMs: 15_000,
  retryIntervalMs: 3_000,
  offlineIntervalMsMax: 300_000,
  timeoutMs: 5_000,
  startTimeoutMs: 10_000,
  deepIntervalMs: 600_000,
  offlineAfter: 3,
  healthyAfter: 2,
  responseTime: { warningMs: 500, criticalMs: 1_000 },
  era: 'auto',
};

export type ServerOverrides = Partial<Omit<ServerSpec, 'name' | 'monitor'>> & {
  readonly url?: string;
  readonly monitor?: Partial<MonitorSettings>;
};

/** A server on loopback with the settings of `MONITOR`, unless told otherwise. */
export function buildServer(
  name: string,
  { url, monitor, ...overrides }: ServerOverrides = {},
): ServerSpec {
  return {
    name,
    target: {
      kind: 'http',
      url: url ?? `http://127.0.0.1:9/${name}`,
      transport: 'auto',
      headers: {},
      tlsSkipVerify: false,
    },
    source: 'mcp-exporter.yml:1',
    secrets: [],
    hasCredentials: false,
    ...overrides,
    monitor: { ...MONITOR, ...monitor },
  };
}
