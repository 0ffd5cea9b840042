import { expect, test } from 'vitest';
import type { CheckChartFilter } from '../../../../src/facts/server-log.ts';
import type { ServerDetail } from '../../../../src/facts/ports/server-view.ts';
import type { JournalViews } from '../../../../src/facts/ports/views.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import {
  buildDetail,
  buildReport,
  buildUncheckedDetail,
  fakeHttpDeps,
  NOW_MS,
} from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';

const ATTACK = `<script>alert(1)</script>`;
const MINUTE_MS = 60_000;

async function open(
  path: string,
  detail: Partial<ServerDetail> = {},
  journal: Partial<JournalViews> = {},
) {
  const details = [buildDetail('files', detail), buildUncheckedDetail('new', 'unknown')];
  const app = await serveApp(fakeHttpDeps(details, { journal: fakeJournal(journal) }).deps);
  return collapse((await app.call(path)).body);
}

test('charts have their values in a table, checks and calls of the same time in one row', async () => {
  const asked: CheckChartFilter[] = [];
  const atMs = asEpochMs(NOW_MS - 15 * MINUTE_MS);
  const body = await open(
    '/servers/files',
    {},
    {
      async chartChecks(filter) {
        asked.push(filter);
        return [{ atMs, checks: 20, failures: 2, meanMs: 12.345_678_9, maxMs: 1_240 }];
      },
      chartCalls: async () => [
        { atMs, calls: 400, failures: 3, p95Ms: 80 },
        { atMs: asEpochMs(NOW_MS - 5 * MINUTE_MS), calls: 9, failures: 0 },
      ],
    },
  );
  expect(asked).toEqual([
    {
      server: 'files',
      fromMs: NOW_MS - 24 * 60 * MINUTE_MS - 5 * MINUTE_MS,
      toMs: NOW_MS + 5 * MINUTE_MS,
      bucketMs: 10 * MINUTE_MS,
    },
  ]);
  const rows = body.split('<tr>').filter((row) => row.includes('data-value='));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toContain('2026-11-21 09:00 UTC');
  expect(rows[0]).toContain('data-value="12.3457">12 ms');
  expect(rows[0]).toContain('data-value="400">400');
  expect(rows[0]).toContain('data-value="3">3');
  expect(rows[1]).not.toContain('ms</td>');
  expect(body).toContain('Between 12 ms and 12 ms on average; the slowest check took 1.24 s.');
  expect(body).toContain('3 of 409 requests and 2 of 20 checks failed.');
  expect(body).toContain('data-columns="failed_requests failed_checks"');
});

test.each([
  ['1h', 5],
  ['7d', 60],
  ['30d', 360],
])('charts of %s have points of %i minutes', async (window, minutes) => {
  let bucketMs = 0;
  const body = await open(
    `/servers/files?window=${window}`,
    {},
    {
      async chartChecks(filter) {
        ({ bucketMs } = filter);
        return [];
      },
    },
  );
  expect(bucketMs).toBe(minutes * MINUTE_MS);
  expect(body).toContain(`href="/servers/files?window=${window}" aria-current="true"`);
});

test('without a journal the charts show the checks that are remembered, and say why', async () => {
  const failed = buildReport({ outcome: 'timeout', startedAtMs: asEpochMs(NOW_MS - 9_000) });
  const broken = async () => {
    throw new Error('database is locked');
  };
  const body = await open(
    '/servers/files',
    { recentChecks: [buildReport({ durationMs: 14 }), failed] },
    { chartChecks: broken, chartCalls: broken },
  );
  expect(body).toContain('database is locked');
  expect(body).toContain('data-value="14">14 ms');
  expect(body).toContain('1 of 2 checks failed');
});

test.each([
  [2, true],
  [3, false],
])('charts with %i points say what they wait for: %s', async (points, isSaid) => {
  const body = await open(
    '/servers/files',
    {},
    {
      chartChecks: async () =>
        Array.from({ length: points }, (_, index) => ({
          atMs: asEpochMs(NOW_MS - (25 - 10 * index) * MINUTE_MS),
          checks: 1,
          failures: 0,
          meanMs: 4,
          maxMs: 4,
        })),
    },
  );
  expect(body.includes('the charts get a point every 10 min')).toBe(isSaid);
  expect(body.includes('Recorded in this time since')).toBe(isSaid);
  expect(body).toContain('data-chart=');
});

test('without any check there is no chart to draw', async () => {
  const body = await open('/servers/new');
  expect(body).toContain('No check has ended in this time; the next one appears here.');
  expect(body).not.toContain('data-chart=');
});

test('capabilities show what the server announces, its instructions, and the arguments of its tools', async () => {
  const body = await open('/servers/files?tab=capabilities', {
    snapshot: {
      takenAtMs: asEpochMs(NOW_MS),
      announced: ['tools', 'tools.listChanged'],
      supportedVersions: ['2026-07-28', '2025-11-25'],
      instructions: `Search first. ${ATTACK}`,
      lists: {
        tools: {
          bytes: 812,
          definitions: [
            {
              name: 'read',
              hash: 'a',
              description: 'Reads.',
              input: {
                required: ['path'],
                types: { path: ['string'], head: ['integer', 'null'] },
                isClosed: true,
                known: ['path', 'head', 'deep'],
              },
            },
          ],
        },
        prompts: { bytes: 2, definitions: [] },
      },
    },
  });
  for (const text of [
    '2026-07-28, 2025-11-25',
    'tools, tools.listChanged',
    'Search first. &lt;script&gt;',
    '<code><bdi>path</bdi></code> string, <b>required</b>',
    '<code><bdi>head</bdi></code> integer | null',
    '<code><bdi>deep</bdi></code>',
    'Prompts <b>0</b>',
  ])
    expect(body).toContain(text);
  expect(await open('/servers/new?tab=capabilities')).toContain('Not read yet.');
});

test('settings are grouped, with the place where the server is configured', async () => {
  const body = await open('/servers/files?tab=settings', {
    settings: [
      { key: 'command', value: ATTACK },
      { key: 'labels.team', value: 'search' },
      { key: 'monitor.interval', value: '30s' },
      { key: 'gateway.maxSessions', value: '20' },
    ],
  });
  expect(body).toContain('<bdi>mcp-exporter.yml:3</bdi>');
  expect(body).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>');
  expect([...body.matchAll(/<h2> ?(\w+)/g)].map((match) => match[1])).toEqual([
    'Connection',
    'Labels',
    'Monitoring',
    'Gateway',
  ]);
  expect(body).toMatch(/<dt><bdi>interval<\/bdi><\/dt> <dd><bdi>30s<\/bdi><\/dd>/);
});
