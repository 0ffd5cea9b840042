import { type Labels, type Series, TARGET } from './series.ts';
import type { Values } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { map, meanOfWindow, sum, total } from './window-functions.ts';

const HOUR_SECONDS = 3_600;
const DIRECTIONS = ['input', 'output'] as const;

/** Tool calls per second. */
export function callsOf({ operations }: ServerTraffic): Values {
  return (
    operations.find(({ operation }) => operation === 'tools/call')?.requests ?? new Float64Array()
  );
}

/** Connections that the clients of a server hold: some for each busy one of them. */
export function connectionsOf({ operations, server }: ServerTraffic): Values {
  const requests = sum(operations.map((each) => each.requests));
  return map(requests, (rate) => Math.round(server.clients.length + rate * 6));
}

/** How many in the hour before. */
export function perHour(rates: Values, samplesPerHour: number): Values {
  return map(meanOfWindow(rates, samplesPerHour), (rate) => rate * HOUR_SECONDS);
}

/** `mcp-usage` of the rules. */
export function* usageSeries(
  fleet: readonly ServerTraffic[],
  samplesPerHour: number,
): Generator<Series> {
  const hourly = (rates: Values): Values => perHour(rates, samplesPerHour);
  const stepSeconds = HOUR_SECONDS / samplesPerHour;
  yield* atBothLevels('mcp_requests:increase1h', fleet, TARGET, ({ operations }) =>
    hourly(sum(operations.map(({ requests }) => requests))),
  );
  yield* atBothLevels('mcp_active_connections:sum', fleet, TARGET, connectionsOf);
  for (const direction of DIRECTIONS) {
    const tokens = (traffic: ServerTraffic): Values =>
      map(callsOf(traffic), (rate) => rate * traffic.server.tokensPerCall[direction]);
    const labels = { ...TARGET, direction };
    yield* atBothLevels('mcp_tokens:rate5m', fleet, labels, tokens, '_direction');
    const inAnHour = (traffic: ServerTraffic): Values => hourly(tokens(traffic));
    yield* atBothLevels('mcp_tokens:increase1h', fleet, labels, inAnHour, '_direction');
  }
  const cost = (traffic: ServerTraffic): Values =>
    map(callsOf(traffic), (rate) => rate * traffic.server.usdPerCall);
  yield* atBothLevels('mcp_cost_usd:rate5m', fleet, TARGET, cost);
  yield* atBothLevels('mcp_cost_usd:increase1h', fleet, TARGET, (traffic) => hourly(cost(traffic)));
  yield* atBothLevels('mcp_cost_usd:increase1d', fleet, TARGET, (traffic) =>
    map(total(cost(traffic), 24 * samplesPerHour), (each) => each * stepSeconds),
  );
}

function* atBothLevels(
  name: string,
  fleet: readonly ServerTraffic[],
  labels: Labels,
  valuesOf: (traffic: ServerTraffic) => Values,
  level = '',
): Generator<Series> {
  const all = fleet.map((traffic) => ({ server: traffic.server.name, values: valuesOf(traffic) }));
  for (const { server, values } of all)
    yield { name: `gateway_server${level}:${name}`, labels: { ...labels, server }, values };
  yield { name: `gateway${level}:${name}`, labels, values: sum(all.map(({ values }) => values)) };
}
