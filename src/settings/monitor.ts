import { z } from 'zod';
import { whyNoPattern } from './pattern.ts';
import type { MonitorSettings } from '../facts/server.ts';
import { choice, count, duration, flag, map, percent, section, text } from './schema-types.ts';
import { LabelsSchema } from './labels.ts';
import type { Path } from './source-file.ts';
import { ProxySchema } from './proxy.ts';
import { TlsSchema } from './tls.ts';
import { DAY, formatDuration, formatPercent, HOUR, MINUTE, SECOND } from './units.ts';

/** What applies if neither the server nor `defaults` sets a key: milliseconds and shares from 0 to 1. */
const MONITOR_DEFAULTS = {
  interval: 30 * SECOND,
  unhealthyInterval: 15 * SECOND,
  retryInterval: 3 * SECOND,
  timeout: 5 * SECOND,
  startTimeout: 30 * SECOND,
  deepInterval: 10 * MINUTE,
  offlineAfter: 3,
  healthyAfter: 2,
  responseTime: { warning: 500, critical: 1 * SECOND },
  errorRate: {
    warning: 0.01,
    critical: 0.05,
    toolErrors: 0.5,
    window: 5 * MINUTE,
    minRequests: 20,
  },
  callLatency: false,
  era: 'auto',
} as const;

const timing = {
  interval: duration(100, DAY, {
    description: 'Time between two checks while the server is Healthy.',
    default: MONITOR_DEFAULTS.interval,
  }).exactOptional(),
  unhealthyInterval: duration(100, DAY, {
    description:
      'Time between two checks while it is Warning or Critical. At most `interval`, which is the default if it is shorter.',
    default: MONITOR_DEFAULTS.unhealthyInterval,
  }).exactOptional(),
  retryInterval: duration(100, DAY, {
    description:
      'Time between two checks after a first failure, until the status is decided: with `offlineAfter: 3`, one interval and two of these. At most `interval`, which is the default if it is shorter.',
    default: MONITOR_DEFAULTS.retryInterval,
  }).exactOptional(),
  offlineIntervalMax: duration(100, 7 * DAY, {
    description:
      'While the server is Offline, the time between checks grows from `interval` up to this. At least `interval`, which is the default: a server that comes back is noticed within its interval.',
  }).exactOptional(),
  timeout: duration(10, 10 * MINUTE, {
    description:
      'Timeout of a steady check. At most `interval`, which is the default if it is shorter.',
    default: MONITOR_DEFAULTS.timeout,
  }).exactOptional(),
  startTimeout: duration(10, 10 * MINUTE, {
    description:
      'Timeout of a handshake, and of the start of a stdio server (`npx` may have to download it).',
    default: MONITOR_DEFAULTS.startTimeout,
  }).exactOptional(),
  deepInterval: duration(SECOND, 7 * DAY, {
    description:
      'Time between two deep checks: a new handshake, all lists compared with the previous ones, and the synthetic call.',
    default: MONITOR_DEFAULTS.deepInterval,
  }).exactOptional(),
  offlineAfter: count(1, 100, {
    description: 'Consecutive failures until the server is Offline.',
    default: MONITOR_DEFAULTS.offlineAfter,
  }).exactOptional(),
  healthyAfter: count(1, 100, {
    description: 'Consecutive successes until it is no longer Offline.',
    default: MONITOR_DEFAULTS.healthyAfter,
  }).exactOptional(),
  disableAfter: duration(MINUTE, 365 * DAY, {
    description:
      'How long a server is Offline until it is disabled automatically: the gateway refuses its calls at once, checks and alerts go on, and an answer enables it. Never by default; see [control.md](control.md#automatically).',
    examples: ['1d'],
  }).exactOptional(),
  responseTime: section(
    {
      warning: duration(1, 10 * MINUTE, {
        description: 'A slower server is Warning.',
        default: MONITOR_DEFAULTS.responseTime.warning,
      }).exactOptional(),
      critical: duration(1, 10 * MINUTE, {
        description: 'A slower server is Critical. Longer than `warning`.',
        default: MONITOR_DEFAULTS.responseTime.critical,
      }).exactOptional(),
    },
    {
      description:
        'Thresholds for the response time: the one-minute mean of the steady checks, each from its request to the answer.',
    },
  ).exactOptional(),
  errorRate: section(
    {
      warning: percent({
        description: 'A larger share of failures is Warning.',
        default: MONITOR_DEFAULTS.errorRate.warning,
      }).exactOptional(),
      critical: percent({
        description: 'A larger share of failures is Critical. Larger than `warning`.',
        default: MONITOR_DEFAULTS.errorRate.critical,
      }).exactOptional(),
      toolErrors: percent({
        description:
          'From this share of tool errors (`isError`) the server is Warning. They never make it Critical, because they may be due to what callers ask for.',
        default: MONITOR_DEFAULTS.errorRate.toolErrors,
      }).exactOptional(),
      window: duration(10 * SECOND, HOUR, {
        description: 'Period whose calls are counted.',
        default: MONITOR_DEFAULTS.errorRate.window,
      }).exactOptional(),
      minRequests: count(1, 1_000_000, {
        description: 'With fewer calls in the window the rate is ignored.',
        default: MONITOR_DEFAULTS.errorRate.minRequests,
      }).exactOptional(),
    },
    {
      description:
        'Thresholds for the share of failures among real calls through the gateway. `warning` and `critical` are about JSON-RPC and transport errors and timeouts, `toolErrors` about tool errors. Mistakes of callers (unknown tools, invalid arguments) are no failures. At least three failures are needed.',
    },
  ).exactOptional(),
  callLatency: flag({
    description:
      'Whether the latency of real `tools/call` through the gateway counts towards `responseTime`. Off by default, because tools are often slow by design.',
    default: MONITOR_DEFAULTS.callLatency,
  }).exactOptional(),
  era: choice(['auto', 'legacy', 'modern'], {
    description:
      'Protocol to use: `legacy` starts with `initialize` (2024-10-07 … 2025-11-25), `modern` is stateless (2026-07-28), `auto` detects it: again after a day, and soon if the server did not answer the question.',
    default: MONITOR_DEFAULTS.era,
  }).exactOptional(),
  tls: TlsSchema.exactOptional(),
};

