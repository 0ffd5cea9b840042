import { FAILED_OUTCOMES, UNCOUNTED_OUTCOMES } from '../../facts/call-outcome.ts';
import {
  type AlertMetric,
  type AlertUnit,
  alertUnitOf,
  type Comparison,
  isAlertMetric,
  type UserAlert,
} from '../../facts/user-alert.ts';
import type { Metric } from '../../catalog/metric.ts';
import type { AlertRule, RuleFile } from '../../catalog/rule-file.ts';
import type { LabelName } from '../../catalog/promql/labels.ts';
import { type Matchers, not } from '../../catalog/promql/matchers.ts';
import {
  increase,
  maxBy,
  quantileBy,
  rate,
  ratio,
  ratioOrZero,
  selector,
  sumBy,
} from '../../catalog/promql/promql.ts';

const BY = ['job', 'gateway', 'server'] as const;
const WINDOW = '5m';

/** The servers that an alert is about. */
type ServerMatchers = Pick<Matchers<'server'>, 'server'>;

interface Quantity {
  /** Stands before "is above 500ms". */
  readonly title: string;
  readonly expression: (servers: ServerMatchers) => string;
}

const RESPONSES = 'mcp_probe_response_seconds';
const CALL_TIME = 'mcp_request_duration_seconds';

const QUANTITIES: Readonly<Record<AlertMetric, Quantity>> = {
  response_time: {
    // Not the mean of the histogram: the pages show this very value.
    title: 'response time',
    expression: (servers) => maxBy(BY, selector('mcp_server_response_time_seconds', servers)),
  },
  response_time_p95: {
    title: 'response time (P95)',
    expression: (servers) => quantileOf(0.95, RESPONSES, servers),
  },
  response_time_p99: {
    title: 'response time (P99)',
    expression: (servers) => quantileOf(0.99, RESPONSES, servers),
  },
  call_time: {
    title: 'mean duration of calls',
    expression: (servers) => meanOf(CALL_TIME, servers, BY),
  },
  call_time_p95: {
    title: 'duration of calls (P95)',
    expression: (servers) => quantileOf(0.95, CALL_TIME, servers),
  },
  call_time_p99: {
    title: 'duration of calls (P99)',
    expression: (servers) => quantileOf(0.99, CALL_TIME, servers),
  },
  error_rate: {
    title: 'ratio of failed calls',
    expression: failedShare,
  },
  availability: {
    title: 'availability within five minutes',
    expression: availability,
  },
  request_rate: {
    title: 'rate of calls',
    expression: (servers) => sumBy(BY, rate(selector('mcp_requests_total', servers), WINDOW)),
  },
  active_connections: {
    title: 'number of client connections',
    expression: (servers) => sumBy(BY, selector('mcp_active_connections', servers)),
  },
  tokens: {
    title: 'rate of tokens',
    expression: (servers) =>
      `60 * ${sumBy(BY, rate(selector('mcp_tokens_total', servers), WINDOW))}`,
  },
  cost: {
    title: 'cost of calls within a day',
    expression: (servers) => sumBy(BY, increase(selector('mcp_cost_usd_total', servers), '1d')),
  },
};

/** As in the recording rules, mistakes of the caller are not failures of the server. */
function failedShare(servers: ServerMatchers): string {
  const calls = (matchers: Matchers<'outcome'>): string =>
    sumBy(BY, rate(selector('mcp_requests_total', servers, matchers), WINDOW));
  return ratioOrZero(
    calls({ outcome: FAILED_OUTCOMES }),
    calls({ outcome: not(...UNCOUNTED_OUTCOMES) }),
  );
}

/** Time while disabled, unknown or in maintenance is excluded. */
function availability(servers: ServerMatchers): string {
  const offline = selector('mcp_server_status', servers, { status: 'offline' });
  const ignored = selector('mcp_server_status', servers, { status: ['disabled', 'unknown'] });
  const maintained = selector('mcp_server_maintenance', servers);
  const on = `unless on (${BY.join(', ')})`;
  return `1 - avg_over_time((${maxBy(BY, offline)} ${on} (${ignored} == 1) ${on} (${maintained} == 1))[5m:1m])`;
}

const COMPARED: Readonly<Record<Comparison, string>> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
  '==': 'exactly',
  '!=': 'not',
};

/** Templates that format the value of an expression in a message. */
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
 * The user's alerts as a rule file of Prometheus; without alerts it has no groups.
 * @param catalog metrics that alerts may name directly; any other name that is not a quantity throws
 */
export function renderUserAlerts(
  alerts: readonly UserAlert[],
  catalog: readonly Metric[],
): RuleFile<AlertRule> {
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
      // Alertmanager routes by this label, so its configuration does not depend on the alerts.
      ...(channels && { channels: channels.join(',') }),
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
  const matchers: ServerMatchers = servers === 'all' ? {} : { server: servers };
  if (isAlertMetric(metric)) {
    const { title, expression } = QUANTITIES[metric];
    return { title, expression: expression(matchers), hasServer: true };
  }
  if (!known) throw new Error(`no metric ${metric}`);
  const hasServer = known.labels.includes('server');
  const { title, expression } = quantityOf(known, hasServer);
  return { title, expression: expression(hasServer ? matchers : {}), hasServer };
}

/** The quantity that is compared if an alert names a metric directly. */
function quantityOf({ name, kind, labels }: Metric, hasServer: boolean): Quantity {
  const by = hasServer ? BY : (['job', 'gateway'] as const);
  switch (kind) {
    case 'counter':
      return {
        title: `rate of ${name}`,
        expression: (servers) => sumBy(by, rate(selector(name, servers), WINDOW)),
      };
    case 'histogram':
      return {
        title: `mean of ${name}`,
        expression: (servers) => meanOf(name, servers, by),
      };
    case 'gauge':
      return {
        title: name,
        // State sets and info metrics are only meaningful with all their labels.
        expression: (servers) =>
          maxBy(['job', 'gateway', ...(labels as LabelName[])], selector(name, servers)),
      };
  }
}

function meanOf(histogram: string, servers: ServerMatchers, by: readonly LabelName[]): string {
  const part = (suffix: 'sum' | 'count'): string =>
    sumBy(by, rate(selector<string>(`${histogram}_${suffix}`, servers), WINDOW));
  return ratio(part('sum'), part('count'));
}

function quantileOf(quantile: number, histogram: string, servers: ServerMatchers): string {
  const buckets = rate(selector<string>(`${histogram}_bucket`, servers), WINDOW);
  return quantileBy(quantile, BY, buckets);
}
