import type {
  HttpTarget,
  MonitorSettings,
  ServerSpec,
  StdioTarget,
  SyntheticCall,
} from '../../../src/facts/server.ts';
import { GATEWAY } from '../../fakes/build-server.ts';

/** The defaults of the configuration, but patient: many servers start at once on a small machine. */
const MONITOR: MonitorSettings = {
  enabled: true,
  intervalMs: 30_000,
  unhealthyIntervalMs: 10_000,
  retryIntervalMs: 3_000,
  offlineIntervalMsMax: 300_000,
  timeoutMs: 15_000,
  startTimeoutMs: 60_000,
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

export function serverSpec(
  name: string,
  target: HttpTarget | StdioTarget,
  call?: SyntheticCall,
): ServerSpec {
  return {
    name,
    target,
    monitor: call ? { ...MONITOR, call } : MONITOR,
    gateway: GATEWAY,
    source: 'test:1',
    secrets: [],
    hasCredentials: false,
    labels: {},
  };
}
