import {
  type AlertMetric,
  type AlertUnit,
  alertUnitOf,
  type Comparison,
  isAlertMetric,
  type UserAlert,
} from '../../facts/user-alert.ts';
import type { Metric } from '../../catalog/metric.ts';

/** A rule file of Prometheus, as its YAML is. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const BY = 'by (job, gateway, server)';
const ON = 'on (job, gateway, server)';
/** As in the recording rules: the caller's own mistakes are no failures of a server. */
const FAILED = 'outcome=~"tool_error|rpc_error|transport_error|timeout"';

interface Quantity {
  /** Before "is above 500ms". */
  readonly title: string;
  /** As PromQL over the series that `matcher` selects. */
  readonly expression: (matcher: string) => string;
}

const QUANTITIES: Readonly<Record<AlertMetric, Quantity>> = {
  response_time: {
    title: 'mean response time of checks',
    expression: (m) => ratioOfRates('mcp_probe_duration_seconds', m),
  },
  response_time_p95: {
    title: 'response time of checks (P95)',
    expression: (m) => quantile(0.95, 'mcp_probe_duration_seconds', m),
  },
  response_time_p99: {
    title: 'response time of checks (P99)',
    expression: (m) => quantile(0.99, 'mcp_probe_duration_seconds', m),
  },
  call_time: {
    title: 'mean duration of calls',
    expression: (m) => ratioOfRates('mcp_request_duration_seconds', m),
  },
  call_time_p95: {
    title: 'duration of calls (P95)',
    expression: (m) => quantile(0.95, 'mcp_request_duration_seconds', m),
  },
  call_time_p99: {
    title: 'duration of calls (P99)',
    expression: (m) => quantile(0.99, 'mcp_request_duration_seconds', m),
  },
  error_rate: {
    title: 'share of calls that fail',
    // Where nothing ever failed there may be no series of failures: that is a rate of zero, not none.
    expression: (m) =>
      `(sum ${BY} (rate(mcp_requests_total${braces(m, FAILED)}[5m])) or 0 * sum ${BY} (rate(mcp_requests_total${braces(m)}[5m]))) / (sum ${BY} (rate(mcp_requests_total${braces(m)}[5m])) > 0)`,
  },
  availability: {
    title: 'availability within five minutes',
    expression: (m) =>
      `1 - avg_over_time((max ${BY} (mcp_server_status${braces(m, 'status="offline"')}) unless ${ON} (mcp_server_status${braces(m, 'status=~"disabled|unknown"')} == 1))[5m:1m])`,
  },
  request_rate: {
    title: 'rate of calls',
    expression: (m) => `sum ${BY} (rate(mcp_requests_total${braces(m)}[5m]))`,
  },
  active_connections: {
    title: 'number of connections of clients',
    expression: (m) => `sum ${BY} (mcp_active_connections${braces(m)})`,
  },
  tokens: {
    title: 'rate of tokens',
    expression: (m) => `60 * sum ${BY} (rate(mcp_tokens_total${braces(m)}[5m]))`,
  },
  cost: {
    title: 'cost of calls within a day',
    expression: (m) => `sum ${BY} (increase(mcp_cost_usd_total${braces(m)}[1d]))`,
  },
};

const COMPARED: Readonly<Record<Comparison, string>> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
  '==': 'exactly',
  '!=': 'not',
};

/** How a message shows the value of an expression. */
const SHOWN: Readonly<Record<AlertUnit, string>> = {
  seconds: '{{ $value | humanizeDuration }}',
  ratio: '{{ $value | humanizePercentage }}',
  bytes: '{{ $value | humanize1024 }}B',
  'per-second': '{{ $value | humanize }} per second',
  'per-minute': '{{ $value | humanize }} per minute',
  dollars: '{{ $value | printf "%.2f" }} US dollars',
  number: '{{ $value | humanize }}',
};

const WHAT_TO_DO =
  'https://github.com/mcp-exporter/mcp-exporter/blob/main/docs/alerting.md#alerts-of-your-own';

/**
 * The user's alerts as a rule file of Prometheus; without any it has no groups.
 * @param catalog metrics that may be named directly; a name that is neither there nor an offered quantity throws
 */
