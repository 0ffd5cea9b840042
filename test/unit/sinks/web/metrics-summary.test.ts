import { expect, test } from 'vitest';
import type { CallSummary, CallSummaryFilter } from '../../../../src/facts/call-log.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { SCHEMAS } from '../../../../src/sinks/web/api/schemas.ts';
import { createSummaryReader } from '../../../../src/sinks/web/summary-reader.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

// Goal: one answer has the figures of the source document's dashboard, right to the last digit.

const SUM: CallSummary = {
  key: 'files',
  calls: 480,
  failures: 4,
  counted: 400,
  meanMs: 20,
  p50Ms: 10,
  p95Ms: 90,
  p99Ms: 200,
  users: 4,
  tokens: 10_000,
  costUsd: 6,
  lastAtMs: asEpochMs(NOW_MS),
};

const TOOLS = ['a', 'b', 'c', 'd', 'e', 'f'].map((key, index) => ({
  ...SUM,
  key,
  server: 'files',
  calls: 100 - index,
}));

const SUMS: Readonly<Record<string, readonly CallSummary[]>> = {
  server: [SUM],
  target: [...TOOLS, { ...SUM, key: 'a', server: 'search', calls: 1 }],
  error_type: [{ ...SUM, key: 'timeout', server: 'files', calls: 4 }],
};

test('the summary of a window, in all and by server', async () => {
  const asked: CallSummaryFilter[] = [];
  const { deps } = fakeHttpDeps(
    [buildDetail('files'), buildDetail('search', { status: 'offline' })],
    {
      journal: fakeJournal({
        async summarizeCalls(filter) {
          asked.push(filter);
          return SUMS[filter.by] ?? [];
        },
      }),
    },
  );
  const app = await serveApp(deps);
  const answer = JSON.parse((await app.call('/api/v1/mcp/metrics/summary?window=12h')).body);
  expect(answer).toMatchObject({
    source: 'journal',
    from: '2026-11-20T21:15:00.000Z',
    to: '2026-11-21T09:15:00.000Z',
    overview: {
      servers: 2,
      active: 1,
      inactive: 1,
      requests_per_hour: 40,
      cost_per_day_usd: 12,
    },
  });
  const [files, search] = answer.servers;
  expect(files).toEqual({
    server_name: 'files',
    status: 'healthy',
    last_check_at: expect.any(String),
    requests: 480,
    requests_per_minute: expect.closeTo(2 / 3, 6),
    response_time_ms: { mean: 20, p50: 10, p95: 90, p99: 200 },
    success_ratio: 0.99,
    error_types: { timeout: 4 },
    top_tools: ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({ name, calls: 100 - index })),
    active_users: 4,
    tokens: 10_000,
    cost_usd: 6,
    cost_per_user_usd: 1.5,
  });
  expect(search).toMatchObject({ requests: 0, top_tools: [{ name: 'a', calls: 1 }] });
  expect(search).not.toHaveProperty('success_ratio');
  expect(asked.map(({ by, operation, fromMs, toMs }) => [by, operation, toMs - fromMs])).toEqual([
    ['server', undefined, 43_200_000],
    ['target', 'tools/call', 43_200_000],
    ['error_type', undefined, 43_200_000],
  ]);
});

const OFF = fakeJournal({ state: () => ({ status: 'off', detail: 'no journal' }) });

test('without a journal the summary has what the process knows, and no traffic', async () => {
  const { deps } = fakeHttpDeps([buildDetail('files')], { journal: OFF });
  const app = await serveApp(deps);
  const answer = JSON.parse((await app.call('/api/v1/mcp/metrics/summary')).body);
  expect(answer).toMatchObject({
    source: 'process',
    overview: { servers: 1, active: 1, inactive: 0 },
  });
  expect(answer.overview).not.toHaveProperty('requests_per_hour');
  expect(answer.servers).toEqual([
    {
      server_name: 'files',
      status: 'healthy',
      last_check_at: expect.any(String),
      uptime_ratio_24h: 0.99987,
    },
  ]);
});

test('the summary of the events has the busiest servers', async () => {
  const views = Array.from({ length: 150 }, (_, index) => buildDetail(`s${index}`));
  const byServer = views.map(({ name }, index) => ({ ...SUM, key: name, calls: index }));
  const journal = fakeJournal({
    summarizeCalls: async ({ by }) => (by === 'server' ? byServer : []),
  });
  const { deps } = fakeHttpDeps(views, { journal });
  const reader = createSummaryReader(deps, { all: async () => new Map() });
  const live = SCHEMAS.Summary.parse(JSON.parse(JSON.stringify(await reader.readLive())));
  expect(live).toMatchObject({ source: 'journal', servers_omitted: 50 });
  expect(live.servers.map(({ server_name: name }) => name)).toEqual(
    views
      .map(({ name }) => name)
      .toReversed()
      .slice(0, 100),
  );
});

test('there is no summary for the events if the journal does not answer', async () => {
  const journal = fakeJournal({
    async summarizeCalls() {
      throw new Error('locked');
    },
  });
  const { deps } = fakeHttpDeps([buildDetail('files')], { journal });
  const reader = createSummaryReader(deps, { all: async () => new Map() });
  expect(await reader.readLive()).toBeUndefined();
});

test.each(['1s', '4m', '91d', 'day', '0h', '-1h'])('window=%s is refused', async (window) => {
  const app = await serveApp(fakeHttpDeps().deps);
  const answer = await app.call(`/api/v1/mcp/metrics/summary?window=${window}`);
  expect(answer.status).toBe(400);
  expect(answer.body).toContain('window must be a time from 5m to 90d');
});
