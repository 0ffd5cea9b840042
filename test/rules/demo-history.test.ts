import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBlocks } from '../../tools/demo-history/create-blocks.ts';
import { DEMO_SERVERS } from '../../tools/demo-history/demo-servers.ts';
import { writeHistory } from '../../tools/demo-history/write-history.ts';
import { createEnding } from '../dashboards/support/ending.ts';
import { createPrometheusClient, type Series } from '../dashboards/support/prometheus-client.ts';
import { answers, startProgram } from '../dashboards/support/start-program.ts';
import { freePort } from '../integration/support/free-port.ts';
import { parsePromql, selectorsOf } from './support/parse-promql.ts';
import { isMissing } from './support/programs.ts';
import { readGroups, recordingRules } from './support/rule-files.ts';

/** Noon of a working day: always the same, since how far apart both are depends on the hour. */
const NOW_SECONDS = Date.UTC(2026, 10, 16, 12) / 1_000;
/** More than the ten days that a forecast takes. */
const DAYS = 11;
/** Steps of five minutes instead of one, and values with few bits. */
const TOLERANCE = 0.03;
/** An hour has twelve samples, and half an hour six: their ends are a guess. */
const COARSE = { of: /(?:increase|rate)(?:30m|1h)$/, tolerance: 0.15 } as const;
const TINY = 1e-6;

test.skipIf(isMissing('prometheus', 'promtool'))(
  'recorded series in the history equal what the rules record from its raw series',
  { timeout: 180_000 },
  async () => {
    const client = createPrometheusClient(await startPrometheus(NOW_SECONDS));
    const atSeconds = NOW_SECONDS - 2 * 3_600;
    const odd: string[] = [];
    let compared = 0;
    for (const { record, expr, labels = {} } of recordingRules(readGroups())) {
      // Counters are compared by what they grow.
      if (!isOfRecorded(expr) || record.endsWith(':process_total')) continue;
      const matchers = [
        ...Object.entries(labels).map(([name, value]) => `${name}="${value}"`),
        ...labelsOfOthers(record, labels).map(([name, value]) => `${name}!="${value}"`),
      ];
      const told = await ask(client.instant(`${record}{${matchers.join(',')}}`, atSeconds));
      const made = await ask(client.instant(expr, atSeconds), labels);
      const tolerance = COARSE.of.test(record) ? COARSE.tolerance : TOLERANCE;
      compared += made.size;
      for (const key of new Set([...told.keys(), ...made.keys()])) {
        const [one, other] = [told.get(key) ?? NaN, made.get(key) ?? NaN];
        if (!(Math.abs(one - other) <= TINY + tolerance * Math.abs(other)))
          odd.push(`${record}${key}: told ${one}, made ${other}`);
      }
    }
    expect(odd).toEqual([]);
    expect(compared).toBeGreaterThan(150);
  },
);

/** Labels that other rules of the same name set, where this one sets none. */
function labelsOfOthers(record: string, labels: Readonly<Record<string, string>>) {
  if (Object.keys(labels).length > 0) return [];
  return recordingRules(readGroups())
    .filter((rule) => rule.record === record)
    .flatMap((rule) => Object.entries(rule.labels ?? {}));
}

async function startPrometheus(nowSeconds: number): Promise<string> {
  const ending = createEnding();
  onTestFinished(() => ending.run());
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-demo-history-'));
  ending.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const dataFolder = join(folder, 'data');
  await mkdir(dataFolder);
  await writeHistory({
    // One with tools that are slow, and growth.
    servers: DEMO_SERVERS.slice(0, 1),
    nowSeconds,
    days: DAYS,
    rawDays: 0,
    createBlocks: (path, hours) => createBlocks(['promtool'], path, dataFolder, hours),
  });
  await writeFile(join(folder, 'prometheus.yml'), '{}');
  const address = `127.0.0.1:${await freePort()}`;
  await startProgram({
    command: 'prometheus',
    args: [
      '--config.file=prometheus.yml',
      `--storage.tsdb.path=${dataFolder}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${address}`,
    ],
    cwd: folder,
    isReady: () => answers(`http://${address}/-/ready`),
    ending,
  });
  return `http://${address}`;
}

/**
 * Whether it reads nothing that is scraped: that is made up anew for the last day, and counts by chance. Neither does it
 * read the increase of five minutes, the step of the history: of two samples there is only one.
 */
function isOfRecorded(expr: string): boolean {
  const parsed = parsePromql(expr);
  if (!parsed.ok) throw new Error(parsed.at);
  return selectorsOf(parsed.expression).every(
    ({ metric, rangeSeconds }) =>
      metric.includes(':') && !(metric.endsWith(':process_total') && rangeSeconds === 300),
  );
}

/** Values by label set. */
async function ask(
  asked: ReturnType<ReturnType<typeof createPrometheusClient>['instant']>,
  labels: Readonly<Record<string, string>> = {},
): Promise<Map<string, number>> {
  const answer = await asked;
  if (!answer.ok) throw new Error(answer.error);
  return new Map(answer.series.map((series) => [keyOf(series, labels), valueOf(series)]));
}

function keyOf({ metric }: Series, labels: Readonly<Record<string, string>>): string {
  const { __name__: _name, ...own } = metric;
  return JSON.stringify(Object.entries({ ...own, ...labels }).toSorted());
}

function valueOf({ values }: Series): number {
  return Number(values[0]?.[1]);
}
