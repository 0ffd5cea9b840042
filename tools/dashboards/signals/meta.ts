import { maxBy, quantileBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { type Mapping, TROUBLE_MAPPINGS } from '../mappings.ts';
import { increaseOf, recentIncreaseOf, rateOf, series, type SeriesName } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

/** The targets that make up the monitoring, by the names that prometheus.yml and the alerts give them. */
const MONITORING = { job: ['mcp-exporter', 'alertmanager', 'prometheus'] };
/** `sample_limit` of prometheus.yml. */
const SAMPLES_MAX = 250_000;

const UP_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'Down', color: 'red' },
  { value: 1, text: 'Up', color: 'green' },
];
const IN_FORCE_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'Rejected', color: 'red' },
  { value: 1, text: 'In force', color: 'green' },
];
const KEPT_MAPPINGS: readonly Mapping[] = [
  { value: 0, text: 'Lost', color: 'red' },
  { value: 1, text: 'Kept', color: 'green' },
];

export const targetsDown = signal({
  title: 'Targets down',
  description: 'Exporters, Prometheus and Alertmanager instances that Prometheus cannot scrape.',
  unit: 'short',
  thresholds: THRESHOLDS.any,
  by: { all: `count(${series('up', MONITORING)} == 0) or vector(0)` },
});

export const targetUp = signal({
  title: 'State',
  description: 'The targets of this monitoring, and whether Prometheus can scrape them.',
  unit: 'none',
  mappings: UP_MAPPINGS,
  by: {
    target: maxBy(['job', 'instance'], series('up', MONITORING)),
  },
});

export const scrapeDuration = signal({
  title: 'Duration of a scrape',
  description: 'Duration of the scrapes of a target; the limit is ten seconds.',
  unit: 's',
  min: 0,
  thresholds: [
    { value: null, color: 'green' },
    { value: 2, color: 'yellow' },
    { value: 8, color: 'red' },
  ],
  by: {
    target: maxBy(['job', 'instance'], series('scrape_duration_seconds', MONITORING)),
  },
});

const SAMPLES = series('scrape_samples_post_metric_relabeling', MONITORING);

export const samples = signal({
  title: 'Samples of a scrape',
  description:
    'Number of samples of a target. If an exporter exceeds its limit, Prometheus drops the whole scrape.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: {
    target: maxBy(['job', 'instance'], SAMPLES),
    limit: `vector(${SAMPLES_MAX})`,
  },
});

export const samplesShare = signal({
  title: 'Samples used',
  description:
    'Samples of the largest exporter, as a percentage of the sample limit of Prometheus.',
  unit: 'percentunit',
  decimals: 1,
  thresholds: THRESHOLDS.saturation,
  by: {
    worst: `max(${series('scrape_samples_post_metric_relabeling', { job: 'mcp-exporter' })}) / ${SAMPLES_MAX}`,
  },
});

export const configReload = signal({
  title: 'Configuration',
  description:
    'Whether the exporter loaded its latest configuration; if not, its log shows the error.',
  unit: 'none',
  mappings: IN_FORCE_MAPPINGS,
  by: { worst: `min(${series('mcp_exporter_config_last_reload_successful')})` },
});

export const otherReloads = signal({
  title: 'Prometheus and Alertmanager',
  description: 'Whether they loaded their latest configuration.',
  unit: 'none',
  mappings: IN_FORCE_MAPPINGS,
  by: {
    prometheus: `min(${series('prometheus_config_last_reload_successful')})`,
    alertmanager: `min(${series('alertmanager_config_last_reload_successful')})`,
  },
});

export const journalUp = signal({
  title: 'Journal',
  description: 'Whether the exporter can keep its history of checks, alerts and actions.',
  unit: 'none',
  mappings: KEPT_MAPPINGS,
  by: { worst: `min(${series('mcp_exporter_journal_up')})` },
});

export const connectivity = signal({
  title: 'Cut off?',
  description:
    'Whether an exporter suspects its own network: several hosts failed at the same time in ways that point to its side.',
  unit: 'none',
  mappings: TROUBLE_MAPPINGS,
  by: { worst: `max(${series('mcp_exporter_connectivity_suspected')})` },
});

function lagOf(quantile: number): string {
  return quantileBy(quantile, [], rateOf('mcp_probe_schedule_lag_seconds_bucket'));
}

export const scheduleLag = signal({
  title: 'Checks late by',
  description:
    'How late the exporter itself is: with the start of checks compared with their schedule, or with reading their answers. If it grows, its machine is busy or more checks are due than can run.',
  unit: 's',
  min: 0,
  thresholds: [
    { value: null, color: 'green' },
    { value: 1, color: 'yellow' },
    { value: 5, color: 'red' },
  ],
  by: { p50: lagOf(0.5), p95: lagOf(0.95) },
});

