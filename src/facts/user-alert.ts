import type { Channel } from './alerting.ts';

/** The unit of a quantity; decides how a threshold is written and how a message shows it. */
export type AlertUnit =
  'seconds' | 'ratio' | 'bytes' | 'per-second' | 'per-minute' | 'dollars' | 'number';

/** Quantities that a user's alert may name, in addition to every metric. */
export const ALERT_METRICS = [
  'response_time',
  'response_time_p95',
  'response_time_p99',
  'call_time',
  'call_time_p95',
  'call_time_p99',
  'error_rate',
  'availability',
  'request_rate',
  'active_connections',
  'tokens',
  'cost',
] as const;
export type AlertMetric = (typeof ALERT_METRICS)[number];

export function isAlertMetric(name: string): name is AlertMetric {
  return (ALERT_METRICS as readonly string[]).includes(name);
}

export const COMPARISONS = ['>', '>=', '<', '<=', '==', '!='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One entry of `alerts:`, in base units. */
export interface UserAlert {
  readonly name: string;
  /** One of {@link ALERT_METRICS} or the name of a metric. */
  readonly metric: string;
  readonly op: Comparison;
  /** In the unit of {@link AlertUnit}; shares are 0 to 1. */
  readonly threshold: number;
  /** As written in the configuration, for messages. */
  readonly thresholdText: string;
  readonly forMs: number;
  readonly servers: 'all' | readonly string[];
  readonly severity: Severity;
  /** Overrides the channels of its severity. */
  readonly channels?: readonly Channel[];
}

const UNITS: Readonly<Record<AlertMetric, AlertUnit>> = {
  response_time: 'seconds',
  response_time_p95: 'seconds',
  response_time_p99: 'seconds',
  call_time: 'seconds',
  call_time_p95: 'seconds',
  call_time_p99: 'seconds',
  error_rate: 'ratio',
  availability: 'ratio',
  request_rate: 'per-second',
  active_connections: 'number',
  tokens: 'per-minute',
  cost: 'dollars',
};

/**
 * The unit of the value of an alert's expression.
 * @param kind of the metric, if `name` is a metric
 */
export function alertUnitOf(name: string, kind?: 'counter' | 'gauge' | 'histogram'): AlertUnit {
  if (isAlertMetric(name)) return UNITS[name];
  if (kind === 'counter') return 'per-second';
  if (name.endsWith('_timestamp_seconds')) return 'number';
  if (name.endsWith('_seconds')) return 'seconds';
  if (name.endsWith('_ratio')) return 'ratio';
  if (name.endsWith('_bytes')) return 'bytes';
  return 'number';
}
