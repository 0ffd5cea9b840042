import {
  activeConnections,
  activeSessions,
  gatewayOverhead,
  requestDuration,
  requestErrors,
  requests,
  requestsInFlight,
  requestSize,
  responseSize,
  sseStreamsActive,
} from '../../src/catalog/gateway.ts';
import type { Metric } from '../../src/catalog/metric.ts';
import {
  activeUsers,
  clientRequests,
  cost,
  protocolRequests,
  tokens,
  USER_WINDOW_NAMES,
} from '../../src/catalog/usage.ts';
import { leOf, meanOfMedian, shareUpTo } from './latency.ts';
import { counted, rawSeries } from './raw-metric.ts';
import { byRevision, LAST_SHARE, usersOf } from './share-series.ts';
import type { Series } from './series.ts';
import type { Timeline, Values } from './timeline.ts';
import type { OperationTraffic, ServerTraffic } from './traffic.ts';
import { connectionsOf } from './usage-series.ts';
import { combine, map, sum } from './window-functions.ts';

/** Medians of durations that have their own histogram. */
const REQUEST_BYTES = 260;
const OVERHEAD_SECONDS = 0.0003;
const BYTES_PER_TOKEN = 4;

/** A tool, or an operation without one. */
interface Part {
  readonly operation: string;
  readonly tool: string;
  readonly requests: Values;
  readonly failed: Values;
  readonly medianSeconds: Values;
}

/** Calls, clients, tokens and cost of one server. */
export function* rawCallSeries(traffic: ServerTraffic, timeline: Timeline): Generator<Series> {
  const { server, operations } = traffic;
  const own = { server: server.name };
  const parts = operations.flatMap((each) => partsOf(each, traffic));
  for (const part of parts) yield* partSeries(part, traffic, timeline);
  const all = sum(operations.map((each) => each.requests));
  const connections = connectionsOf(traffic);
  const place = { ...own, transport: server.transport === 'stdio' ? 'http' : server.transport };
  yield rawSeries(activeConnections, place, connections);
  yield rawSeries(
    activeSessions,
    place,
    map(connections, (count) => (server.era === 'modern' ? 0 : count)),
  );
  yield rawSeries(
    requestsInFlight,
    place,
    map(all, (rate) => Math.round(rate)),
  );
  yield rawSeries(
    sseStreamsActive,
    place,
    map(connections, (count) => Math.round(count / 3)),
  );
  for (const { name, share } of server.clients) {
    const rates = map(all, (rate) => rate * share);
    yield rawSeries(clientRequests, { ...own, client: name }, counted(rates, timeline));
  }
  for (const { revision, values } of byRevision(all, LAST_SHARE)) {
    const version = { ...own, protocol_version: revision };
    yield rawSeries(protocolRequests, version, counted(values, timeline));
  }
  for (const window of USER_WINDOW_NAMES)
    yield rawSeries(
      activeUsers,
      { ...own, window },
      usersOf(traffic, window, 3_600 / timeline.stepSeconds),
    );
  const answerBytes = server.tokensPerCall.output * BYTES_PER_TOKEN;
  yield* spreadSeries(requestSize, own, all, REQUEST_BYTES, timeline);
  yield* spreadSeries(responseSize, own, all, answerBytes, timeline);
  yield* spreadSeries(gatewayOverhead, own, all, OVERHEAD_SECONDS, timeline);
}

function partsOf(each: OperationTraffic, { server }: ServerTraffic): Part[] {
  const { operation, requests: rates, failed, medianSeconds } = each;
  if (operation !== 'tools/call') return [{ ...each, tool: '' }];
  return server.tools.map(({ name, share, slower }) => ({
    operation,
    tool: name,
    requests: map(rates, (rate) => rate * share),
    failed: map(failed, (rate) => rate * share),
    medianSeconds: map(medianSeconds, (seconds) => seconds * slower),
  }));
}

function* partSeries(part: Part, traffic: ServerTraffic, timeline: Timeline): Generator<Series> {
  const { server } = traffic;
  const { operation, tool } = part;
  const what = { server: server.name, tool, operation };
  const way = { ...what, method: 'POST', endpoint: `/${operation}` };
  const good = combine(part.requests, part.failed, (rate, bad) => rate - bad);
  const ok = { ...way, status: '200', outcome: 'success' };
  yield rawSeries(requests, ok, counted(good, timeline));
  for (const { errorType, outcome, status, share } of server.failures) {
    const rates = counted(
      map(part.failed, (rate) => rate * share),
      timeline,
    );
    yield rawSeries(requests, { ...way, status, outcome }, rates);
    yield rawSeries(requestErrors, { ...what, error_type: errorType }, rates);
  }
  yield* spreadSeries(requestDuration, way, part.requests, part.medianSeconds, timeline);
  if (tool === '') return;
  const priced = { server: server.name, tool, source: 'estimated' };
  for (const direction of ['input', 'output'] as const) {
    const rates = map(part.requests, (rate) => rate * server.tokensPerCall[direction]);
    yield rawSeries(tokens, { ...priced, direction }, counted(rates, timeline));
  }
  const dollars = map(part.requests, (rate) => rate * server.usdPerCall);
  yield rawSeries(cost, priced, counted(dollars, timeline, false));
}

/** A histogram of what spreads around a median. */
function* spreadSeries<Label extends string>(
  metric: Metric<Label>,
  labels: Readonly<Record<Label, string>>,
  rates: Values,
  median: number | Values,
  timeline: Timeline,
): Generator<Series> {
  const { name, buckets = [] } = metric;
  const medianAt = (index: number): number =>
    typeof median === 'number' ? median : (median[index] ?? 0);
  for (const bound of [...buckets, Infinity]) {
    const within = rates.map((rate, index) => rate * shareUpTo(bound, medianAt(index)));
    const series = rawSeries(
      { ...metric, name: `${name}_bucket` },
      labels,
      counted(within, timeline),
    );
    yield { ...series, labels: { ...series.labels, le: leOf(bound) } };
  }
  const totals = rates.map((rate, index) => rate * meanOfMedian(medianAt(index)));
  yield rawSeries({ ...metric, name: `${name}_sum` }, labels, counted(totals, timeline, false));
  yield rawSeries({ ...metric, name: `${name}_count` }, labels, counted(rates, timeline));
}