export function renderUserAlerts(
  alerts: readonly UserAlert[],
  catalog: readonly Metric[],
): RuleFile {
  if (alerts.length === 0) return { groups: [] };
  const rules = alerts.map((alert) => ruleOf(alert, catalog));
  return { groups: [{ name: 'mcp-exporter-user-alerts', rules }] };
}

function ruleOf(alert: UserAlert, catalog: readonly Metric[]): AlertRule {
  const { name, metric, op, threshold, thresholdText, severity, channels } = alert;
  const known = catalog.find((one) => one.name === metric);
  const { expression, hasServer, title } = measureOf(alert, known);
  const shown = SHOWN[alertUnitOf(metric, known?.kind)];
  const condition = `${COMPARED[op]} ${thresholdText}`;
  const whose = hasServer
    ? '{{ $labels.server }}{{ with $labels.gateway }} at {{ . }}{{ end }}'
    : '{{ with $labels.gateway }}{{ . }}{{ else }}the exporter{{ end }}';
  const page = hasServer
    ? '/d/mcp-server?var-gateway={{ $labels.gateway | urlquery }}&var-server={{ $labels.server | urlquery }}'
    : '/d/mcp-overview?var-gateway={{ $labels.gateway | urlquery }}';
  return {
    alert: name,
    // 99.9% divided by 100 is 0.9990000000000001.
    expr: `${expression} ${op} ${Number(threshold.toPrecision(12))}`,
    for: `${Math.round(alert.forMs / 1000)}s`,
    labels: {
      severity,
      component: 'mcp',
      origin: 'user',
      // Routed by, so that Alertmanager's configuration need not know the alerts.
      ...(channels ? { channels: channels.join(',') } : {}),
    },
    annotations: {
      summary: `${isAlertMetric(metric) ? capitalize(title) : title} is ${condition}`,
      description: `${whose}: ${title} is ${shown}, ${condition}.`,
      value: '{{ $value | printf "%.4g" }}',
      runbook_url: WHAT_TO_DO,
      dashboard_url: page,
    },
  };
}

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

interface Measure {
  readonly expression: string;
  readonly hasServer: boolean;
  readonly title: string;
}

function measureOf({ metric, servers }: UserAlert, known: Metric | undefined): Measure {
  const matcher = servers === 'all' ? '' : serverMatcher(servers);
  if (isAlertMetric(metric)) {
    const { title, expression } = QUANTITIES[metric];
    return { title, expression: expression(matcher), hasServer: true };
  }
  if (!known) throw new Error(`no metric ${metric}`);
  const hasServer = known.labels.includes('server');
  const by = hasServer ? BY : 'by (job, gateway)';
  const own = hasServer ? matcher : '';
  const part = { hasServer, title: metric };
  if (known.kind === 'counter')
    return {
      ...part,
      expression: `sum ${by} (rate(${metric}${braces(own)}[5m]))`,
      title: `rate of ${metric}`,
    };
  if (known.kind === 'histogram')
    return {
      ...part,
      expression: ratioOfRates(metric, own, by),
      title: `mean of ${metric}`,
    };
  // A state or an info says what it says only with all of its labels.
  const labels = ['job', 'gateway', ...known.labels].join(', ');
  return { ...part, expression: `max by (${labels}) (${metric}${braces(own)})` };
}

function serverMatcher(servers: readonly string[]): string {
  const [first, ...more] = servers;
  if (first !== undefined && more.length === 0) return `server=${JSON.stringify(first)}`;
  return `server=~${JSON.stringify(servers.map(escapeRegExp).join('|'))}`;
}

function ratioOfRates(metric: string, matcher: string, by = BY): string {
  const rate = (suffix: string): string =>
    `sum ${by} (rate(${metric}_${suffix}${braces(matcher)}[5m]))`;
  return `${rate('sum')} / (${rate('count')} > 0)`;
}

function quantile(share: number, metric: string, matcher: string): string {
  return `histogram_quantile(${share}, sum by (job, gateway, server, le) (rate(${metric}_bucket${braces(matcher)}[5m])))`;
}

function braces(...matchers: readonly string[]): string {
  const written = matchers.filter((matcher) => matcher !== '').join(', ');
  return written === '' ? '' : `{${written}}`;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
