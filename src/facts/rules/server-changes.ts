import { Secret } from '../secret.ts';
import type {
  GatewaySettings,
  HttpTarget,
  MonitorSettings,
  ServerSpec,
  StdioTarget,
} from '../server.ts';

/**
 * What has to be opened anew for a changed key: `all`, the connection of the checks and what clients of the gateway have
 * open; `checks`, the connection of the checks only; `none`, the change is applied to what is open.
 */
export type Reopening = 'all' | 'checks' | 'none';

/** A key of a server that has another value than before. */
export interface ServerChange {
  /** As it is written under `mcpServers.NAME`. */
  readonly key: string;
  readonly reopens: Reopening;
}

type Keys<Section> = {
  readonly [Name in keyof Required<Section>]: readonly [key: string, reopens: Reopening];
};

const HTTP_KEYS: Keys<Omit<HttpTarget, 'kind'>> = {
  url: ['url', 'all'],
  transport: ['type', 'all'],
  headers: ['headers', 'all'],
  oauth: ['auth', 'all'],
  tlsCa: ['tls.caFile', 'all'],
  tlsCert: ['tls.certFile', 'all'],
  tlsKey: ['tls.keyFile', 'all'],
  tlsServerName: ['tls.serverName', 'all'],
  proxy: ['proxy', 'all'],
  tlsSkipVerify: ['tls.insecureSkipVerify', 'all'],
};

const STDIO_KEYS: Keys<Omit<StdioTarget, 'kind'>> = {
  command: ['command', 'all'],
  args: ['args', 'all'],
  env: ['env', 'all'],
  cwd: ['cwd', 'all'],
};

const MONITOR_KEYS: Keys<MonitorSettings> = {
  enabled: ['monitor.enabled', 'checks'],
  intervalMs: ['monitor.interval', 'none'],
  unhealthyIntervalMs: ['monitor.unhealthyInterval', 'none'],
  retryIntervalMs: ['monitor.retryInterval', 'none'],
  offlineIntervalMsMax: ['monitor.offlineIntervalMax', 'none'],
  timeoutMs: ['monitor.timeout', 'none'],
  startTimeoutMs: ['monitor.startTimeout', 'none'],
  deepIntervalMs: ['monitor.deepInterval', 'none'],
  offlineAfter: ['monitor.offlineAfter', 'none'],
  disableAfterMs: ['monitor.disableAfter', 'none'],
  healthyAfter: ['monitor.healthyAfter', 'none'],
  responseTime: ['monitor.responseTime', 'none'],
  errorRate: ['monitor.errorRate', 'none'],
  callLatency: ['monitor.callLatency', 'none'],
  era: ['monitor.era', 'checks'],
  call: ['monitor.call', 'none'],
};

const GATEWAY_KEYS: Keys<GatewaySettings> = {
  enabled: ['gateway.enabled', 'none'],
  timeoutMs: ['gateway.timeout', 'none'],
  preserveHost: ['gateway.preserveHost', 'none'],
  publicUrl: ['gateway.publicUrl', 'none'],
  authorization: ['gateway.authorization', 'none'],
  injectHeaders: ['gateway.injectHeaders', 'all'],
  maxInFlight: ['gateway.maxInFlight', 'none'],
  maxSessions: ['gateway.maxSessions', 'none'],
  prices: ['gateway.prices', 'none'],
};

const OWN_KEYS: Keys<Pick<ServerSpec, 'labels'>> = { labels: ['labels', 'none'] };

/** Every key of a server, with what its change opens anew. */
export const SERVER_CHANGE_KEYS: readonly ServerChange[] = [
  HTTP_KEYS,
  STDIO_KEYS,
  MONITOR_KEYS,
  GATEWAY_KEYS,
  OWN_KEYS,
].flatMap((keys) => Object.values(keys).map(([key, reopens]) => ({ key, reopens })));

/**
 * The keys in which two specifications of a server differ, secrets included. Where a server is defined does not matter.
 * Comparing them as JSON would miss a changed token: a `Secret` prints as a mask.
 */
export function findServerChanges(before: ServerSpec, now: ServerSpec): readonly ServerChange[] {
  if (before === now) return [];
  const changes = [
    ...targetChanges(before.target, now.target),
    ...changesIn(MONITOR_KEYS, before.monitor, now.monitor),
    ...changesIn(GATEWAY_KEYS, before.gateway, now.gateway),
    ...changesIn(OWN_KEYS, before, now),
  ];
  // A variable that is set now, or no longer, where no other value changed.
  if (before.unresolved !== now.unresolved && !changes.some(({ reopens }) => reopens === 'all'))
    changes.push({ key: 'variables', reopens: 'all' });
  return changes;
}

/** What the changes together open anew. */
export function reopeningOf(changes: readonly ServerChange[]): Reopening {
  if (changes.some(({ reopens }) => reopens === 'all')) return 'all';
  return changes.some(({ reopens }) => reopens === 'checks') ? 'checks' : 'none';
}

function targetChanges(
  before: ServerSpec['target'],
  now: ServerSpec['target'],
): readonly ServerChange[] {
  if (before.kind === 'http' && now.kind === 'http') return changesIn(HTTP_KEYS, before, now);
  if (before.kind === 'stdio' && now.kind === 'stdio') return changesIn(STDIO_KEYS, before, now);
  return [{ key: now.kind === 'http' ? 'url' : 'command', reopens: 'all' }];
}

function changesIn<Section extends object>(
  keys: Keys<Section>,
  before: NoInfer<Section> | ServerSpec['target'],
  now: NoInfer<Section> | ServerSpec['target'],
): ServerChange[] {
  return Object.entries<readonly [string, Reopening]>(keys).flatMap(([name, [key, reopens]]) =>
    print(Reflect.get(before, name)) === print(Reflect.get(now, name)) ? [] : [{ key, reopens }],
  );
}

/** Holds secrets in clear: never leaves this file. The order of keys does not matter. */
function print(value: unknown): string | undefined {
  return JSON.stringify(comparable(value));
}

function comparable(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, comparable(item)]);
}
