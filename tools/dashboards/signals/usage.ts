import { not } from '../../../src/catalog/promql/matchers.ts';
import { countBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { OVERFLOW_LABEL } from '../../../src/facts/rules/label-bound.ts';
import { series, type SeriesName, totalOf } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const REQUESTS = 'gateway_server:mcp_requests:increase1h';
const OPERATIONS = 'gateway_server_operation:mcp_requests:rate1h';
const TOOLS = 'gateway_server_tool:mcp_requests:increase1h';
const CLIENTS = 'gateway_server_client:mcp_client_requests:increase1h';
const REVISIONS = 'gateway_server_protocol_version:mcp_protocol_requests:increase1h';
const DAY_SECONDS = 86_400;
const NAMED_TOOLS = { tool: not(OVERFLOW_LABEL, '') };
const SERVER_IDENTITY = ['job', 'gateway', 'server'] as const;

/** A slice without a name would be a riddle. */
function named(label: string, otherwise: string, expr: string): string {
  return `label_replace(${expr}, "${label}", "${otherwise}", "${label}", "")`;
}

/** Requests by what the server reported in its last handshake. */
function byServerFact(label: 'era' | 'transport'): string {
  const facts = `topk by (${SERVER_IDENTITY.join(', ')}) (1, max by (${SERVER_IDENTITY.join(', ')}, ${label}) (${series('mcp_server_info')}))`;
  const requests = sumBy(SERVER_IDENTITY, totalOf(REQUESTS, '$__range'));
  const share = `round(sum by (${label}) (${requests} * on (${SERVER_IDENTITY.join(', ')}) group_left (${label}) ${facts})) > 0`;
  return named(label, 'not known', share);
}

export const requestTotal = signal({
  title: 'Requests',
  description: 'Exchanges through the gateway in the selected time range, hour by hour.',
  unit: 'short',
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    fleet: `round(sum(${totalOf(REQUESTS, '$__range')}))`,
    server: `round(${sumBy(['gateway', 'server'], totalOf(REQUESTS, '$__range'))})`,
    topServers: `topk(10, round(${sumBy(['gateway', 'server'], totalOf(REQUESTS, '$__range'))}) > 0)`,
    operation: `topk(10, round(3600 * ${sumBy(['operation'], totalOf(OPERATIONS, '$__range'))}) > 0)`,
    topTools: `topk(10, round(${sumBy(['gateway', 'server', 'tool'], totalOf(TOOLS, '$__range', NAMED_TOOLS))}) > 0)`,
    tool: `round(${sumBy(['gateway', 'server', 'tool'], totalOf(TOOLS, '$__range', NAMED_TOOLS))}) > 0`,
    client: named(
      'client',
      'no name',
      `round(${sumBy(['client'], totalOf(CLIENTS, '$__range'))}) > 0`,
    ),
    revision: named(
      'protocol_version',
      'not said',
      `round(${sumBy(['protocol_version'], totalOf(REVISIONS, '$__range'))}) > 0`,
    ),
    era: byServerFact('era'),
    transport: byServerFact('transport'),
  },
});

export const requestsPerDay = signal({
  title: 'Requests a day',
  description:
    'Each point or bar covers the 24 hours before it. As one number, all requests in the selected time range divided by its days: days without data count as days without requests.',
  unit: 'short',
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    /** Of the whole time range: what is younger has had less. */
    mean: `round(${DAY_SECONDS} / $__range_s * sum(${totalOf(REQUESTS, '$__range')}))`,
    server: `round(${sumBy(['gateway', 'server'], totalOf(REQUESTS, '1d'))})`,
    revision: named(
      'protocol_version',
      'not said',
      `round(${sumBy(['protocol_version'], totalOf(REVISIONS, '1d'))}) > 0`,
    ),
    client: named('client', 'no name', `round(${sumBy(['client'], totalOf(CLIENTS, '1d'))}) > 0`),
  },
});

const DAYS = ['7 Sun', '1 Mon', '2 Tue', '3 Wed', '4 Thu', '5 Fri', '6 Sat'] as const;

/** The mean of each hour of the week. An hour is recorded at its end, so it belongs to the hour before. */
function hoursOfTheWeek(name: SeriesName): string {
  const begin = 'vector(time() - 3600)';
  const clock = `count_values("hour", hour(${begin})) * on () group_left (weekday) count_values("weekday", day_of_week(${begin}))`;
  const told = `sum(${series(name)}) * on () group_left (hour, weekday) (${clock})`;
  const means = `sum by (weekday, hour) (avg_over_time((${told})[$__range:1h]))`;
  const padded = `label_replace(${means}, "hour", "0$1", "hour", "(.)")`;
  return DAYS.reduce(
    (expr, day, number) =>
      `label_replace(${expr}, "weekday", "${day}", "weekday", "${String(number)}")`,
    padded,
  );
}

export const weeklyHours = signal({
  title: 'Requests by hour and weekday (UTC)',
  description:
    'Mean number of requests in each hour of the week, in UTC: shows when a restart affects the fewest calls.',
  unit: 'short',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: hoursOfTheWeek(REQUESTS),
    busiest: `topk(1, ${hoursOfTheWeek(REQUESTS)})`,
    top: `topk(10, ${hoursOfTheWeek(REQUESTS)})`,
  },
});

const CLIENTS_OF_SERVERS = `${sumBy(['gateway', 'server', 'client'], totalOf(CLIENTS, '$__range', { client: not('') }))} > 0`;

export const clients = signal({
  title: 'Clients',
  description:
    'Client programs, by the name that they report. After the first 50 of a server they are combined as _OTHER.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { all: `count(${countBy(['client'], CLIENTS_OF_SERVERS)})` },
});

export const serversOfClient = signal({
  title: 'Servers',
  description: 'How many servers the client called in the selected time range.',
  unit: 'short',
  decimals: 0,
  by: {
    client: named(
      'client',
      'no name',
      `count by (client) (${sumBy(['gateway', 'server', 'client'], totalOf(CLIENTS, '$__range'))} > 0)`,
    ),
  },
});

export const usersOverTime = signal({
  title: 'Active users',
  description:
    'Distinct users within the hour, the day and the week before each point. Someone who uses several servers of a gateway counts once.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: { window: sumBy(['window'], series('gateway_window:mcp_fleet_active_users:max')) },
});

export const openSessions = signal({
  title: 'Open sessions',
  description: 'Open client sessions. Protocol revision 2026-07-28 has none.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: { server: sumBy(['gateway', 'server'], series('gateway_server:mcp_active_sessions:sum')) },
});

const HANDSHAKES = { operation: ['initialize', 'server/discover'] };

export const sessionsStarted = signal({
  title: 'Sessions started',
  description:
    'Handshakes of clients: each starts a session, or sessionless use with revision 2026-07-28.',
  unit: 'short',
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `round(3600 * sum(${totalOf(OPERATIONS, '$__range', HANDSHAKES)}))`,
    daily: `round(3600 * sum(${totalOf(OPERATIONS, '1d', HANDSHAKES)}))`,
  },
});
