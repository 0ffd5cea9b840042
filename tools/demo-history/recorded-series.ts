import { alertSeries } from './alert-series.ts';
import { anomalySeries, tolerances } from './anomaly-series.ts';
import { capacitySeries, forecastSeries, limits } from './capacity-series.ts';
import { counterSeries } from './counter-series.ts';
import { healthSeries } from './health-series.ts';
import { BOUNDS_SECONDS, histogramQuantile } from './latency.ts';
import {
  addLoads,
  averageLoad,
  latencySeries,
  type Load,
  loadOf,
  failureKindSeries,
  requestSeries,
} from './load-series.ts';
import { type Series, TARGET } from './series.ts';
import { shareSeries } from './share-series.ts';
import { errorBudgets, sloSeries } from './slo-series.ts';
import type { Timeline } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { connectionsOf, usageSeries } from './usage-series.ts';
import { divide, meanOfWindow, sum } from './window-functions.ts';

const HOUR_SECONDS = 3_600;
/** The latency of each operation makes most of the samples: only so far back as weeks are compared. */
const DETAIL_DAYS = 8;

/** Everything that the rules of `prometheus/rules/` would have recorded, and the alerts that would have fired. */
export function* recordedSeries(
  fleet: readonly ServerTraffic[],
  timeline: Timeline,
  nowSeconds: number,
): Generator<Series> {
  for (const series of seriesWithoutCounters(fleet, timeline, nowSeconds)) {
    yield series;
    yield* counterSeries(series, timeline.stepSeconds);
  }
}

function* seriesWithoutCounters(
  fleet: readonly ServerTraffic[],
  timeline: Timeline,
  nowSeconds: number,
): Generator<Series> {
  const perHour = HOUR_SECONDS / timeline.stepSeconds;
  const perDay = 24 * perHour;
  const loads = fleet.map(({ operations }) => addLoads(operations.map(loadOf)));
  for (const [index, traffic] of fleet.entries()) {
    for (const each of traffic.operations) {
      const labels = { ...TARGET, server: traffic.server.name, operation: each.operation };
      const series = levelSeries('gateway_server_operation', labels, loadOf(each), perHour);
      for (const detail of series)
        yield isLatency(detail) ? onlyLast(detail, DETAIL_DAYS * perDay) : detail;
    }
    const load = loads[index];
    if (load) yield* serverSeries(traffic, load, perHour);
  }
  const all = addLoads(loads);
  yield* levelSeries('gateway', TARGET, all, perHour);
  yield* healthSeries(fleet, perDay);
  yield* usageSeries(fleet, perHour);
  yield* shareSeries(fleet, perHour);
  yield* capacitySeries(all.requests, sum(fleet.map(connectionsOf)), perDay);
  yield* limits(timeline.length);
  yield* errorBudgets(timeline.length);
  yield* tolerances(timeline.length);
  yield* alertSeries(
    fleet.map(({ server }) => server),
    timeline,
    nowSeconds,
  );
}

function isLatency({ name }: Series): boolean {
  return name.includes(':mcp_request_duration_seconds');
}

function onlyLast(series: Series, samples: number): Series {
  const { length } = series.values;
  return {
    ...series,
    values: series.values.map((value, index) => (index < length - samples ? NaN : value)),
  };
}

function* levelSeries(
  level: string,
  labels: Series['labels'],
  load: Load,
  perHour: number,
): Generator<Series> {
  const hourly = averageLoad(load, perHour);
  yield* requestSeries(level, labels, load, '5m');
  yield* requestSeries(level, labels, hourly, '1h');
  yield* latencySeries(level, labels, load, '5m');
  yield* latencySeries(level, labels, hourly, '1h');
}

function* serverSeries(traffic: ServerTraffic, load: Load, perHour: number): Generator<Series> {
  const { name, failures } = traffic.server;
  const labels = { ...TARGET, server: name };
  yield* levelSeries('gateway_server', labels, load, perHour);
  for (const { errorType, share } of failures)
    yield {
      name: 'gateway_server_error_type:mcp_request_errors:rate5m',
      labels: { ...labels, error_type: errorType },
      values: load.failed.map((rate) => rate * share),
    };
  const toolErrorShare = failures
    .filter(({ outcome }) => outcome === 'tool_error')
    .reduce((total, { share }) => total + share, 0);
  const toolErrors = load.failed.map((rate) => rate * toolErrorShare);
  const serverErrors = load.failed.map((rate) => rate * (1 - toolErrorShare));
  yield* failureKindSeries('tool_error', labels, toolErrors, load.requests);
  yield* failureKindSeries('server_error', labels, serverErrors, load.requests);
  yield* sloSeries(traffic, { ...load, failed: serverErrors }, perHour);
  yield* anomalySeries(
    name,
    {
      request_rate: load.requests,
      p95: histogramQuantile(0.95, BOUNDS_SECONDS, load.buckets),
      error_ratio: divide(load.failed, load.requests),
    },
    perHour,
  );
  yield* forecastSeries(name, meanOfWindow(load.requests, perHour), 24 * perHour);
}