export const labelOverflow = signal({
  title: 'Labels cut',
  description:
    'How often the exporter replaced a label value by _OTHER because there were too many different values.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(${increaseOf('mcp_label_overflow_total')})`,
    label: `${sumBy(['metric', 'label'], increaseOf('mcp_label_overflow_total'))} > 0`,
  },
});

function lossOf(name: SeriesName, title: string, description: string) {
  return signal({
    title,
    description,
    unit: 'short',
    decimals: 0,
    min: 0,
    thresholds: THRESHOLDS.any,
    by: {
      all: `sum(${increaseOf(name)})`,
      gateway: sumBy(['gateway'], recentIncreaseOf(name)),
    },
  });
}

export const logLinesLost = lossOf(
  'mcp_exporter_log_dropped_total',
  'Log lines lost',
  'Log lines that their destination did not accept: a full disk, or a pipe that is not read.',
);
export const eventsLost = lossOf(
  'mcp_exporter_journal_dropped_total',
  'Events lost',
  'Checks, status changes and alerts that are missing from the history.',
);
export const journalErrors = lossOf(
  'mcp_exporter_journal_write_errors_total',
  'Journal writes failed',
  'Attempts to write to the journal that failed; they are made again.',
);
export const exportFailures = lossOf(
  'mcp_exporter_otlp_export_failures_total',
  'Trace exports failed',
  'Attempts to hand traces or logs to a collector that failed; traffic does not wait for them.',
);

export const ruleFailures = signal({
  title: 'Rules failed',
  description: 'Failed rule evaluations: the alerts of these rules cannot fire.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.any,
  by: {
    all: `sum(${increaseOf('prometheus_rule_evaluation_failures_total')})`,
    group: groupName(
      `${sumBy(['rule_group'], recentIncreaseOf('prometheus_rule_evaluation_failures_total'))} > 0`,
    ),
  },
});

export const missedEvaluations = signal({
  title: 'Rules left out',
  description: 'Rule evaluations that Prometheus skipped because the previous one took too long.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: { all: `sum(${increaseOf('prometheus_rule_group_iterations_missed_total')})` },
});

/** `group` of the file and the group. */
function groupName(expr: string): string {
  return `label_replace(${expr}, "group", "$1", "rule_group", ".*;(.*)")`;
}

const EVALUATION = `max by (rule_group) (${series('prometheus_rule_group_last_duration_seconds')} / ${series('prometheus_rule_group_interval_seconds')})`;

export const ruleDuration = signal({
  title: 'Time for rules',
  description:
    'Duration of the evaluation of a rule group, as a percentage of its interval. Above 100 %, evaluations are skipped.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.saturation,
  by: {
    worst: `max(${EVALUATION})`,
    group: groupName(`topk(10, ${EVALUATION})`),
  },
});

export const alertmanagers = signal({
  title: 'Alertmanagers',
  description:
    'Alertmanagers that Prometheus sends alerts to. Without any, firing alerts notify nobody.',
  unit: 'short',
  decimals: 0,
  thresholds: [
    { value: null, color: 'red' },
    { value: 1, color: 'green' },
  ],
  by: { least: `min(${series('prometheus_notifications_alertmanagers_discovered')})` },
});

export const unsentAlerts = signal({
  title: 'Alerts not sent',
  description: 'Alerts that Prometheus could not deliver to Alertmanager: rejected or dropped.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.any,
  by: {
    all: `sum(${increaseOf('prometheus_notifications_errors_total')}) + sum(${increaseOf('prometheus_notifications_dropped_total')})`,
    errors: `sum(${recentIncreaseOf('prometheus_notifications_errors_total')})`,
    dropped: `sum(${recentIncreaseOf('prometheus_notifications_dropped_total')})`,
    queued: `max(${series('prometheus_notifications_queue_length')})`,
  },
});

export const headSeries = signal({
  title: 'Series in Prometheus',
  description:
    'Series that Prometheus keeps in memory, for all its targets. Its memory use grows with them.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.none,
  by: { all: `max(${series('prometheus_tsdb_head_series')})` },
});

export const storage = signal({
  title: 'Disk of Prometheus',
  description:
    'Disk space of the samples: blocks for older ones, the write-ahead log for new ones.',
  unit: 'bytes',
  min: 0,
  by: {
    blocks: `max(${series('prometheus_tsdb_storage_blocks_bytes')})`,
    log: `max(${series('prometheus_tsdb_wal_storage_size_bytes')})`,
  },
});
