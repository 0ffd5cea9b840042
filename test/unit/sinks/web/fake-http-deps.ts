import type { CheckReport } from '../../../../src/facts/check-report.ts';
import type { Disabling } from '../../../../src/facts/disabling.ts';
import { createHub, type Hub } from '../../../../src/facts/hub.ts';
import type { HttpAppDeps, ProbeRequest } from '../../../../src/sinks/web/ports.ts';
import type { ServerDetail } from '../../../../src/facts/ports/server-view.ts';
import { createFakeClock, type FakeClock } from '../../../fakes/fake-clock.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { fakeMaintenance } from '../../../fakes/fake-maintenance.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';

export const NOW_MS = Date.UTC(2026, 10, 21, 9, 15, 0);

export function buildReport(overrides: Partial<CheckReport> = {}): CheckReport {
  return {
    kind: 'steady',
    outcome: 'ok',
    detail: 'Answered ping.',
    startedAtMs: asEpochMs(NOW_MS - 4_000),
    durationMs: 12.4,
    responseMs: 11.2,
    phasesMs: { connect: 1.2, handshake: 11.2 },
    steps: [
      { name: 'connect', durationMs: 1.2, ok: true, detail: 'Connected to 127.0.0.1:3001' },
      { name: 'ping', durationMs: 11.2, ok: true, detail: 'Answered with an empty result' },
    ],
    bytesSent: 214,
    bytesReceived: 1_630,
    ...overrides,
  };
}

export function buildDetail(name: string, overrides: Partial<ServerDetail> = {}): ServerDetail {
  const lastReport = buildReport();
  return {
    name,
    endpoint: `http://127.0.0.1:3001/${encodeURIComponent(name)}`,
    transport: 'http',
    source: 'mcp-exporter.yml:3',
    labels: {},
    status: 'healthy',
    reason: 'All checks pass.',
    statusSinceMs: asEpochMs(NOW_MS - 3_600_000),
    responseTimeMs: 12.4,
    lastCheckAtMs: asEpochMs(NOW_MS - 4_000),
    nextCheckAtMs: asEpochMs(NOW_MS + 26_000),
    consecutiveFailures: 0,
    checks: 120,
    failures: 1,
    uptimeRatio: 0.99987,
    identity: {
      transport: 'http',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      implementation: 'example',
      version: '1.2.3',
    },
    snapshot: {
      takenAtMs: asEpochMs(NOW_MS - 60_000),
      lists: {
        tools: {
          bytes: 812,
          definitions: [{ name: 'read_file', hash: 'a1', description: 'Reads a file.' }],
        },
      },
    },
    lastReport,
    intervalMs: 30_000,
    settings: [
      { key: 'url', value: 'http://127.0.0.1:3001/' },
      { key: 'headers.authorization', value: '***' },
      { key: 'monitor.interval', value: '30s' },
    ],
    recentChecks: [lastReport],
    recentFailures: [],
    statusChanges: [],
    ...overrides,
  };
}

/** A server that was configured a moment ago. */
export function buildUncheckedDetail(name: string, status: 'unknown' | 'disabled'): ServerDetail {
  return {
    name,
    endpoint: 'npx',
    transport: 'stdio',
    source: 'mcp-exporter.yml:9',
    labels: {},
    status,
    reason: status === 'disabled' ? 'Disabled in the configuration.' : 'Not checked yet.',
    statusSinceMs: asEpochMs(NOW_MS),
    consecutiveFailures: 0,
    checks: 0,
    failures: 0,
    intervalMs: 30_000,
    settings: [],
    recentChecks: [],
    recentFailures: [],
    statusChanges: [],
  };
}

