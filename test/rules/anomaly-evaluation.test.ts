import { expect, test } from 'vitest';
import type { DemoServer, Incident } from '../../tools/demo-history/demo-server.ts';
import { DEMO_SERVERS } from '../../tools/demo-history/demo-servers.ts';
import { recordedSeries } from '../../tools/demo-history/recorded-series.ts';
import type { Series } from '../../tools/demo-history/series.ts';
import { createTimeline, type Timeline } from '../../tools/demo-history/timeline.ts';
import { simulate } from '../../tools/demo-history/traffic.ts';
import { evaluateAlerts, type Sightings } from './support/evaluate-alerts.ts';
import { isMissing } from './support/programs.ts';
import type { RuleGroup } from '../../src/catalog/rule-file.ts';
import { readGroups } from './support/rule-files.ts';

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const DAYS = 14;
/** The rules are evaluated each minute; promtool looks at no more than 10,000 samples at once, and a week has more. */
const STEP_SECONDS = isFull ? 120 : 300;
/** Forecasts read whole weeks and wait an hour, and so find the same at longer steps. */
const FORECAST_STEP_SECONDS = isFull ? 120 : 900;
/** The end, a Monday at midnight. */
const NOW_SECONDS = Date.UTC(2026, 10, 23) / 1_000;
const DAY_HOURS = 24;

interface Planted {
  readonly title: string;
  readonly server: string;
  /** What has to say so. */
  readonly alertname: string;
  readonly incident: Incident;
}

/** In the second week, for only then there is a week to compare with. Days end at midnight: .6 of one is ten in the morning. */
const PLANTED: readonly Planted[] = [
  {
    title: 'two hours without most of the traffic, on a working day',
    server: 'office',
    alertname: 'McpTrafficAnomaly',
    incident: { daysAgo: 5.6, hours: 2, traffic: 0.1 },
  },
  {
    title: 'four times the traffic for an hour',
    server: 'always',
    alertname: 'McpTrafficAnomaly',
    incident: { daysAgo: 4.4, hours: 1, traffic: 4 },
  },
  {
    title: 'four times the usual duration for two hours',
    server: 'always',
    alertname: 'McpLatencyAnomaly',
    incident: { daysAgo: 2.5, hours: 2, latency: 4 },
  },
  {
    title: 'a quarter of all calls fails for an hour',
    server: 'night',
    alertname: 'error_ratio',
    incident: { daysAgo: 1.88, hours: 1, failureRatio: 0.25 },
  },
  {
    title: 'a server that turns slow for a working day',
    server: 'office',
    alertname: 'McpLatencyAnomaly',
    incident: { daysAgo: 3.65, hours: 6, latency: 3 },
  },
];

/** The forecast: traffic that grows to the limit of 500 a second, and as much traffic that does not. */
const GROWTH = { growing: 1.04, steady: 1 } as const;

const OUTSIDE = `count by (alertname, server) (
  label_replace(
    count_over_time(
      (mcp:anomaly:level{signal="error_ratio"} > mcp:anomaly:upper{signal="error_ratio"})[HOUR:5m]
    ) >= 3,
    "alertname", "error_ratio", "", ""
  )
)`;
const FIRING = `count by (alertname, server, gateway, resource) (
  count_over_time(ALERTS{alertstate="firing"}[HOUR])
)`;

interface RuleSet {
  readonly alerts: readonly string[];
  /** What the alerts are made of. */
  readonly groups: readonly string[];
}

/** Neither reads what the other records. */
const ANOMALIES: RuleSet = {
  alerts: ['McpTrafficAnomaly', 'McpLatencyAnomaly'],
  groups: ['mcp-anomaly'],
};
const FORECASTS: RuleSet = {
  alerts: ['McpCapacityExhaustion'],
  groups: ['mcp-limits', 'mcp-capacity', 'mcp-forecast'],
};

/**
 * False alarms of three servers. In the first week a Saturday is held against a Friday, since there is no other; after it
 * none was measured.
 */
const FALSE_ALARMS_MAX = { firstWeek: 3, secondWeek: 1 } as const;

test.skipIf(isMissing('promtool'))(
  'planted anomalies in two weeks of traffic are found, and little else',
  { timeout: 600_000 },
  async () => {
    const timeline = timelineOf(STEP_SECONDS);
    const forecastTimeline = timelineOf(FORECAST_STEP_SECONDS);
    const [sightings, forecasts] = await Promise.all([
      evaluateAlerts({
        groups: groupsOf(ANOMALIES),
        series: anomalyInput(timeline),
        timeline,
        expressions: [FIRING, OUTSIDE],
      }),
      evaluateAlerts({
        groups: groupsOf(FORECASTS),
        series: forecastInput(forecastTimeline),
        timeline: forecastTimeline,
        expressions: [FIRING],
      }),
    ]);
    const { hits, misses, falseAlarms } = judge(sightings);
    const growing = episodes(forecasts, 'McpCapacityExhaustion', 'growing');
    const steady = episodes(forecasts, 'McpCapacityExhaustion', 'steady');
    console.info(
      [
        `Anomalies in ${DAYS} days of ${STEP_SECONDS} s steps: ${hits.length} of ${PLANTED.length} found, ` +
          `${falseAlarms.length} false alarms`,
        ...hits.map((title) => `  found   ${title}`),
        ...misses.map((title) => `  missed  ${title}`),
        ...falseAlarms.map(
          ({ labels, fromHour, toHour }) =>
            `  false   ${labels} from day ${(fromHour / DAY_HOURS).toFixed(1)}, ${toHour - fromHour + 1} h`,
        ),
        `  forecast of the limit: growing ${growing.length}, steady ${steady.length} times`,
      ].join('\n'),
    );
    expect(misses).toEqual([]);
    const late = falseAlarms.filter(({ fromHour }) => fromHour > 7 * DAY_HOURS);
    expect(late.length).toBeLessThanOrEqual(FALSE_ALARMS_MAX.secondWeek);
    expect(falseAlarms.length - late.length).toBeLessThanOrEqual(FALSE_ALARMS_MAX.firstWeek);
    expect(growing.length).toBeGreaterThan(0);
    expect(steady).toEqual([]);
  },
);

