import { CATALOG, type CatalogSeries } from '../../src/catalog/catalog.ts';
import type { LabelName, LabelOf } from '../../src/catalog/promql/labels.ts';
import { type Matchers, matching, not, renderMatchers } from '../../src/catalog/promql/matchers.ts';
import { increase, rate, selector } from '../../src/catalog/promql/promql.ts';
import {
  type CallOutcome,
  FAILED_OUTCOMES,
  UNCOUNTED_OUTCOMES,
} from '../../src/facts/call-outcome.ts';
import { OVERFLOW_LABEL } from '../../src/facts/rules/label-bound.ts';
import { NOT_RECORDED } from './mappings.ts';
import { RECORDED_SERIES } from './recorded-series.ts';

/** What Prometheus and Alertmanager report about themselves, scrapes and alerts, as far as pages show it. */
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

/** What the variables of a page limit a selector to. */
export type Scope = 'all' | 'gateway' | 'server';

/** Job, gateway and server as selected at the top of the page. */
const CHOSEN_SCOPE = {
  job: matching('$job'),
  gateway: matching('$gateway'),
  server: matching('$server'),
} as const;
const { server: _, ...CHOSEN_GATEWAY } = CHOSEN_SCOPE;
const SCOPES: Readonly<Record<Scope, Matchers<'job' | 'gateway' | 'server'>>> = {
  all: {},
  gateway: CHOSEN_GATEWAY,
  server: CHOSEN_SCOPE,
};

type MatchersOf<Name extends SeriesName> = Matchers<LabelOf<Name>>;

/**
 * A selector that applies the variables of the page whose labels the series has.
 *
 * @param name a series of the catalog, of our rules or of Prometheus: any other does not compile
 * @param matchers more conditions, such as `{ status: 'offline' }`
 */
export function series<Name extends SeriesName>(
  name: Name,
  ...matchers: readonly MatchersOf<Name>[]
): string {
  return within(scopeOf(name), name, ...matchers);
}

/** The same within an explicit scope, such as `gateway` for a share of a whole. */
export function within<Name extends SeriesName>(
  scope: Scope,
  name: Name,
  ...matchers: readonly MatchersOf<Name>[]
): string {
  return selector<string>(name, SCOPES[scope], ...(matchers as readonly Matchers<LabelName>[]));
}

/** Every program has process metrics: these are only those of exporters, even if all jobs are selected. */
export function ofExporter(expr: string): string {
  return `(${expr} and on (job, instance) ${series('mcp_exporter_build_info')})`;
}

/** Alerts of ours; those about monitoring itself belong to no server and no gateway. */
export function alertSeries(
  name: 'ALERTS' | 'ALERTS_FOR_STATE',
  ...matchers: readonly Matchers<LabelName>[]
): string {
  const scope = { component: 'mcp', gateway: matching('$gateway|'), server: matching('$server|') };
  return selector<string>(name, scope, ...matchers);
}

/**
 * Grafana escapes a choice of several for a pattern, but not a choice of one: "search (eu)" would not find itself. Alerts
 * about no server, which a trailing `|` lets in on other pages, are left to those.
 */
export function withExactServer(expr: string): string {
  const exact = renderMatchers({ server: '$server' });
  return [matching('$server|'), matching('$server')].reduce(
    (text, pattern) => text.replaceAll(renderMatchers({ server: pattern }), exact),
    expr,
  );
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

/** For pages that have a variable for the operation. */
export const CHOSEN = { operation: matching('$operation') } as const;

/** Calls of tools. */
export const CALL = { operation: 'tools/call' } as const;

/** Calls that count as failures of the server. */
export const FAILED = { outcome: FAILED_OUTCOMES } as const;

/** Calls that error ratios are a share of. */
export const COUNTED = { outcome: not(...UNCOUNTED_OUTCOMES) } as const;

/** Calls that the gateway refused. */
export const REFUSED = {
  outcome: ['denied', 'rate_limited'] as const satisfies readonly CallOutcome[],
};

/** Configured servers only. */
export const KNOWN_SERVERS = { server: not(OVERFLOW_LABEL) } as const;

/** A timeline without a line shows an error: while nothing is recorded, it has one line that says so. */
export function orNotRecorded(expr: string): string {
  return `${expr} or on () label_replace(vector(${NOT_RECORDED.value}), "server", "(no server)", "", "")`;
}

/** Growth per second of a counter, over a window that suits both the scrape interval and the width of the panel. */
export function rateOf<Name extends SeriesName>(
  name: Name,
  ...matchers: readonly MatchersOf<Name>[]
): string {
  return rate(series(name, ...matchers), '$__rate_interval');
}

/** Growth of a counter within the same window as {@link rateOf}. */
export function recentIncreaseOf<Name extends SeriesName>(
  name: Name,
  ...matchers: readonly MatchersOf<Name>[]
): string {
  return increase(series(name, ...matchers), '$__rate_interval');
}

/** Growth of a counter within the time range of the page. */
export function increaseOf<Name extends SeriesName>(
  name: Name,
  ...matchers: readonly MatchersOf<Name>[]
): string {
  return increase(series(name, ...matchers), '$__range');
}

/**
 * The sum, hour by hour, of what is recorded once an hour or more often. Reads a tiny part of what `increase` over the raw
 * samples of weeks would.
 *
 * @param name recorded as `…:increase1h`, or as `…:rate1h`, whose sum has to be multiplied by 3600
 */
export function totalOf(
  name: (typeof RECORDED_SERIES)[number],
  window: '$__range' | '1d' | '7d' | '30d',
  ...matchers: readonly Matchers<LabelName>[]
): string {
  return `sum_over_time(${series(name, ...matchers)}[${window}:1h])`;
}
