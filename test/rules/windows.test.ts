import { expect, test } from 'vitest';
import type { RecordingRule } from '../../src/catalog/rule-file.ts';
import { FAILED_OUTCOMES, UNCOUNTED_OUTCOMES } from '../../src/facts/call-outcome.ts';
import { evaluateRules, type Sample } from './support/evaluate-rules.ts';
import {
  growthOf,
  type Labels,
  type Process,
  scrapedOf,
  TARGET,
} from './support/made-up-counters.ts';
import { processOf, type Traffic } from './support/made-up-traffic.ts';
import { parsePromql, selectorsOf } from './support/parse-promql.ts';
import { isMissing } from './support/programs.ts';
import { isCounter, readGroups, recordingRules } from './support/rule-files.ts';

// Goal: every recorded window about a counter is what the counter grew by in that window, divided by its length if it is a
// rate. Method: counters with births at zero and above, restarts, deaths, gaps between scrapes, steps of the clock, a second
// exporter and one that had been running for long, through the real rules; what they grew by is known.

const TOLERANCE = 0.02;
/** Of nothing, two percent are nothing. */
const TINY = 1e-9;

const HOUR = 3_600;
const DAY = 24 * HOUR;
const UNIT_SECONDS = { m: 60, h: HOUR, d: DAY, w: 7 * DAY } as const;

const RULES = recordingRules(readGroups());
/** In an order in which each reads only what was recorded before it. */
const COUNTERS = RULES.filter(({ record }) => isCounter(record)).toSorted(
  (one, other) => rankOf(one) - rankOf(other),
);

function rankOf({ record }: RecordingRule): number {
  return Number(record.includes('_slo_')) + 2 * Number(record.endsWith(':sampled_total'));
}

interface Window {
  readonly record: string;
  readonly level: readonly string[];
  readonly metric: string;
  readonly seconds: number;
  readonly isRate: boolean;
}

/** `gateway_server:mcp_requests:rate1h`; `undefined` if it is no window of a counter. */
function windowOf(record: string): Window | undefined {
  const found = /^(\w+):(\w+):(rate|increase)(\d+)([mhdw])$/.exec(record);
  if (!found) return undefined;
  const [, level = '', metric = '', kind, count, unit] = found;
  const labels = ['error_type', 'protocol_version', 'server', 'operation', 'direction', 'tool'];
  return {
    record,
    level: [...labels, 'source', 'client', 'user', 'slo', 'reason'].filter((label) =>
      `_${level}_`.includes(`_${label}_`),
    ),
    metric,
    seconds: Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS],
    isRate: kind === 'rate',
  };
}

const WINDOWS = [...new Set(RULES.map(({ record }) => record))].flatMap(
  (record) => windowOf(record) ?? [],
);

/** Windows over levels, not over counters: their means leave out the time of which nothing is known. */
const MEANS = [
  'gateway_resource:mcp_capacity_used:avg1w',
  'gateway_resource:mcp_capacity_used:peak1w',
  'gateway_resource:mcp_capacity_used:ratio',
  'gateway_resource:mcp_capacity_used:growth2w',
  'gateway_server:mcp_requests:rate1w_predicted30d',
  'gateway:mcp_server_up:ratio_24h',
  'gateway:mcp_server_up:ratio_30d',
  'gateway:mcp_server_up:ratio_7d',
  'gateway_server:mcp_server_up:ratio_24h',
  'gateway_server:mcp_server_up:ratio_30d',
  'gateway_server:mcp_server_up:ratio_7d',
  'mcp:anomaly:mean1h',
  'mcp:anomaly:stddev1h',
] as const;

test('every rule with a range is a window of a counter, a counter, or a known mean', () => {
  const odd = RULES.filter(({ record, expr }) => hasRange(expr) && !windowOf(record))
    .map(({ record }) => record)
    .filter((record) => !record.endsWith('_total'));
  expect(odd.toSorted()).toEqual([...MEANS].toSorted());
  expect(WINDOWS.length).toBeGreaterThan(70);
});