function timelineOf(stepSeconds: number): Timeline {
  return createTimeline(NOW_SECONDS - DAYS * DAY_HOURS * 3_600, NOW_SECONDS, stepSeconds);
}

/** What is recorded before what reads it. */
function groupsOf({ alerts, groups }: RuleSet): RuleGroup[] {
  const isAlerts = ({ name }: RuleGroup): number => Number(name.endsWith('-alerts'));
  return readGroups()
    .toSorted((one, other) => isAlerts(one) - isAlerts(other))
    .map((group) => ({
      ...group,
      rules: group.rules.filter((rule) =>
        'alert' in rule ? alerts.includes(rule.alert) : groups.includes(group.name),
      ),
    }))
    .filter(({ rules }) => rules.length > 0);
}

/** Servers of the demonstration with a rhythm each, without their own incidents. */
function makeServer(name: string, like: string, incidents: readonly Incident[]): DemoServer {
  const server = DEMO_SERVERS.find((each) => each.name === like);
  if (!server) throw new Error(`${like} left the demonstration`);
  return { ...server, name, requestsPerSecond: 2, growthPerDay: 1, incidents };
}

const READ_BY_ANOMALIES = [
  'gateway_server:mcp_requests:rate5m',
  'gateway_server:mcp_requests_failed_per_mcp_requests:ratio_rate5m',
  'gateway_server:mcp_request_duration_seconds:p95_rate5m',
  'gateway_server:mcp_request_duration_seconds_count:rate5m',
];

function anomalyInput(timeline: Timeline): Series[] {
  const incidentsOf = (name: string): Incident[] =>
    PLANTED.filter(({ server }) => server === name).map(({ incident }) => incident);
  const servers = [
    makeServer('office', 'search', incidentsOf('office')),
    makeServer('always', 'tickets', incidentsOf('always')),
    makeServer('night', 'reports', incidentsOf('night')),
  ];
  return seriesOf(servers, timeline, READ_BY_ANOMALIES);
}

const READ_BY_FORECASTS = ['gateway:mcp_requests:rate5m', 'gateway:mcp_active_connections:sum'];

function forecastInput(timeline: Timeline): Series[] {
  return Object.entries(GROWTH).flatMap(([gateway, growthPerDay]) => {
    const server = { ...makeServer('busy', 'tickets', []), requestsPerSecond: 320, growthPerDay };
    return seriesOf([server], timeline, READ_BY_FORECASTS).map(({ name, labels, values }) => ({
      name,
      labels: { ...labels, gateway },
      values,
    }));
  });
}

function seriesOf(
  servers: readonly DemoServer[],
  timeline: Timeline,
  names: readonly string[],
): Series[] {
  const fleet = servers.map((server) => simulate(server, timeline, NOW_SECONDS));
  return [...recordedSeries(fleet, timeline, NOW_SECONDS)].filter(({ name }) =>
    names.includes(name),
  );
}

interface Episode {
  readonly labels: string;
  readonly fromHour: number;
  readonly toHour: number;
}

/** Hours in a row. */
function episodes(sightings: Sightings, alertname: string, of: string): Episode[] {
  return [...sightings]
    .filter(([labels]) => labels.includes(`"${alertname}"`) && labels.includes(`"${of}"`))
    .flatMap(([labels, hours]) => {
      const found: Episode[] = [];
      for (const hour of hours) {
        const last = found.at(-1);
        if (last?.toHour === hour - 1) found[found.length - 1] = { ...last, toHour: hour };
        else found.push({ labels, fromHour: hour, toHour: hour });
      }
      return found;
    });
}

function judge(sightings: Sightings) {
  const hits: string[] = [];
  const misses: string[] = [];
  const explained = new Set<string>();
  for (const { title, server, alertname, incident } of PLANTED) {
    const fromHour = (DAYS - incident.daysAgo) * DAY_HOURS;
    const during = episodes(sightings, alertname, server).filter(
      (episode) =>
        // Sightings are of the hour before; an alert keeps firing for a while.
        episode.toHour > fromHour && episode.fromHour - 1 < fromHour + incident.hours + 1,
    );
    (during.length > 0 ? hits : misses).push(title);
    for (const episode of during) explained.add(JSON.stringify(episode));
  }
  const falseAlarms = ['McpTrafficAnomaly', 'McpLatencyAnomaly', 'error_ratio']
    .flatMap((alertname) =>
      ['office', 'always', 'night'].flatMap((server) => episodes(sightings, alertname, server)),
    )
    .filter((episode) => !explained.has(JSON.stringify(episode)));
  return { hits, misses, falseAlarms };
}
