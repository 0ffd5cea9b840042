import type { Metric } from '../metrics/metric.ts';
import type { Channel } from './alertmanager-config.ts';

/** Quantities that an alert of the user's may name, beside every metric of the catalog. */
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

export const COMPARISONS = ['>', '>=', '<', '<=', '==', '!='] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One entry of `alerts:`, in base units. */
export interface UserAlert {
  /** CamelCase: the alert's name. */
  readonly name: string;
  /** One of {@link ALERT_METRICS} or the name of a metric. */
  readonly metric: string;
  readonly op: Comparison;
  /** Seconds, ratios, per second, US dollars per day, tokens per minute: what the metric is measured in. */
  readonly threshold: number;
  readonly forMs: number;
  readonly servers: 'all' | readonly string[];
  readonly severity: Severity;
  /** Instead of the way of its severity. */
  readonly channels?: readonly Channel[];
}

const BY = 'by (job, gateway, server)';
const FAILED = 'outcome=~"tool_error|rpc_error|transport_error|timeout"';

/** What each quantity is, as PromQL over the series that `matcher` selects. */
const EXPRESSIONS: Readonly<Record<AlertMetric, (matcher: string) => string>> = {
  response_time: (m) => ratioOfRates('mcp_probe_duration_seconds', m),
  response_time_p95: (m) => quantile(0.95, 'mcp_probe_duration_seconds', m),
  response_time_p99: (m) => quantile(0.99, 'mcp_probe_duration_seconds', m),
  call_time: (m) => ratioOfRates('mcp_request_duration_seconds', m),
  call_time_p95: (m) => quantile(0.95, 'mcp_request_duration_seconds', m),
  call_time_p99: (m) => quantile(0.99, 'mcp_request_duration_seconds', m),
  error_rate: (m) =>
    `sum ${BY} (rate(mcp_requests_total{${join(m, FAILED)}}[5m])) / (sum ${BY} (rate(mcp_requests_total${braces(m)}[5m])) > 0)`,
  availability: (m) =>
    `1 - avg_over_time(max ${BY} (mcp_server_status{${join(m, 'status="offline"')}})[5m:1m])`,
  request_rate: (m) => `sum ${BY} (rate(mcp_requests_total${braces(m)}[5m]))`,
  active_connections: (m) => `sum ${BY} (mcp_active_connections${braces(m)})`,
  tokens: (m) => `60 * sum ${BY} (rate(mcp_tokens_total${braces(m)}[5m]))`,
  cost: (m) => `sum ${BY} (increase(mcp_cost_usd_total${braces(m)}[1d]))`,
};

export interface RuleFile {
  readonly groups: readonly [{ readonly name: string; readonly rules: readonly AlertRule[] }];
}

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The user's alerts as a rule file of Prometheus.
 * @param catalog metrics that may be named directly; a name that is neither there nor in {@link ALERT_METRICS} throws
 */
export function renderUserAlerts(
  alerts: readonly UserAlert[],
  catalog: readonly Metric[],
): RuleFile {
  return {
    groups: [
      { name: 'mcp-exporter-user-alerts', rules: alerts.map((alert) => ruleOf(alert, catalog)) },
    ],
  };
}

function ruleOf(alert: UserAlert, catalog: readonly Metric[]): AlertRule {
  const condition = `${alert.op} ${alert.threshold}`;
  return {
    alert: alert.name,
    expr: `${expressionOf(alert, catalog)} ${condition}`,
    for: `${Math.round(alert.forMs / 1000)}s`,
    labels: { severity: alert.severity, component: 'mcp', origin: 'user' },
    annotations: {
      summary: `${alert.metric} is ${condition}`,
      description: `${alert.metric}{{ if $labels.server }} of {{ $labels.server }}{{ end }} is {{ $value | humanize }}, for ${Math.round(alert.forMs / 1000)} s ${condition}.`,
      value: '{{ $value }}',
    },
  };
}

function expressionOf({ metric, servers }: UserAlert, catalog: readonly Metric[]): string {
  const matcher =
    servers === 'all' ? '' : `server=~${JSON.stringify(servers.map(escapeRegExp).join('|'))}`;
  if ((ALERT_METRICS as readonly string[]).includes(metric))
    return EXPRESSIONS[metric as AlertMetric](matcher);
  const known = catalog.find(({ name }) => name === metric);
  if (!known) throw new Error(`no metric ${metric}`);
  const hasServer = (known.labels as readonly string[]).includes('server');
  const by = hasServer ? BY : 'by (job, gateway)';
  const selected = hasServer ? braces(matcher) : '';
  if (known.kind === 'counter') return `sum ${by} (rate(${metric}${selected}[5m]))`;
  if (known.kind === 'histogram') return ratioOfRates(metric, hasServer ? matcher : '', by);
  return `max ${by} (${metric}${selected})`;
}

function ratioOfRates(metric: string, matcher: string, by = BY): string {
  const rate = (suffix: string): string =>
    `sum ${by} (rate(${metric}_${suffix}${braces(matcher)}[5m]))`;
  return `${rate('sum')} / (${rate('count')} > 0)`;
}

function quantile(share: number, metric: string, matcher: string): string {
  return `histogram_quantile(${share}, sum by (job, gateway, server, le) (rate(${metric}_bucket${braces(matcher)}[5m])))`;
}

function braces(matcher: string): string {
  return matcher === '' ? '' : `{${matcher}}`;
}

function join(...matchers: readonly string[]): string {
  return matchers.filter((matcher) => matcher !== '').join(', ');
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
