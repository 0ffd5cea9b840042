import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CATALOG } from '../../../src/catalog/catalog.ts';
import { DEMO_SERVERS } from '../../../tools/demo-history/demo-servers.ts';
import { allRawSeries } from '../../../tools/demo-history/raw-series.ts';
import { recordedSeries } from '../../../tools/demo-history/recorded-series.ts';
import type { Series } from '../../../tools/demo-history/series.ts';
import { createTimeline } from '../../../tools/demo-history/timeline.ts';
import { simulate } from '../../../tools/demo-history/traffic.ts';
import { writeHistory } from '../../../tools/demo-history/write-history.ts';
import { readGroups, recordingRules } from '../../rules/support/rule-files.ts';

/** A Saturday, noon. */
const NOW_SECONDS = Date.UTC(2026, 10, 21, 12) / 1_000;
const DAY_SECONDS = 86_400;
/** Kept by Prometheus itself. */
const OF_PROMETHEUS = ['ALERTS', 'ALERTS_FOR_STATE', 'up'];

function makeSeries(make: typeof recordedSeries, days: number, stepSeconds: number): Series[] {
  const timeline = createTimeline(NOW_SECONDS - days * DAY_SECONDS, NOW_SECONDS, stepSeconds);
  const fleet = DEMO_SERVERS.map((server) => simulate(server, timeline, NOW_SECONDS));
  return [...make(fleet, timeline, NOW_SECONDS)];
}

const recorded = makeSeries(recordedSeries, 2, 300);
const raw = makeSeries(allRawSeries, 1, 60);

test('the history has every series that a rule records, and nothing that no rule does', () => {
  const names = new Set(recorded.map(({ name }) => name));
  const rules = new Set(recordingRules(readGroups()).map(({ record }) => record));
  expect([...rules].filter((name) => !names.has(name))).toEqual([]);
  expect([...names].filter((name) => !rules.has(name) && !OF_PROMETHEUS.includes(name))).toEqual(
    [],
  );
});

test('every raw series is of a metric of the catalog, with all of its labels', () => {
  const known = new Map<string, readonly string[]>();
  for (const { name, kind, labels } of CATALOG) {
    if (kind === 'histogram') {
      known.set(`${name}_bucket`, [...labels, 'le']);
      known.set(`${name}_sum`, labels);
      known.set(`${name}_count`, labels);
    } else known.set(name, labels);
  }
  const target = ['job', 'gateway', 'instance'];
  for (const { name, labels } of raw) {
    if (OF_PROMETHEUS.includes(name)) continue;
    expect(Object.keys(labels).toSorted(), name).toEqual(
      [...target, ...(known.get(name) ?? ['not in the catalog'])].toSorted(),
    );
  }
});

test('all of it says that it is a demonstration', () => {
  const unmarked = [...recorded, ...raw].filter(({ labels }) => labels['gateway'] !== 'demo');
  // What the rules set once for all gateways.
  expect([...new Set(unmarked.map(({ name }) => name.split(':').slice(0, 2).join(':')))]).toEqual([
    'mcp:limit',
    'mcp:slo',
    'mcp:anomaly',
  ]);
});

test('no series is there twice', () => {
  const ids = [...recorded, ...raw].map(({ name, labels }) =>
    JSON.stringify([name, Object.entries(labels).toSorted()]),
  );
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

test('counters never go down, and no bucket has more than the next', () => {
  const counters = raw.filter(({ name }) => /_(total|bucket|count)$/.test(name));
  const falling = counters.filter(({ values }) =>
    values.some((value, index) => value < (values[index - 1] ?? 0)),
  );
  expect(falling.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)).toEqual([]);
  const buckets = raw.filter(({ name }) => name === 'mcp_request_duration_seconds_bucket');
  const grown = buckets.filter(({ labels, values }, index) => {
    const next = labels['le'] === '+Inf' ? undefined : buckets[index + 1]?.values;
    return next && values.some((value, at) => value > (next[at] ?? 0));
  });
  expect(grown).toEqual([]);
});

test('the same days have the same traffic however much is told before them', () => {
  const valuesOf = (series: readonly Series[]): number[] =>
    [...(series.find(({ name }) => name === 'gateway:mcp_requests:rate5m')?.values ?? [])].slice(
      -12,
    );
  expect(valuesOf(makeSeries(recordedSeries, 1, 300))).toEqual(valuesOf(recorded));
});

test(
  'the pieces that promtool reads hold every moment once, each within one block',
  { timeout: 60_000 },
  async () => {
    const times: number[] = [];
    let lineCount = 0;
    const server = DEMO_SERVERS[0];
    const samples = await writeHistory({
      servers: server ? [server] : [],
      nowSeconds: NOW_SECONDS,
      days: 3,
      rawDays: 0.05,
      async createBlocks(path, blockHours) {
        const lines = (await readFile(path, 'utf8')).split('\n');
        expect(lines.slice(-2)).toEqual(['# EOF', '']);
        const blocks = new Set<number>();
        for (const line of lines.slice(0, -2)) {
          const [id = '', , time] = line.split(' ');
          blocks.add(Math.floor(Number(time) / (blockHours * 3_600)));
          lineCount += 1;
          if (id.startsWith('gateway:mcp_requests:rate5m')) times.push(Number(time));
        }
        expect(blocks.size).toBe(1);
      },
    });
    expect(lineCount).toBe(samples);
    expect(times).toEqual(
      Array.from(
        { length: 3 * 288 + 1 },
        (_, index) => NOW_SECONDS - 3 * DAY_SECONDS + index * 300,
      ),
    );
  },
);
