import type { GatewaySettings, MonitorSettings, ServerSpec } from '../../src/facts/server.ts';

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
  errorRate: {
    warningRatio: 0.01,
    criticalRatio: 0.05,
    toolErrorRatio: 0.5,
    windowMs: 300_000,
    minRequests: 20,
  },
  callLatency: false,
  era: 'auto',
};

export const GATEWAY: GatewaySettings = {
  enabled: true,
  timeoutMs: 300_000,
  preserveHost: false,
  authorization: 'pass',
  injectHeaders: true,
  maxInFlight: 256,
  maxSessions: 20,
};

export type ServerOverrides = Partial<Omit<ServerSpec, 'name' | 'monitor' | 'gateway'>> & {
  readonly url?: string;
  readonly monitor?: Partial<MonitorSettings>;
  readonly gateway?: Partial<GatewaySettings>;
};

/** A server on loopback with the settings of `MONITOR`, unless told otherwise. */
export function buildServer(
  name: string,
  { url, monitor, gateway, ...overrides }: ServerOverrides = {},
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
    labels: {},
    ...overrides,
    monitor: { ...MONITOR, ...monitor },
    gateway: { ...GATEWAY, ...gateway },
  };
}
