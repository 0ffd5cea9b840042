import { USER_WINDOW_NAMES } from '../../src/catalog/usage.ts';
import { type Series, TARGET } from './series.ts';
import type { Values } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { callsOf, connectionsOf, perHour } from './usage-series.ts';
import { combine, map, mean, sum } from './window-functions.ts';

/** How long a window remembers, and how many users each kind of client stands for. */
const USERS = {
  '1h': { hours: 1, each: 2 },
  '24h': { hours: 24, each: 4 },
  '7d': { hours: 168, each: 6 },
};
/** Pseudonyms, as the exporter makes them of names, and their shares of the cost. */
const PAYERS = { '5d2c81f0': 0.5, a07e93b4: 0.35, '1f66c2da': 0.15 } as const;

/** Of the requests, how many still spoke an older revision in the beginning, and do in the end. */
const OLD_SHARE = { first: 0.6, last: 0.06 } as const;
const REVISIONS = { old: '2025-06-18', now: '2025-11-25' } as const;

/** Clients are brought up to date one by one. */
export function byRevision(
  all: Values,
  { first, last }: { readonly first: number; readonly last: number },
): { readonly revision: string; readonly values: Values }[] {
  const old = all.map((count, index) => count * (first + ((last - first) * index) / all.length));
  return [
    { revision: REVISIONS.old, values: old },
    { revision: REVISIONS.now, values: combine(all, old, (count, part) => count - part) },
  ];
}

/** Of the last day, when that is over. */
export const LAST_SHARE = { first: OLD_SHARE.last, last: OLD_SHARE.last };

/** Users within a window: more while more is asked. */
export function usersOf(
  { server, operations }: ServerTraffic,
  window: keyof typeof USERS,
  samplesPerHour: number,
): Values {
  const { hours, each } = USERS[window];
  const rates = mean(sum(operations.map(({ requests }) => requests)), hours * samplesPerHour);
  return map(rates, (rate) => {
    const busy = Math.min(1, (rate / server.requestsPerSecond) * 1.6);
    return Math.ceil(server.clients.length * each * busy);
  });
}

/** Some use several servers: fewer than those of all servers, at least those of the busiest. */
export function fleetUsers(byServer: readonly Values[]): Values {
  const busiest = byServer.reduce((most, one) => combine(most, one, Math.max));
  return combine(sum(byServer), busiest, (all, most) => Math.round((all + most) / 2));
}

function* fleetUserSeries(
  fleet: readonly ServerTraffic[],
  samplesPerHour: number,
): Generator<Series> {
  for (const window of USER_WINDOW_NAMES)
    yield {
      name: 'gateway_window:mcp_fleet_active_users:max',
      labels: { ...TARGET, window },
      values: fleetUsers(fleet.map((traffic) => usersOf(traffic, window, samplesPerHour))),
    };
}

/** `mcp-usage-shares` of the rules. */
export function* shareSeries(
  fleet: readonly ServerTraffic[],
  samplesPerHour: number,
): Generator<Series> {
  for (const traffic of fleet) {
    const { server, operations } = traffic;
    const labels = { ...TARGET, server: server.name };
    const calls = perHour(callsOf(traffic), samplesPerHour);
    const all = perHour(sum(operations.map(({ requests }) => requests)), samplesPerHour);
    for (const { name: tool, share } of server.tools) {
      const values = map(calls, (count) => count * share);
      yield {
        name: 'gateway_server_tool:mcp_requests:increase1h',
        labels: { ...labels, tool },
        values,
      };
      yield {
        name: 'gateway_server_tool_source:mcp_cost_usd:increase1h',
        labels: { ...labels, tool, source: 'estimated' },
        values: map(values, (count) => count * server.usdPerCall),
      };
    }
    for (const { name: client, share } of server.clients)
      yield {
        name: 'gateway_server_client:mcp_client_requests:increase1h',
        labels: { ...labels, client },
        values: map(all, (count) => count * share),
      };
    for (const { revision, values } of byRevision(all, OLD_SHARE))
      yield {
        name: 'gateway_server_protocol_version:mcp_protocol_requests:increase1h',
        labels: { ...labels, protocol_version: revision },
        values,
      };
    for (const window of USER_WINDOW_NAMES)
      yield {
        name: 'gateway_server_window:mcp_active_users:max',
        labels: { ...labels, window },
        values: usersOf(traffic, window, samplesPerHour),
      };
    yield {
      name: 'gateway_server:mcp_active_sessions:sum',
      labels,
      values: map(connectionsOf(traffic), (count) => (server.era === 'modern' ? 0 : count)),
    };
  }
  yield* fleetUserSeries(fleet, samplesPerHour);
  const cost = sum(
    fleet.map((traffic) => map(callsOf(traffic), (rate) => rate * traffic.server.usdPerCall)),
  );
  for (const [user, share] of Object.entries(PAYERS))
    yield {
      name: 'gateway_user:mcp_user_cost_usd:increase1h',
      labels: { ...TARGET, user },
      values: map(perHour(cost, samplesPerHour), (dollars) => dollars * share),
    };
}
