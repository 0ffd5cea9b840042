import type { MonitorSettings } from '../facts/server.ts';
import { type DefaultsInput, MONITOR_DEFAULTS, type MonitorInput } from './monitor-schema.ts';
import type { Path } from './problem.ts';
import { formatDuration, formatPercent, parseDuration, parsePercent } from './units.ts';

export interface SettledMonitor {
  readonly settings: MonitorSettings;
  /** Settings that contradict each other; `path` is the one that is better changed, seen from `monitor`. */
  readonly conflicts: readonly { readonly path: Path; readonly message: string }[];
}

/**
 * Puts the layers of settings together: what a server says, then `defaults`, then what is built in.
 * What is built in gives way to a written interval, so that `interval: 1s` alone is enough.
 */
export function settleMonitor(
  monitor: MonitorInput,
  defaults: DefaultsInput,
  isDisabled: boolean,
): SettledMonitor {
  const written = { ...defaults, ...withoutUndefined(monitor) };
  const responseTime = {
    ...defaults.responseTime,
    ...withoutUndefined(monitor.responseTime ?? {}),
  };
  const errorRate = { ...defaults.errorRate, ...withoutUndefined(monitor.errorRate ?? {}) };
  const intervalMs = written.interval ?? builtIn('interval');
  const settings: MonitorSettings = {
    enabled: monitor.enabled ?? !isDisabled,
    intervalMs,
    unhealthyIntervalMs:
      written.unhealthyInterval ?? Math.min(builtIn('unhealthyInterval'), intervalMs),
    retryIntervalMs: written.retryInterval ?? Math.min(builtIn('retryInterval'), intervalMs),
    offlineIntervalMsMax:
      written.offlineIntervalMax ?? Math.max(builtIn('offlineIntervalMax'), intervalMs),
    timeoutMs: written.timeout ?? Math.min(builtIn('timeout'), intervalMs),
    startTimeoutMs: written.startTimeout ?? builtIn('startTimeout'),
    deepIntervalMs: written.deepInterval ?? builtIn('deepInterval'),
    offlineAfter: written.offlineAfter ?? MONITOR_DEFAULTS.offlineAfter,
    healthyAfter: written.healthyAfter ?? MONITOR_DEFAULTS.healthyAfter,
    responseTime: settleResponseTime(responseTime),
    errorRate: settleErrorRate(errorRate),
    callLatency: written.callLatency ?? MONITOR_DEFAULTS.callLatency,
    era: written.era ?? MONITOR_DEFAULTS.era,
    ...(monitor.call ? { call: settleCall(monitor.call) } : {}),
  };
  return { settings, conflicts: findConflicts(settings, monitor) };
}

function settleResponseTime({
  warning,
  critical,
}: {
  warning?: number | undefined;
  critical?: number | undefined;
}) {
  const builtInWarningMs = parseDuration(MONITOR_DEFAULTS.responseTime.warning) ?? 0;
  const builtInCriticalMs = parseDuration(MONITOR_DEFAULTS.responseTime.critical) ?? 0;
  return {
    // Only one of the two written: the other keeps the built-in proportion where its own value would contradict.
    warningMs:
      warning ?? Math.min(builtInWarningMs, Math.ceil((critical ?? builtInCriticalMs) / 2)),
    criticalMs: critical ?? Math.max(builtInCriticalMs, (warning ?? builtInWarningMs) * 2),
  };
}

function settleErrorRate({
  warning,
  critical,
  window,
  minRequests,
}: NonNullable<MonitorInput['errorRate']>): MonitorSettings['errorRate'] {
  const builtInWarning = parsePercent(MONITOR_DEFAULTS.errorRate.warning) ?? 0;
  const builtInCritical = parsePercent(MONITOR_DEFAULTS.errorRate.critical) ?? 0;
  return {
    // As with the response time: what is built in gives way to the one that is written.
    warningRatio: warning ?? Math.min(builtInWarning, (critical ?? builtInCritical) / 2),
    criticalRatio:
      critical ?? Math.min(1, Math.max(builtInCritical, (warning ?? builtInWarning) * 2)),
    windowMs: window ?? parseDuration(MONITOR_DEFAULTS.errorRate.window) ?? 0,
    minRequests: minRequests ?? MONITOR_DEFAULTS.errorRate.minRequests,
  };
}

function settleCall({
  tool,
  arguments: args,
  expect,
}: NonNullable<MonitorInput['call']>): NonNullable<MonitorSettings['call']> {
  return { tool, arguments: args ?? {}, expect: withoutUndefined(expect) };
}

type DurationKey = 'timeout' | 'unhealthyInterval' | 'retryInterval' | 'offlineIntervalMax';

function findConflicts(
  settings: MonitorSettings,
  monitor: MonitorInput,
): SettledMonitor['conflicts'] {
  const { intervalMs, responseTime } = settings;
  const conflicts: { path: Path; message: string }[] = [];
  const interval = formatDuration(intervalMs);
  const compare = (key: DurationKey, valueMs: number, isWrong: boolean, rule: string) => {
    if (!isWrong) return;
    // Where only the interval is the server's own, that is what to look at.
    const isOwn = monitor[key] !== undefined || monitor.interval === undefined;
    const message = isOwn
      ? `must not be ${rule} than interval (${interval}), not ${formatDuration(valueMs)}`
      : `${key} (${formatDuration(valueMs)}, from defaults) must not be ${rule} than interval (${interval})`;
    conflicts.push({ path: [isOwn ? key : 'interval'], message });
  };
  compare('timeout', settings.timeoutMs, settings.timeoutMs > intervalMs, 'longer');
  compare(
    'unhealthyInterval',
    settings.unhealthyIntervalMs,
    settings.unhealthyIntervalMs > intervalMs,
    'longer',
  );
  compare(
    'retryInterval',
    settings.retryIntervalMs,
    settings.retryIntervalMs > intervalMs,
    'longer',
  );
  compare(
    'offlineIntervalMax',
    settings.offlineIntervalMsMax,
    settings.offlineIntervalMsMax < intervalMs,
    'shorter',
  );
  if (responseTime.warningMs >= responseTime.criticalMs) {
    const key =
      monitor.responseTime?.critical !== undefined && monitor.responseTime.warning === undefined
        ? 'critical'
        : 'warning';
    conflicts.push({
      path: ['responseTime', key],
      message: `warning (${formatDuration(responseTime.warningMs)}) must be shorter than critical (${formatDuration(responseTime.criticalMs)})`,
    });
  }
  const { warningRatio, criticalRatio } = settings.errorRate;
  if (warningRatio >= criticalRatio) {
    const isCritical =
      monitor.errorRate?.critical !== undefined && monitor.errorRate.warning === undefined;
    conflicts.push({
      path: ['errorRate', isCritical ? 'critical' : 'warning'],
      message: `warning (${formatPercent(warningRatio)}) must be less than critical (${formatPercent(criticalRatio)})`,
    });
  }
  return conflicts;
}

function builtIn(key: 'interval' | 'startTimeout' | 'deepInterval' | DurationKey): number {
  return parseDuration(MONITOR_DEFAULTS[key]) ?? 0;
}

function withoutUndefined<T extends object>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
