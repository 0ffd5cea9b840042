import type { MonitorSettings } from '../facts/server.ts';
import { type DefaultsInput, MONITOR_DEFAULTS, type MonitorInput } from './monitor.ts';
import type { Path } from './problem.ts';
import { formatDuration, formatPercent } from './units.ts';

export interface CompleteMonitor {
  readonly settings: MonitorSettings;
  /** Settings that contradict each other; `path` is the one to change, relative to `monitor`. */
  readonly conflicts: readonly { readonly path: Path; readonly message: string }[];
}

/**
 * Merges the settings of a server, `defaults` and the built-in defaults, in this order of precedence.
 * Built-in defaults adapt to a configured interval, so that `interval: 1s` alone is enough.
 */
export function completeMonitor(
  monitor: MonitorInput,
  defaults: DefaultsInput,
  isDisabled: boolean,
): CompleteMonitor {
  const written = { ...defaults, ...monitor };
  const responseTime = { ...defaults.responseTime, ...monitor.responseTime };
  const errorRate = { ...defaults.errorRate, ...monitor.errorRate };
  const intervalMs = written.interval ?? MONITOR_DEFAULTS.interval;
  const settings: MonitorSettings = {
    enabled: monitor.enabled ?? !isDisabled,
    intervalMs,
    unhealthyIntervalMs:
      written.unhealthyInterval ?? Math.min(MONITOR_DEFAULTS.unhealthyInterval, intervalMs),
    retryIntervalMs: written.retryInterval ?? Math.min(MONITOR_DEFAULTS.retryInterval, intervalMs),
    offlineIntervalMsMax:
      written.offlineIntervalMax ?? Math.max(MONITOR_DEFAULTS.offlineIntervalMax, intervalMs),
    timeoutMs: written.timeout ?? Math.min(MONITOR_DEFAULTS.timeout, intervalMs),
    startTimeoutMs: written.startTimeout ?? MONITOR_DEFAULTS.startTimeout,
    deepIntervalMs: written.deepInterval ?? MONITOR_DEFAULTS.deepInterval,
    offlineAfter: written.offlineAfter ?? MONITOR_DEFAULTS.offlineAfter,
    healthyAfter: written.healthyAfter ?? MONITOR_DEFAULTS.healthyAfter,
    responseTime: completeResponseTime(responseTime),
    errorRate: completeErrorRate(errorRate),
    callLatency: written.callLatency ?? MONITOR_DEFAULTS.callLatency,
    era: written.era ?? MONITOR_DEFAULTS.era,
    ...(monitor.call && { call: monitor.call }),
  };
  return { settings, conflicts: findConflicts(settings, monitor) };
}

function completeResponseTime({
  warning,
  critical,
}: NonNullable<MonitorInput['responseTime']>): MonitorSettings['responseTime'] {
  const { warning: builtInWarningMs, critical: builtInCriticalMs } = MONITOR_DEFAULTS.responseTime;
  return {
    // If only one of the two is configured, the other keeps the built-in proportion where its default would contradict.
    warningMs:
      warning ?? Math.min(builtInWarningMs, Math.ceil((critical ?? builtInCriticalMs) / 2)),
    criticalMs: critical ?? Math.max(builtInCriticalMs, (warning ?? builtInWarningMs) * 2),
  };
}

function completeErrorRate({
  warning,
  critical,
  window,
  minRequests,
}: NonNullable<MonitorInput['errorRate']>): MonitorSettings['errorRate'] {
  const { warning: builtInWarning, critical: builtInCritical } = MONITOR_DEFAULTS.errorRate;
  return {
    // As with the response time: the default adapts to the configured one.
    warningRatio: warning ?? Math.min(builtInWarning, (critical ?? builtInCritical) / 2),
    criticalRatio:
      critical ?? Math.min(1, Math.max(builtInCritical, (warning ?? builtInWarning) * 2)),
    windowMs: window ?? MONITOR_DEFAULTS.errorRate.window,
    minRequests: minRequests ?? MONITOR_DEFAULTS.errorRate.minRequests,
  };
}

type DurationKey = 'timeout' | 'unhealthyInterval' | 'retryInterval' | 'offlineIntervalMax';

function findConflicts(
  settings: MonitorSettings,
  monitor: MonitorInput,
): CompleteMonitor['conflicts'] {
  const { intervalMs, responseTime } = settings;
  const conflicts: { path: Path; message: string }[] = [];
  const interval = formatDuration(intervalMs);
  const compare = (key: DurationKey, valueMs: number, isWrong: boolean, rule: string) => {
    if (!isWrong) return;
    // If only the interval is the server's own, that is the one to change.
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
