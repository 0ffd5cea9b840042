import { CATALOG } from '../../../src/catalog/catalog.ts';
import type { Metric } from '../../../src/catalog/metric.ts';

/** What may be asked for: of our catalog, of Prometheus and Alertmanager themselves, and recorded. */
export interface Series {
  /** Counters and the parts of histograms have to be read through `rate` and the like. */
  readonly isCounter: boolean;
  readonly isRecorded?: boolean;
  readonly labels: readonly string[];
  readonly values?: Readonly<Record<string, readonly string[] | undefined>>;
}

export type KnownSeries = ReadonlyMap<string, Series>;

/** Added by Prometheus to whatever it scrapes. */
const TARGET_LABELS = ['job', 'gateway', 'instance'] as const;

/** The gateway is a label of our own targets only. */
const foreign = (isCounter: boolean, ...labels: string[]): Series => ({
  isCounter,
  labels: ['job', 'instance', ...labels],
});

const ALERT_LABELS = ['alertname', 'severity', 'component', 'job', 'gateway', 'server'];

/** What Prometheus and Alertmanager tell of themselves and of scrapes, as far as we use it. */
const FOREIGN: Readonly<Record<string, Series>> = {
  up: foreign(false, 'gateway'),
  scrape_duration_seconds: foreign(false, 'gateway'),
  scrape_samples_post_metric_relabeling: foreign(false, 'gateway'),
  prometheus_rule_evaluation_failures_total: foreign(true, 'rule_group'),
  prometheus_rule_group_interval_seconds: foreign(false, 'rule_group'),
  prometheus_rule_group_iterations_missed_total: foreign(true, 'rule_group'),
  prometheus_rule_group_last_duration_seconds: foreign(false, 'rule_group'),
  prometheus_tsdb_head_series: foreign(false),
  prometheus_tsdb_storage_blocks_bytes: foreign(false),
  prometheus_tsdb_wal_storage_size_bytes: foreign(false),
  prometheus_notifications_errors_total: foreign(true, 'alertmanager'),
  prometheus_notifications_dropped_total: foreign(true),
  prometheus_notifications_queue_length: foreign(false),
  prometheus_notifications_alertmanagers_discovered: foreign(false),
  prometheus_config_last_reload_successful: foreign(false),
  alertmanager_config_last_reload_successful: foreign(false),
  alertmanager_alerts: foreign(false, 'state'),
  alertmanager_silences: foreign(false, 'state'),
  alertmanager_notifications_total: foreign(true, 'integration'),
  alertmanager_notifications_failed_total: foreign(true, 'integration', 'reason'),
  ALERTS: { isCounter: false, labels: [...ALERT_LABELS, 'alertstate'] },
  ALERTS_FOR_STATE: { isCounter: false, labels: ALERT_LABELS },
};

export function scrapedSeries(): Map<string, Series> {
  return new Map([...Object.entries(FOREIGN), ...CATALOG.flatMap((metric) => seriesOf(metric))]);
}

function seriesOf({ name, kind, labels, values, buckets }: Metric): [string, Series][] {
  const base = { isCounter: kind !== 'gauge', labels: [...TARGET_LABELS, ...labels] };
  const known = values ? { ...base, values } : base;
  if (kind !== 'histogram') return [[name, known]];
  const bounds = [...(buckets ?? []).map(String), '+Inf'];
  return [
    [
      `${name}_bucket`,
      { ...known, labels: [...known.labels, 'le'], values: { ...values, le: bounds } },
    ],
    [`${name}_sum`, known],
    [`${name}_count`, known],
  ];
}
