import { expect, test } from 'vitest';
import type { HttpApi, HttpApiAnswer } from '../../../../src/facts/ports/http-api.ts';
import type { HttpAppDeps } from '../../../../src/sinks/web/ports.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

// Goal: the summary is Prometheus' where it answers, and otherwise the journal's, with the reason.

type Series = readonly [labels: Readonly<Record<string, string>>, value: string];

/** By what the query begins with or contains. */
const ANSWERS: readonly (readonly [RegExp, readonly Series[]])[] = [
  [/build_info/, [[{}, '1']]],
  [
    /_bucket/,
    [
      [{ server: 'files' }, '0.05'],
      [{ server: 'idle' }, 'NaN'],
    ],
  ],
  [/duration_seconds_sum/, [[{ server: 'files' }, '0.02']]],

  [/mcp_active_users\{window="24h"/, [[{ server: 'files' }, '3']]],
  [/mcp_tokens_total/, [[{ server: 'files' }, '1200.4']]],
  [/mcp_cost_usd_total/, [[{ server: 'files' }, '6']]],
  [
    /^topk/,
    [
      [{ server: 'files', tool: 'read' }, '99.6'],
      [{ server: 'files', tool: 'write' }, '300.2'],
      [{ server: 'files', tool: 'never' }, '0'],
    ],
  ],
  [/mcp_request_errors_total/, [[{ server: 'files', error_type: 'timeout' }, '4.02']]],
  [/mcp_server_status/, [[{ server: 'files' }, '0.75']]],
  [/outcome!~"cancelled\|denied\|rate_limited"/, [[{ server: 'files' }, '400']]],
  [/outcome=~"tool_error/, [[{ server: 'files' }, '4']]],
  [
    /mcp_requests_total/,
    [
      [{ server: 'files' }, '480.3'],
      [{ server: 'idle' }, '0'],
    ],
  ],
];

function vector(series: readonly Series[]): HttpApiAnswer {
  const result = series.map(([metric, value]) => ({ metric, value: [NOW_MS / 1_000, value] }));
  const body = { status: 'success', data: { resultType: 'vector', result } };
  return { status: 200, text: JSON.stringify(body) };
}

interface FakeApi extends HttpApi {
  readonly queries: URLSearchParams[];
}

function fakeApi(answer: (query: string) => HttpApiAnswer | Promise<HttpApiAnswer>): FakeApi {
  const queries: URLSearchParams[] = [];
  return {
    queries,
    async request(method, path) {
      const [route, query] = path.split('?');
      expect([method, route]).toEqual(['GET', '/api/v1/query']);
      const parameters = new URLSearchParams(query);
      queries.push(parameters);
      return answer(parameters.get('query') ?? '');
    },
  };
}

async function summaryWith(api: HttpApi, more: Partial<HttpAppDeps> = {}, window = '24h') {
  const fake = fakeHttpDeps([buildDetail('files'), buildDetail('idle')], {
    prometheus: { api, targetLabels: { gateway: 'main' } },
    ...more,
  });
  const app = await serveApp(fake.deps);
  const read = async () => {
    const answer = await app.call(`/api/v1/mcp/metrics/summary?window=${window}`);
    return JSON.parse(answer.body);
  };
  return { read, clock: fake.clock };
}

const PROMETHEUS = () =>
  fakeApi((query) => vector(ANSWERS.find(([pattern]) => pattern.test(query))?.[1] ?? []));

test('the figures of Prometheus', async () => {
  const api = PROMETHEUS();
  const { read } = await summaryWith(api);
  const answer = await read();
  expect(answer).toMatchObject({
    source: 'prometheus',
    overview: { servers: 2, requests_per_hour: 20, cost_per_day_usd: 6 },
  });
  expect(answer).not.toHaveProperty('fallback_reason');
  const [files, idle] = answer.servers;
  expect(files).toEqual({
    server_name: 'files',
    status: 'healthy',
    last_check_at: expect.any(String),
    uptime_ratio_24h: 0.75,
    requests: 480,
    requests_per_minute: expect.closeTo(1 / 3, 6),
    response_time_ms: { mean: 20, p50: 50, p95: 50, p99: 50 },
    success_ratio: 0.99,
    error_types: { timeout: 4 },
    top_tools: [
      { name: 'write', calls: 300 },
      { name: 'read', calls: 100 },
    ],
    active_users: 3,
    tokens: 1_200,
    cost_usd: 6,
    cost_per_user_usd: 2,
  });
  expect(idle).toMatchObject({ requests: 0, error_types: {}, top_tools: [] });
  expect(idle).not.toHaveProperty('response_time_ms');
  for (const parameters of api.queries) {
    expect(parameters.get('query')).toContain('gateway="main"');
    expect(parameters.get('time')).toBe(String(NOW_MS / 1_000));
  }
  // A second client within seconds gets the same answer.
  const asked = api.queries.length;
  await read();
  expect(api.queries).toHaveLength(asked);
});

test('users are not known for a window in which they are not counted', async () => {
  const { read } = await summaryWith(PROMETHEUS(), {}, '12h');
  const { servers } = await read();
  expect(servers[0]).not.toHaveProperty('active_users');
  expect(servers[0]).not.toHaveProperty('cost_per_user_usd');
});

test('uptime is that of the journal, which knows of maintenance, if it has one', async () => {
  const journal = fakeJournal({
    findUptime: async () => [{ server: 'files', dayRatio: 0.9, hours: [], days: [] }],
  });
  const { read } = await summaryWith(PROMETHEUS(), { journal });
  expect((await read()).servers[0]).toMatchObject({ uptime_ratio_24h: 0.9 });
});

test.each([
  [
    'it cannot be reached',
    fakeApi(() => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    }),
    'Prometheus did not answer: connect ECONNREFUSED',
  ],
  [
    'it refuses',
    fakeApi(() => ({ status: 401, text: 'Unauthorized\n' })),
    'Prometheus answered 401: Unauthorized',
  ],
  [
    'something else answers',
    fakeApi(() => ({ status: 200, text: '<html>' })),
    'Prometheus answered something else than a vector.',
  ],
  [
    'it does not scrape this exporter',
    fakeApi(() => vector([])),
    'Prometheus has no metrics of this exporter.',
  ],
])('the journal answers, with the reason, if %s', async (_title, api, reason) => {
  const { read } = await summaryWith(api);
  expect(await read()).toMatchObject({
    source: 'journal',
    fallback_reason: reason,
    servers: [{ requests: 0 }, { requests: 0 }],
  });
});

test('the journal answers if Prometheus takes too long', async () => {
  const api = fakeApi(() => new Promise(() => undefined));
  const { read, clock } = await summaryWith(api);
  const answer = read();
  await expect.poll(() => api.queries.length).toBe(1);
  await clock.advance(5_000);
  expect(await answer).toMatchObject({
    source: 'journal',
    fallback_reason: 'Prometheus did not answer within 5 s.',
  });
});

test('the process answers if there is no journal either', async () => {
  const api = fakeApi(() => ({ status: 503, text: '' }));
  const journal = fakeJournal({ state: () => ({ status: 'off', detail: '' }) });
  const { read } = await summaryWith(api, { journal });
  expect(await read()).toMatchObject({
    source: 'process',
    fallback_reason: 'Prometheus answered 503: ',
  });
});
