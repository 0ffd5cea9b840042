import { not } from '../../../src/catalog/promql/matchers.ts';
import { countBy, maxBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { SEVERITIES, type Severity } from '../../../src/facts/user-alert.ts';
import type { PageUid } from '../links.ts';
import type { Mapping } from '../mappings.ts';
import { alertSeries, increaseOf, recentIncreaseOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const STATES: readonly Mapping[] = [
  { value: 0, text: 'None', color: 'green' },
  { value: 1, text: 'Pending', color: 'yellow' },
  { value: 2, text: 'Firing', color: 'red' },
];
const LABELS = ['alertname', 'gateway', 'server', 'severity'] as const;
/** The Watchdog always fires. */
const REAL = { severity: SEVERITIES };
const FIRING = alertSeries('ALERTS', { alertstate: 'firing' }, REAL);
const PENDING = alertSeries('ALERTS', { alertstate: 'pending' }, REAL);

/** The page that each alert is about, as its notification has it, with a pattern of names; of all others, that of the server. */
export const PAGES_OF_ALERTS: readonly (readonly [page: PageUid, alerts: string])[] = [
  ['mcp-errors', 'ErrorRateAboveThreshold|HighErrorRate|CriticalErrorRate|HighServerErrorRate'],
  ['mcp-slo', 'McpErrorBudgetBurn'],
  ['mcp-compare', 'McpTrafficAnomaly|McpLatencyAnomaly'],
  ['mcp-security', 'PossibleBruteForceAttack|McpRateLimited'],
  ['mcp-cost', 'McpCostBudgetExceeded|McpCostSpike'],
  ['mcp-capacity', 'McpCapacityExhaustion'],
  ['mcp-system', 'HighMemoryUsage|HighCPUUsage|McpExporterMemoryHigh|McpExporterCpuHigh'],
  [
    'mcp-meta',
    'Watchdog|McpGatewayDown|McpExporterAbsent|McpExporterRestarting|McpTarget.+|McpRuleFailures|McpNotificationFailures|McpAlertmanagerMissing|Mcp.+ReloadFailed|McpConnectivitySuspected|McpMonitoringLate|McpLogLinesDropped|McpJournalFailing|McpEventsLost|McpTraceExportFailing|McpCardinalityNearLimit',
  ],
];

/**
 * With the label `page`, which a click on the alert leads to. What is about no server or gateway in particular is about
 * all of them: "All" is what Grafana calls that in an address.
 */
function withPage(expr: string): string {
  const steps = [
    ['page', 'mcp-overview', 'server', ''],
    ['page', 'mcp-server', 'server', '.+'],
    ...PAGES_OF_ALERTS.map(([page, alerts]) => ['page', page, 'alertname', alerts]),
    ['server', 'All', 'server', ''],
    ['gateway', 'All', 'gateway', ''],
  ];
  return steps.reduce(
    (inner, texts) => `label_replace(${[inner, ...texts.map((text) => `"${text}"`)].join(', ')})`,
    expr,
  );
}

function sinceWhile(state: string): string {
  return withPage(
    `1000 * ${maxBy(LABELS, alertSeries('ALERTS_FOR_STATE', REAL))} and on (${LABELS.join(', ')}) ${maxBy(LABELS, state)}`,
  );
}

export const alertSince = signal({
  title: 'Since',
  description: 'Firing alerts, and since when their condition has been true.',
  unit: 'dateTimeFromNow',
  by: { firing: sinceWhile(FIRING), pending: sinceWhile(PENDING) },
});

function countOf(state: 'firing' | 'pending', ...severity: readonly Severity[]): string {
  return `count(${alertSeries('ALERTS', { alertstate: state }, { severity })}) or vector(0)`;
}

export const criticalAlerts = signal({
  title: 'Critical',
  description: 'Firing alerts that page someone.',
  unit: 'short',
  thresholds: THRESHOLDS.any,
  by: { all: countOf('firing', 'critical') },
});

export const warningAlerts = signal({
  title: 'Warnings',
  description: 'Firing alerts that can wait until tomorrow.',
  unit: 'short',
  thresholds: THRESHOLDS.warnings,
  by: { all: countOf('firing', 'warning', 'info') },
});

export const pendingAlerts = signal({
  title: 'Pending alerts',
  description: 'Alerts whose condition is true, but not yet long enough to notify anyone.',
  unit: 'short',
  thresholds: THRESHOLDS.warnings,
  by: { all: countOf('pending', ...SEVERITIES) },
});

/** One series for each alert, sampled once a minute to count firing minutes. */
const WAS_FIRING = maxBy(LABELS, FIRING);
const BEGAN = `(${WAS_FIRING} unless (max by (${LABELS.join(', ')}) (${FIRING} offset 1m)))`;
const FIRINGS = `count_over_time(${BEGAN}[$__range:1m])`;
const MINUTES = `count_over_time((${WAS_FIRING})[$__range:1m])`;

export const firings = signal({
  title: 'Firings',
  description: 'How often alerts began to fire in the selected time range.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `sum(${FIRINGS}) or vector(0)`,
    alert: withPage(sumBy(LABELS, FIRINGS)),
  },
});

export const timeFiring = signal({
  title: 'Time firing',
  description:
    'How long alerts fired in the selected time range, to the minute; each alert counts separately.',
  unit: 's',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `60 * sum(${MINUTES}) or vector(0)`,
    alert: withPage(`60 * ${sumBy(LABELS, MINUTES)}`),
    top: withPage(`topk(10, 60 * ${sumBy(['alertname', 'gateway', 'server'], MINUTES)})`),
  },
});

