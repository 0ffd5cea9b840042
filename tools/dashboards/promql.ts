import { CATALOG, type CatalogSeries } from '../../src/catalog/catalog.ts';
import { NOT_RECORDED } from './mappings.ts';
import { RECORDED_SERIES } from './recorded-series.ts';

/** What Prometheus and Alertmanager tell of themselves, of scrapes and of alerts, as far as pages show it. */
type ForeignSeries =
  | 'ALERTS'
  | 'ALERTS_FOR_STATE'
  | 'alertmanager_alerts'
  | 'alertmanager_config_last_reload_successful'
  | 'alertmanager_notifications_failed_total'
  | 'alertmanager_notifications_total'
  | 'alertmanager_silences'
  | 'prometheus_config_last_reload_successful'
  | 'prometheus_notifications_alertmanagers_discovered'
  | 'prometheus_notifications_dropped_total'
  | 'prometheus_notifications_errors_total'
  | 'prometheus_notifications_queue_length'
  | 'prometheus_rule_evaluation_failures_total'
  | 'prometheus_rule_group_interval_seconds'
  | 'prometheus_rule_group_iterations_missed_total'
  | 'prometheus_rule_group_last_duration_seconds'
  | 'prometheus_tsdb_head_series'
  | 'prometheus_tsdb_storage_blocks_bytes'
  | 'prometheus_tsdb_wal_storage_size_bytes'
  | 'scrape_duration_seconds'
  | 'scrape_samples_post_metric_relabeling'
  | 'up';

export type SeriesName = CatalogSeries | ForeignSeries | (typeof RECORDED_SERIES)[number];

/** What a selector is narrowed down to by the variables on top of a page. */
export type Scope = 'all' | 'gateway' | 'server';

const MATCHERS: Readonly<Record<Scope, readonly string[]>> = {
  all: [],
  gateway: ['job=~"$job"', 'gateway=~"$gateway"'],
  server: ['job=~"$job"', 'gateway=~"$gateway"', 'server=~"$server"'],
};

/**
 * A selector that follows the variables of the page as far as the series has their labels.
 *
 * @param name a series of the catalog, of our rules or of Prometheus: any other does not compile
 * @param matchers more of them, such as `status="offline"`
 */
export function series(name: SeriesName, ...matchers: readonly string[]): string {
  return within(scopeOf(name), name, ...matchers);
}

/** The same within a scope of your choice: `gateway` for a share of a whole, say. */
export function within(scope: Scope, name: SeriesName, ...matchers: readonly string[]): string {
  const all = [...MATCHERS[scope], ...matchers];
  return all.length === 0 ? name : `${name}{${all.join(',')}}`;
}

/** Every program tells of its process: that of an exporter, even where all jobs are chosen. */
export function ofExporter(expr: string): string {
  return `(${expr} and on (job, instance) ${series('mcp_exporter_build_info')})`;
}

/** Alerts of ours; those about monitoring itself belong to no server and no gateway. */
export function alertSeries(
  name: 'ALERTS' | 'ALERTS_FOR_STATE',
  ...matchers: readonly string[]
): string {
  const all = ['component="mcp"', 'gateway=~"$gateway|"', 'server=~"$server|"', ...matchers];
  return `${name}{${all.join(',')}}`;
}

const WITH_SERVER: ReadonlySet<string> = new Set(
  CATALOG.filter(({ labels }) => labels.includes('server')).map(({ name }) => name),
);
const OURS: ReadonlySet<string> = new Set(CATALOG.map(({ name }) => name));
const RECORDED: ReadonlySet<string> = new Set(RECORDED_SERIES);

function scopeOf(name: SeriesName): Scope {
  if (RECORDED.has(name)) {
    if (name.startsWith('gateway_server') || name.startsWith('mcp:anomaly:')) return 'server';
    return name.startsWith('gateway') ? 'gateway' : 'all';
  }
  const metric = name.replace(/_(?:bucket|sum|count)$/, '');
  if (WITH_SERVER.has(name) || WITH_SERVER.has(metric)) return 'server';
  return OURS.has(name) || OURS.has(metric) ? 'gateway' : 'all';
}

/** On the pages about details, which let one operation be chosen. */
export const CHOSEN = 'operation=~"$operation"';

/** A timeline without a line shows an error: while nothing is recorded it has one that says so. */
export function orNotRecorded(expr: string): string {
  return `${expr} or on () label_replace(vector(${NOT_RECORDED.value}), "server", "(no server)", "", "")`;
}

/** How fast a counter grew, over a window that suits both the scrape interval and the width of the panel. */
export function rate(name: SeriesName, ...matchers: readonly string[]): string {
  return `rate(${series(name, ...matchers)}[$__rate_interval])`;
}

/** How much a counter grew over all that the page shows. */
export function increase(name: SeriesName, ...matchers: readonly string[]): string {
  return `increase(${series(name, ...matchers)}[$__range])`;
}

/**
 * What is recorded once an hour or more often, hour by hour: added up, of sums of an hour, it is the sum of all. Reads a
 * tiny part of what `increase` over the raw samples of weeks would.
 *
 * @param name recorded as `…:increase1h`, or as `…:rate1h`, whose sum is then to be taken 3600 times
 */
export function total(
  name: (typeof RECORDED_SERIES)[number],
  window: '$__range' | '1d' | '7d' | '30d',
  ...matchers: readonly string[]
): string {
  return `sum_over_time(${series(name, ...matchers)}[${window}:1h])`;
}