export interface LoggedLine {
  readonly level: 'error' | 'warn' | 'debug';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Deps of the app with everything that a test may look at or change. */
export interface FakeHttpDeps {
  readonly deps: HttpAppDeps;
  readonly clock: FakeClock;
  readonly hub: Hub;
  readonly servers: Map<string, ServerDetail>;
  readonly checked: { readonly name: string; readonly deep: boolean }[];
  readonly probed: ProbeRequest[];
  readonly actions: Parameters<HttpAppDeps['alerts']['noteAction']>[0][];
  readonly disablings: Map<string, Disabling>;
  readonly restarted: string[];
  readonly logged: LoggedLine[];
  readonly stopping: AbortController;
}

export function fakeHttpDeps(
  details: readonly ServerDetail[] = [],
  overrides: Partial<HttpAppDeps> = {},
): FakeHttpDeps {
  const clock = createFakeClock(NOW_MS);
  const hub = createHub((error) => {
    throw error;
  });
  const servers = new Map(details.map((detail) => [detail.name, detail]));
  const checked: { name: string; deep: boolean }[] = [];
  const probed: ProbeRequest[] = [];
  const logged: LoggedLine[] = [];
  const actions: Parameters<HttpAppDeps['alerts']['noteAction']>[0][] = [];
  const disablings = new Map<string, Disabling>();
  const restarted: string[] = [];
  const stopping = new AbortController();
  const logAs = (level: LoggedLine['level']) => (fields: LoggedLine['fields'], message: string) => {
    logged.push({ level, fields, message });
  };
  const show = (server: string, change: Pick<ServerDetail, 'status' | 'reason'>): void => {
    const detail = servers.get(server);
    if (detail) servers.set(server, { ...detail, ...change });
  };
  const deps: HttpAppDeps = {
    version: '0.1.0',
    listenHost: '127.0.0.1',
    clock,
    log: { error: logAs('error'), warn: logAs('warn'), debug: logAs('debug') },
    hub,
    servers: {
      views: () => [...servers.values()],
      detail: (name) => servers.get(name),
      async checkNow(name, { deep }) {
        checked.push({ name, deep });
        return servers.has(name) ? buildReport({ kind: deep ? 'deep' : 'steady' }) : undefined;
      },
      queueSize: () => 3,
      connectivitySuspected: () => false,
      isLate: () => false,
    },
    alerts: {
      receive: async () => ({ ok: true, alerts: 0, problems: [], isKept: true }),
      find: async () => [],
      addAction: async () => false,
      noteAction: (action) => actions.push(action),
      watchdogHeardAtMs: () => undefined,
    },
    maintenance: fakeMaintenance(clock, [...servers.keys()]),
    restarts: {
      async restart(name) {
        restarted.push(name);
        return buildReport();
      },
    },
    switches: {
      find: (server) => disablings.get(server),
      async disable(server, order) {
        const hasChanged = !disablings.has(server);
        if (hasChanged) {
          disablings.set(server, { server, atMs: asEpochMs(NOW_MS), ...order });
          show(server, { status: 'disabled', reason: `disabled by ${order.by}` });
        }
        return { hasChanged, isKept: true };
      },
      async enable(server) {
        const hasChanged = disablings.delete(server);
        if (hasChanged) show(server, { status: 'unknown', reason: 'not checked yet' });
        return { hasChanged, isKept: true };
      },
    },
    outsideUrls: {},
    markers: { saveMarker: async () => 1 },
    journal: fakeJournal(),
    gateway: { load: () => [] },
    metrics: {
      async render(accept) {
        const isOpenMetrics = accept?.includes('openmetrics') ?? false;
        return isOpenMetrics
          ? {
              contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
              body: 'up 1\n# EOF\n',
            }
          : { contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' };
      },
    },
    config: {
      status: () => ({
        lastReloadSuccessful: true,
        lastReloadAtMs: asEpochMs(NOW_MS),
        message: 'Loaded.',
      }),
      reload: async () => ({ ok: true, detail: '2 servers, 1 added' }),
    },
    probe: {
      allowsUrlTargets: () => false,
      timeoutMs: (target) =>
        target.kind === 'url' || servers.has(target.name) ? 10_000 : undefined,
      async probeOnce(request) {
        probed.push(request);
        return {
          reports: [buildReport()],
          metricsPage: {
            contentType: 'text/plain; version=0.0.4; charset=utf-8',
            body: 'mcp_probe_success 1\n',
          },
        };
      },
    },
    isReady: () => true,
    stopping: stopping.signal,
    ...overrides,
  };
  return {
    deps,
    clock,
    hub,
    servers,
    checked,
    probed,
    actions,
    disablings,
    restarted,
    logged,
    stopping,
  };
}