export const timeToResolve = signal({
  title: 'Time to resolve',
  description:
    'Mean time from the first notification until an alert was resolved, or until now if it is still firing.',
  unit: 's',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `60 * sum(${MINUTES}) / (sum(${FIRINGS}) or vector(1))`,
    alert: withPage(
      `60 * ${sumBy(LABELS, MINUTES)} / (${sumBy(LABELS, FIRINGS)} or 1 + 0 * ${sumBy(LABELS, MINUTES)})`,
    ),
  },
});

export const activations = signal({
  title: 'Activated, 30 days',
  description:
    'How often the condition of an alert became true within 30 days, including times when it ended before anyone was notified.',
  unit: 'short',
  decimals: 0,
  by: {
    top: `topk(10, sum by (alertname, gateway, server) (1 + changes(${alertSeries('ALERTS_FOR_STATE', REAL)}[30d])))`,
  },
});

/** At any moment of a step, so that what was over soon is not left out. */
const FIRED = `max_over_time(${FIRING}[$__interval])`;
const WAS_PENDING = `max_over_time(${PENDING}[$__interval])`;

export const alertState = signal({
  title: 'State of alerts',
  description:
    'Each alert while its condition was true: pending, then firing. The first line shows the worst state of all.',
  unit: 'none',
  mappings: STATES,
  by: {
    worst: `max(2 * ${FIRED} or ${WAS_PENDING}) or vector(0)`,
    alert: `max by (alertname, gateway, server) (2 * ${FIRED} or ${WAS_PENDING})`,
  },
});

export const alertsOverTime = signal({
  title: 'Number of firing alerts',
  description: 'How many alerts fired at the same time.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: { severity: countBy(['severity'], FIRED) },
});

export const notifications = signal({
  title: 'Notifications',
  description: 'Notifications that Alertmanager sent in the selected time range, by channel.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `sum(${increaseOf('alertmanager_notifications_total')})`,
    integration: `${sumBy(['integration'], recentIncreaseOf('alertmanager_notifications_total'))} > 0`,
  },
});

export const failedNotifications = signal({
  title: 'Not delivered',
  description:
    'Notifications that Alertmanager could not deliver in the selected time range: someone may not know about an alert.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.any,
  by: {
    all: `sum(${increaseOf('alertmanager_notifications_failed_total')})`,
    integration: `${sumBy(['integration', 'reason'], recentIncreaseOf('alertmanager_notifications_failed_total'))} > 0`,
  },
});

export const receivedNotifications = signal({
  title: 'Received by the exporter',
  description:
    'Alerts in the notifications that the exporter received in the selected time range, repetitions included.',
  unit: 'short',
  decimals: 0,
  by: {
    alert: `topk(15, ${sumBy(['alertname', 'status'], increaseOf('mcp_alert_notifications_total', { alertname: not('Watchdog') }))} > 0)`,
  },
});

export const silences = signal({
  title: 'Silences',
  description: 'Alerts that are silenced in Alertmanager.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { active: `sum(${series('alertmanager_silences', { state: 'active' })})` },
});

export const alertsByTreatment = signal({
  title: 'In Alertmanager',
  description: 'Alerts in Alertmanager: active, or suppressed by a silence or a more severe alert.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: { state: sumBy(['state'], series('alertmanager_alerts')) },
});

export const watchdogAge = signal({
  title: 'Last heartbeat',
  description:
    'Time since the last heartbeat, an alert that always fires and arrives about every five minutes. If it gets old, alerts do not arrive.',
  unit: 's',
  decimals: 0,
  thresholds: [
    { value: null, color: 'green' },
    { value: 600, color: 'yellow' },
    { value: 900, color: 'red' },
  ],
  by: { worst: `time() - min(${series('mcp_watchdog_last_received_timestamp_seconds')})` },
});