function hasRange(expr: string): boolean {
  const parsed = parsePromql(expr);
  if (!parsed.ok) throw new Error(parsed.at);
  return (
    /\[\d/.test(expr) || selectorsOf(parsed.expression).some(({ rangeSeconds }) => rangeSeconds)
  );
}

test('rate and increase read recorded counters, and those of checks, whose zeros are shown first', () => {
  const raw = RULES.filter(({ expr }) => /\b(?:rate|increase)\(mcp_/.test(expr));
  expect([...new Set(raw.map(({ record }) => record.split(':')[1]))].toSorted()).toEqual([
    'mcp_probe_duration_seconds_bucket',
    'mcp_probe_duration_seconds_count',
    'mcp_probe_duration_seconds_sum',
    'mcp_probe_failures',
  ]);
});

interface Counted {
  readonly metric: string;
  readonly only?: (labels: Labels) => boolean;
  /** Less those of another. */
  readonly less?: Omit<Counted, 'less'>;
  readonly slo?: string;
}

const requests = (only?: (outcome: string) => boolean, slo?: string): Counted => ({
  metric: 'mcp_requests_total',
  ...(only && { only: ({ outcome = '' }) => only(outcome) }),
  ...(slo !== undefined && { slo }),
});
const isFailed = (outcome: string): boolean =>
  (FAILED_OUTCOMES as readonly string[]).includes(outcome);
const isCounted = (outcome: string): boolean =>
  !(UNCOUNTED_OUTCOMES as readonly string[]).includes(outcome);
const isServerError = (outcome: string): boolean => isFailed(outcome) && outcome !== 'tool_error';
const isNoCall = ({ operation }: Labels): boolean => operation !== 'tools/call';
const ofLatency: Counted = {
  metric: 'mcp_request_duration_seconds_count',
  only: isNoCall,
  slo: 'latency',
};
const plain = (metric: string): readonly Counted[] => [{ metric }];

/** What each recorded metric counts. A new one fails until it has an entry here. */
const COUNTED: Readonly<Record<string, readonly Counted[]>> = {
  mcp_requests: [requests()],
  mcp_requests_counted: [requests(isCounted)],
  mcp_requests_failed: [requests(isFailed)],
  mcp_requests_tool_error: [requests((outcome) => outcome === 'tool_error')],
  mcp_requests_server_error: [requests(isServerError)],
  mcp_request_errors: plain('mcp_request_errors_total'),
  mcp_request_duration_seconds_bucket: plain('mcp_request_duration_seconds_bucket'),
  mcp_request_duration_seconds_sum: plain('mcp_request_duration_seconds_sum'),
  mcp_request_duration_seconds_count: plain('mcp_request_duration_seconds_count'),
  mcp_probe_duration_seconds_bucket: plain('mcp_probe_duration_seconds_bucket'),
  mcp_probe_duration_seconds_sum: plain('mcp_probe_duration_seconds_sum'),
  mcp_probe_duration_seconds_count: plain('mcp_probe_duration_seconds_count'),
  mcp_probe_failures: plain('mcp_probe_failures_total'),
  mcp_tokens: plain('mcp_tokens_total'),
  mcp_cost_usd: plain('mcp_cost_usd_total'),
  mcp_user_cost_usd: plain('mcp_user_cost_usd_total'),
  mcp_client_requests: plain('mcp_client_requests_total'),
  mcp_protocol_requests: plain('mcp_protocol_requests_total'),
  mcp_slo_events: [requests(isCounted, 'availability'), ofLatency],
  mcp_slo_errors: [
    requests(isServerError, 'availability'),
    {
      ...ofLatency,
      less: {
        metric: 'mcp_request_duration_seconds_bucket',
        only: (labels) => isNoCall(labels) && labels['le'] === '0.5',
      },
    },
  ],
};

interface Scenario {
  readonly processes: readonly Process[];
  readonly stepSeconds: number;
  readonly atSeconds: readonly number[];
}

const MINUTE = 60;
const call = (server: string, outcome: string, perSecond: number, more: Partial<Traffic> = {}) => ({
  server,
  operation: 'tools/call',
  tool: 'search',
  outcome,
  perSecond,
  from: 0,
  ...more,
});

/** Two hours, scraped every 15 seconds: longer windows have just begun. */
const HOURS: Scenario = {
  stepSeconds: 15,
  atSeconds: [25 * MINUTE, 110 * MINUTE, 119 * MINUTE],
  processes: [
    processOf(
      {
        instance: 'first:19110',
        starts: [0, 40 * MINUTE + 7, 100 * MINUTE + 2],
        gaps: [
          [10 * MINUTE, 11 * MINUTE],
          [60 * MINUTE, 78 * MINUTE],
        ],
        clockSteps: [[30 * MINUTE, 38 * MINUTE]],
      },
      [
        call('old', 'success', 2),
        call('old', 'tool_error', 0.3),
        call('old', 'cancelled', 0.1),
        call('old', 'success', 1, { operation: 'tools/list', tool: '' }),
        call('old', 'timeout', 0.2, { from: 58 * MINUTE, bornWith: 90 }),
        call('old', 'success', 0.2, {
          from: 95 * MINUTE,
          bornWith: 200,
          operation: 'resources/read',
          tool: '',
        }),
        call('old', 'success', 0.1, {
          from: 98 * MINUTE,
          bornWith: 70,
          tool: 'a tool that nobody called before',
        }),
        call('gone', 'success', 4, { to: 58 * MINUTE }),
        call('new', 'success', 1, { from: 92 * MINUTE, operation: 'tools/list' }),
      ],
    ),
    processOf({ instance: 'second:19110', starts: [55 * MINUTE + 8] }, [
      call('old', 'success', 3, { from: 55 * MINUTE + 8, bornWith: 150 }),
      call('old', 'rpc_error', 0.5, { from: 55 * MINUTE + 8 }),
    ]),
    processOf({ instance: 'found-late:19110', starts: [-1_000_000], firstScrape: 96 * MINUTE }, [
      call('long-running', 'success', 1, { from: -1_000_000 }),
      call('long-running', 'timeout', 0.1, { from: 99 * MINUTE, bornWith: 60 }),
    ]),
  ],
};

/** 31 days in steps of half an hour: more often would take minutes. Restarts come soon after a step, so that little is lost. */
const END = 31 * DAY;
const DAYS: Scenario = {
  stepSeconds: 1_800,
  atSeconds: [END - 20 * DAY, END],
  processes: [
    processOf(
      {
        instance: 'first:19110',
        starts: [0, 9 * DAY + 100, 17 * DAY + 200, END - 6 * HOUR + 50],
        gaps: [
          [20 * DAY, 20 * DAY + 12 * HOUR],
          [END - 10 * HOUR, END - 8 * HOUR],
        ],
        clockSteps: [[25 * DAY, 25 * DAY + 4 * HOUR]],
      },
      [
        call('old', 'success', 2),
        call('old', 'timeout', 0.5, { from: 5 * DAY }),
        call('old', 'success', 1, { operation: 'tools/list', tool: '' }),
        call('gone', 'success', 4, { to: 24 * DAY }),
        call('new', 'success', 1, { from: END - 4 * HOUR, operation: 'tools/list' }),
      ],
    ),
    processOf({ instance: 'second:19110', starts: [END - 2 * DAY] }, [
      call('old', 'success', 3, { from: END - 2 * DAY }),
    ]),
  ],
};

/** What a window should have recorded, by its labels. */
function expected(window: Window, { processes }: Scenario, at: number): Map<string, number> {
  const counted = COUNTED[window.metric];
  if (!counted) throw new Error(`${window.record} is about a counter that this test does not know`);
  const sums = new Map<string, number>();
  for (const process of processes)
    for (const each of counted)
      for (const [part, sign] of [
        [each, 1],
        ...(each.less ? [[each.less, -1] as const] : []),
      ] as const)
        for (const stream of process.streams) {
          if (stream.metric !== part.metric || part.only?.(stream.labels) === false) continue;
          const isCall = stream.labels['operation'] === 'tools/call';
          if (window.level.includes('tool') && window.metric === 'mcp_requests' && !isCall)
            continue;
          const growth = growthOf(process, stream, at - window.seconds, at);
          const key = keyOf({ ...TARGET, ...stream.labels, slo: each.slo ?? '' }, window);
          sums.set(
            key,
            (sums.get(key) ?? 0) + sign * (window.isRate ? growth / window.seconds : growth),
          );
        }
  return sums;
}

function keyOf(labels: Labels, { level, metric }: Window): string {
  const wanted = [...level, ...(metric.endsWith('_bucket') ? ['le'] : [])];
  return wanted.map((label) => `${label}=${labels[label] ?? ''}`).join(', ');
}

/** Only the counters are recorded step by step: the windows are asked for when they are needed, which is much faster. */
async function evaluate(
  scenario: Scenario,
  windows: readonly Window[],
): Promise<readonly Sample[]> {
  const { processes, stepSeconds, atSeconds } = scenario;
  const questions = windows.map(({ record }) => ({ name: record, expr: expressionOf(record) }));
  const rules = COUNTERS.filter(({ record }) => isRead(record, questions));
  return evaluateRules({
    groups: [{ name: 'counters', rules }],
    series: processes.flatMap((process) => scrapedOf(process, stepSeconds, Math.max(...atSeconds))),
    stepSeconds,
    questions,
    atSeconds,
  });
}

function isRead(record: string, by: readonly { readonly expr: string }[]): boolean {
  return [...by, ...COUNTERS.filter((rule) => rule.record !== record)].some(({ expr }) =>
    expr.includes(record),
  );
}

/** What a rule records, down to counters: windows of a level above are sums of others. */
function expressionOf(record: string): string {
  const exprs = RULES.filter((rule) => rule.record === record && rule.labels?.['slo'] !== 'uptime');
  return exprs
    .map(({ expr }) =>
      expr.replaceAll(/[a-z_]+:[a-z_]+:[a-z0-9_]+(?![\w[{])/g, (name) =>
        isCounter(name) ? name : `(${expressionOf(name)})`,
      ),
    )
    .join(' or ');
}

/** Where a window is more than two percent off. */
function wrong(
  scenario: Scenario,
  windows: readonly Window[],
  samples: readonly Sample[],
): string[] {
  const byQuestion = Map.groupBy(samples, ({ name, atSeconds }) => `${name} ${atSeconds}`);
  return scenario.atSeconds.flatMap((at) =>
    windows.flatMap((window) => {
      const recorded = (byQuestion.get(`${window.record} ${at}`) ?? []).filter(
        // A mean of time that is known.
        ({ labels }) => labels['slo'] !== 'uptime',
      );
      const got = new Map(recorded.map(({ labels, value }) => [keyOf(labels, window), value]));
      const want = expected(window, scenario, at);
      return [...new Set([...got.keys(), ...want.keys()])].flatMap((key) => {
        const [is, should] = [got.get(key) ?? 0, want.get(key) ?? 0];
        return Math.abs(is - should) <= TINY + TOLERANCE * Math.abs(should)
          ? []
          : [`${window.record}{${key}} after ${at} s is ${is}, should be ${should}`];
      });
    }),
  );
}

test.skipIf(isMissing('promtool'))(
  'windows of minutes and hours, and longer ones that have just begun, are within two percent of their counters',
  { timeout: 120_000 },
  async () => {
    const samples = await evaluate(HOURS, WINDOWS);
    expect(samples.length).toBeGreaterThan(500);
    expect(wrong(HOURS, WINDOWS, samples)).toEqual([]);
  },
);

test.skipIf(isMissing('promtool'))(
  'windows of days and weeks are within two percent of their counters',
  { timeout: 120_000 },
  async () => {
    const windows = WINDOWS.filter(
      ({ record, seconds }) => seconds >= DAY && !record.includes('cost'),
    );
    expect(windows.length).toBeGreaterThan(8);
    const samples = await evaluate(DAYS, windows);
    expect(wrong(DAYS, windows, samples)).toEqual([]);
  },
);
