import { z } from 'zod';
import { choice, count, duration, flag, map, percent, section, text } from './schema-types.ts';

/** As in the files; what is not written anywhere is this. Also shown as `default` in the reference. */
export const MONITOR_DEFAULTS = {
  interval: '30s',
  unhealthyInterval: '15s',
  retryInterval: '3s',
  offlineIntervalMax: '2m',
  timeout: '5s',
  startTimeout: '30s',
  deepInterval: '10m',
  offlineAfter: 3,
  healthyAfter: 2,
  responseTime: { warning: '500ms', critical: '1s' },
  errorRate: { warning: '1%', critical: '5%', window: '5m', minRequests: 20 },
  callLatency: false,
  era: 'auto',
} as const;

const timing = {
  interval: duration('100ms', '1d', {
    description: 'Between two checks while the server is Healthy.',
    default: MONITOR_DEFAULTS.interval,
  }).optional(),
  unhealthyInterval: duration('100ms', '1d', {
    description:
      'Between two checks while it is Warning or Critical. Not longer than `interval`, and by default that if it is shorter.',
    default: MONITOR_DEFAULTS.unhealthyInterval,
  }).optional(),
  retryInterval: duration('100ms', '1d', {
    description:
      'After a first failure, until the verdict is in: `offlineAfter: 3` takes one interval and two of these. Not longer than `interval`, and by default that if it is shorter.',
    default: MONITOR_DEFAULTS.retryInterval,
  }).optional(),
  offlineIntervalMax: duration('100ms', '7d', {
    description:
      'While Offline the pause between checks grows up to this. Not shorter than `interval`, and by default that if it is longer.',
    default: MONITOR_DEFAULTS.offlineIntervalMax,
  }).optional(),
  timeout: duration('10ms', '10m', {
    description:
      'For a steady check. Not longer than `interval`, and by default that if it is shorter.',
    default: MONITOR_DEFAULTS.timeout,
  }).optional(),
  startTimeout: duration('10ms', '10m', {
    description:
      'For a handshake, and for the start of a stdio server (`npx` may have to download it).',
    default: MONITOR_DEFAULTS.startTimeout,
  }).optional(),
  deepInterval: duration('1s', '7d', {
    description:
      'Between two deep checks: fresh handshake, all lists compared with the last ones, synthetic call.',
    default: MONITOR_DEFAULTS.deepInterval,
  }).optional(),
  offlineAfter: count(1, 100, {
    description: 'Consecutive failures that mean Offline.',
    default: MONITOR_DEFAULTS.offlineAfter,
  }).optional(),
  healthyAfter: count(1, 100, {
    description: 'Consecutive successes before Offline clears.',
    default: MONITOR_DEFAULTS.healthyAfter,
  }).optional(),
  responseTime: section(
    {
      warning: duration('1ms', '10m', {
        description: 'Slower than this is Warning.',
        default: MONITOR_DEFAULTS.responseTime.warning,
      }).optional(),
      critical: duration('1ms', '10m', {
        description: 'Slower than this is Critical. Longer than `warning`.',
        default: MONITOR_DEFAULTS.responseTime.critical,
      }).optional(),
    },
    { description: 'Thresholds on the one-minute mean of steady checks.' },
  ).optional(),
  errorRate: section(
    {
      warning: percent({
        description: 'A larger share of failures is Warning.',
        default: MONITOR_DEFAULTS.errorRate.warning,
      }).optional(),
      critical: percent({
        description: 'A larger share of failures is Critical. Larger than `warning`.',
        default: MONITOR_DEFAULTS.errorRate.critical,
      }).optional(),
      window: duration('10s', '1h', {
        description: 'The calls of this long count.',
        default: MONITOR_DEFAULTS.errorRate.window,
      }).optional(),
      minRequests: count(1, 1_000_000, {
        description: 'With fewer calls in the window the rate says nothing.',
        default: MONITOR_DEFAULTS.errorRate.minRequests,
      }).optional(),
    },
    {
      description:
        'Thresholds on the failures among the real calls through the gateway: tool, JSON-RPC and transport errors and timeouts.',
    },
  ).optional(),
  callLatency: flag({
    description:
      'Whether the latency of real `tools/call` through the gateway counts towards `responseTime`. Tools are slow by nature, so it does not unless you say so.',
    default: MONITOR_DEFAULTS.callLatency,
  }).optional(),
  era: choice(['auto', 'legacy', 'modern'], {
    description:
      'Which protocol to speak: `legacy` starts with `initialize` (2024-10-07 … 2025-11-25), `modern` is stateless (2026-07-28), `auto` finds out.',
    default: MONITOR_DEFAULTS.era,
  }).optional(),
  tls: section(
    {
      caFile: text({
        description:
          'PEM file with extra certificate authorities, relative to the file that names it.',
        examples: ['./company-ca.pem'],
      }).optional(),
      insecureSkipVerify: flag({
        description: 'Accept any certificate. Says nothing about who answers: for tests only.',
        default: false,
      }).optional(),
    },
    { description: 'For https servers.' },
  ).optional(),
};

const expectation = section(
  {
    contains: text({
      description: 'This text must be in the answer.',
      examples: ['"status":"ok"'],
    }).optional(),
    matches: text({
      description: 'This regular expression must match the answer.',
      examples: ['^\\d+ documents$'],
    })
      .refine(isRegularExpression, { error: 'must be a regular expression (JavaScript)' })
      .optional(),
    notContains: text({
      description: 'This text must not be in the answer.',
      examples: ['error'],
    }).optional(),
  },
  { description: "What the text of the tool's answer must look like; at least one of the three." },
).refine((expect) => Object.values(expect).some((value) => value !== undefined), {
  error: 'must have contains, matches or notContains',
});

const call = section(
  {
    tool: text({
      description: 'Name of a read-only tool. It is called with every deep check.',
      examples: ['ping'],
    }),
    arguments: map(z.unknown(), {
      description: 'Arguments of the call.',
      examples: [{ query: 'health' }],
    }).optional(),
    expect: expectation,
  },
  { description: 'A synthetic call that proves more than a list can.' },
);

/** `defaults:` */
export const DefaultsSchema = section(timing, {
  description: 'How every server is watched, unless its own `monitor` says otherwise.',
  reloadable: true,
});

/** `monitor:` of one server. */
export const MonitorSchema = section(
  {
    enabled: flag({
      description: '`false`: never checked, status Disabled.',
      default: true,
    }).optional(),
    ...timing,
    call: call.optional(),
  },
  { description: 'How this server is watched; what is left out comes from `defaults`.' },
);

export type DefaultsInput = z.output<typeof DefaultsSchema>;
export type MonitorInput = z.output<typeof MonitorSchema>;

function isRegularExpression(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}