const expectation = section(
  {
    contains: text({
      description: 'This text must be in the answer.',
      examples: ['"status":"ok"'],
    }).exactOptional(),
    matches: text({
      description:
        'This regular expression must match the answer, of which the first 262,144 characters count. It is matched in linear time (RE2), so there is no lookahead and no back-reference.',
      examples: ['^\\d+ documents$'],
    })
      .superRefine((source, context) => {
        const message = whyNoPattern(source);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .exactOptional(),
    notContains: text({
      description: 'This text must not be in the answer.',
      examples: ['error'],
    }).exactOptional(),
  },
  {
    description: "Conditions for the text of the tool's answer; at least one of the three.",
    secret: true,
  },
).refine((expect) => Object.values(expect).some((value) => value !== undefined), {
  error: 'must have contains, matches or notContains',
});

const call = section(
  {
    tool: text({
      description: 'Name of a read-only tool, which is called with every deep check.',
      examples: ['ping'],
    }),
    arguments: map(z.unknown(), {
      description: 'Arguments of the call.',
      examples: [{ query: 'health' }],
      secret: true,
    }).prefault({}),
    expect: expectation,
  },
  { description: 'A synthetic call, to check more than the lists.' },
);

/** `defaults:` */
export const DefaultsSchema = section(
  { ...timing, proxy: ProxySchema.exactOptional(), labels: LabelsSchema.exactOptional() },
  {
    description: 'How servers are monitored, unless their own `monitor` says otherwise.',
    reloadable: true,
  },
);

/** `monitor:` of one server. */
export const MonitorSchema = section(
  {
    enabled: flag({
      description: '`false`: never checked, status Disabled.',
      default: true,
    }).exactOptional(),
    ...timing,
    call: call.exactOptional(),
  },
  { description: 'How this server is monitored; keys that are not set come from `defaults`.' },
);

export type DefaultsInput = z.output<typeof DefaultsSchema>;
export type MonitorInput = z.output<typeof MonitorSchema>;

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
    offlineIntervalMsMax: written.offlineIntervalMax ?? intervalMs,
    timeoutMs: written.timeout ?? Math.min(MONITOR_DEFAULTS.timeout, intervalMs),
    startTimeoutMs: written.startTimeout ?? MONITOR_DEFAULTS.startTimeout,
    deepIntervalMs: written.deepInterval ?? MONITOR_DEFAULTS.deepInterval,
    offlineAfter: written.offlineAfter ?? MONITOR_DEFAULTS.offlineAfter,
    healthyAfter: written.healthyAfter ?? MONITOR_DEFAULTS.healthyAfter,
    ...(written.disableAfter !== undefined && { disableAfterMs: written.disableAfter }),
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
  toolErrors,
  window,
  minRequests,
}: NonNullable<MonitorInput['errorRate']>): MonitorSettings['errorRate'] {
  const { warning: builtInWarning, critical: builtInCritical } = MONITOR_DEFAULTS.errorRate;
  return {
    // As with the response time: the default adapts to the configured one.
    warningRatio: warning ?? Math.min(builtInWarning, (critical ?? builtInCritical) / 2),
    criticalRatio:
      critical ?? Math.min(1, Math.max(builtInCritical, (warning ?? builtInWarning) * 2)),
    toolErrorRatio: toolErrors ?? MONITOR_DEFAULTS.errorRate.toolErrors,
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
