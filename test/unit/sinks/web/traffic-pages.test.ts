import { expect, test } from 'vitest';
import type { CallSummaryFilter } from '../../../../src/facts/call-log.ts';
import type { JournalViews } from '../../../../src/facts/ports/views.ts';
import type { Transport } from '../../../../src/facts/server.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { buildCallSum } from '../../../fakes/build-call-sum.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';

const MINUTE_MS = 60_000;
const ATTACK = `<script>alert(1)</script>"'&`;

type Sums = JournalViews['summarizeCalls'];

/** Keys of the rows of the tables, in order. */
function rowsOf(body: string): string[] {
  return [
    ...collapse(body).matchAll(/class="name"> ?<a href="[^"]*"(?: ?>|\s*>)\s*<bdi>(.*?)<\/bdi>/g),
  ].map((match) => match[1]!);
}

async function visit(path: string, summarizeCalls: Sums) {
  const journal = fakeJournal({ summarizeCalls });
  const app = await serveApp(
    fakeHttpDeps([buildDetail('files'), buildDetail('mail')], { journal }).deps,
  );
  return app.call(path, { headers: { accept: 'text/html' } });
}

const TOOLS: Sums = async ({ by }) => {
  if (by === 'operation') return [buildCallSum('tools/call'), buildCallSum('resources/read')];
  return [
    buildCallSum('read', { calls: 900, p95Ms: 30, costUsd: 0.5 }),
    buildCallSum('search', { calls: 90, failures: 9, counted: 90, p95Ms: 2_400, tokens: 81_000 }),
    buildCallSum('refused', { calls: 5, counted: 0 }),
  ].map((sum) => {
    const { p95Ms: _p95, p50Ms: _p50, ...rest } = sum;
    return sum.counted === 0 ? rest : sum;
  });
};

test('the tools of a server are listed with the slowest first, one without a duration last', async () => {
  const asked: CallSummaryFilter[] = [];
  const { body } = await visit('/servers/files?tab=tools', async (filter) => {
    asked.push(filter);
    return TOOLS(filter);
  });
  expect(rowsOf(body)).toEqual(['search', 'read', 'refused', 'resources/read']);
  expect(collapse(body)).toContain('2.40 s');
  expect(collapse(body)).toContain('10 %');
  expect(collapse(body)).toContain('81,000');
  expect(collapse(body)).toContain('$0.50');
  expect(asked).toMatchObject([
    { by: 'target', server: 'files', operation: 'tools/call', fromMs: NOW_MS - 1_440 * MINUTE_MS },
    { by: 'operation', server: 'files', toMs: NOW_MS },
  ]);
});

test.each([
  ['calls', ['read', 'search', 'refused']],
  ['cost', ['read', 'refused', 'search']],
  ['error_share', ['search', 'read', 'refused']],
])('the tools can be sorted by %s', async (sort, order) => {
  const { body } = await visit(`/servers/files?tab=tools&sort=${sort}&window=7d`, TOOLS);
  expect(rowsOf(body).slice(0, 3)).toEqual(order);
  expect(collapse(body)).toMatch(
    new RegExp(`href="/servers/files\\?tab=tools&amp;window=7d&amp;sort=${sort}" aria-current`),
  );
  expect(body).toContain('aria-sort="descending"');
  // The choice of another window keeps the order.
  expect(body).toContain(`href="/servers/files?tab=tools&amp;window=1h&amp;sort=${sort}"`);
});

test('a tool leads to its calls, and its errors to the errors', async () => {
  const { body } = await visit('/servers/files?tab=tools&window=1h', TOOLS);
  const from = encodeURIComponent('2026-11-21T08:15:00.000Z');
  expect(body).toContain(`href="/audit?server=files&amp;tool=search&amp;from=${from}"`);
  expect(body).toContain(`href="/errors?server=files&amp;tool=search&amp;from=${from}"`);
  expect(body).not.toContain('/errors?server=files&amp;tool=read');
});

test('the clients of a server are listed with the most calls first, then its users', async () => {
  const { body } = await visit('/servers/files?tab=clients', async ({ by }) =>
    by === 'user'
      ? [buildCallSum('ada', { calls: 3, costUsd: 1.25 })]
      : [
          buildCallSum('cursor', { calls: 4, tokens: 12 }),
          buildCallSum('claude-code', { calls: 40, failures: 2 }),
        ],
  );
  expect(rowsOf(body)).toEqual(['claude-code', 'cursor', 'ada']);
  expect(collapse(body)).toContain('$1.25');
  expect(collapse(body)).toContain('60 s ago');
  expect(body).toContain('/audit?server=files&amp;client=claude-code&amp;status=error&amp;from=');
});

test.each(['tools', 'clients'])('tab %s shows hostile names as texts', async (tab) => {
  const { body } = await visit(`/servers/files?tab=${tab}`, async () => [
    buildCallSum(ATTACK, { failures: 1 }),
  ]);
  expect(body).toContain('&lt;script&gt;alert(1)');
  expect(body).not.toContain('<script>alert');
});

test.each(['tools', 'clients'])(
  'tab %s says what is the matter if the journal fails or is empty',
  async (tab) => {
    const failed = await visit(`/servers/files?tab=${tab}`, async () => {
      throw new Error('disk <full>');
    });
    expect(failed.status).toBe(200);
    expect(failed.body).toContain('disk &lt;full&gt;');
    const empty = await visit(`/servers/files?tab=${tab}`, async () => []);
    expect(collapse(empty.body)).toContain('in the last 24 h');
    expect(empty.body).not.toContain('<table class="grid calls"');
  },
);

test('tabs are links, one of them the current page, and a tab that does not exist is refused', async () => {
  const { body } = await visit('/servers/files?tab=clients', async () => []);
  expect(collapse(body)).toContain(
    'href="/servers/files?tab=clients" aria-current="page" >Clients',
  );
  expect(body).toContain('href="/servers/files?tab=tools"');
  expect((await visit('/servers/files?tab=calls', async () => [])).status).toBe(400);
  expect((await visit('/servers/files?tab=tools&window=1y', async () => [])).status).toBe(400);
  expect((await visit('/servers/nobody?tab=tools', async () => [])).status).toBe(404);
});

test('the grid shows requests per minute, errors and cost of servers with traffic', async () => {
  const { body } = await visit('/', async ({ by, fromMs }) => {
    expect(by).toBe('server');
    return fromMs > NOW_MS - 60 * MINUTE_MS
      ? [buildCallSum('files', { calls: 60 })]
      : [buildCallSum('files', { calls: 500, failures: 7, counted: 490, costUsd: 3.4 })];
  });
  // 09:15:00 is the end of five minutes, so there are exactly five.
  expect(collapse(body)).toContain('data-label="Requests/min"> 12 </td>');
  expect(collapse(body)).toContain('<a href="/errors?server=files">1.4 %</a>');
  expect(collapse(body)).toContain('data-label="Cost, 24 h"> $3.40 </td>');
  expect(body.match(/num traffic is-idle/g)).toHaveLength(3);
});

test.each([
  ['is empty', async () => []],
  [
    'fails',
    async () => {
      throw new Error('locked');
    },
  ],
] as const)('the grid has no columns of traffic if the journal %s', async (_case, sums) => {
  const { status, body } = await visit('/', sums);
  expect(status).toBe(200);
  expect(body).not.toContain('Requests/min');
});

test('many readers of the grid within five seconds ask the journal once', async () => {
  let asked = 0;
  const summarizeCalls: Sums = async () => {
    asked += 1;
    return [];
  };
  const { deps, clock } = fakeHttpDeps([buildDetail('files')], {
    journal: fakeJournal({ summarizeCalls }),
  });
  const app = await serveApp(deps);
  await app.call('/');
  await app.call('/');
  expect(asked).toBe(2);
  await clock.advance(5_001);
  await app.call('/');
  expect(asked).toBe(4);
});

test.each([
  ['name', ['calm', 'files', 'mail']],
  ['response', ['mail', 'files', 'calm']],
  ['uptime', ['files', 'mail', 'calm']],
  ['requests', ['calm', 'files', 'mail']],
  ['errors', ['files', 'calm', 'mail']],
  ['cost', ['calm', 'files', 'mail']],
] as const)('the grid sorted by %s has first what needs attention', async (sort, order) => {
  const uptime = (server: string, dayRatio: number) => ({
    server,
    dayRatio,
    hours: [{ fromMs: asEpochMs(0), toMs: asEpochMs(1), upMs: 1, downMs: 0 }],
    days: [],
  });
  const journal = fakeJournal({
    summarizeCalls: async () => [
      buildCallSum('calm', { calls: 60, costUsd: 3 }),
      buildCallSum('files', { calls: 50, failures: 7, costUsd: 1 }),
    ],
    findUptime: async () => [uptime('calm', 1), uptime('files', 0.5), uptime('mail', 0.9)],
  });
  const servers = [
    buildDetail('mail', { responseTimeMs: 90 }),
    buildDetail('files', { responseTimeMs: 20 }),
    buildDetail('calm', { responseTimeMs: 10 }),
  ];
  const app = await serveApp(fakeHttpDeps(servers, { journal }).deps);
  const { body } = await app.call(`/?sort=${sort}&status=healthy`);
  expect([...body.matchAll(/data-key="([^"]+)"/g)].map((match) => match[1])).toEqual(order);
  // Every link and the search keep the order.
  expect(body).toContain(`href="/?sort=${sort}"`);
  expect(body).toContain(`<input type="hidden" name="sort" value="${sort}" />`);
  expect(collapse(body)).toMatch(
    new RegExp(`aria-sort="(?:de|a)scending" > <a href="/\\?status=healthy&amp;sort=${sort}">`),
  );
  expect(body.match(/class="chart uptime"/g)).toHaveLength(3);
});

test('the grid shows the connections of clients of all transports, and can be sorted by them', async () => {
  const load = (server: string, transport: Transport, connections: number) => ({
    server,
    transport,
    sessions: 0,
    streams: 0,
    inFlight: 0,
    connections,
  });
  const servers = [buildDetail('calm'), buildDetail('files'), buildDetail('unserved')];
  const gateway = {
    load: () => [load('calm', 'http', 0), load('files', 'http', 2), load('files', 'sse', 1_200)],
  };
  const app = await serveApp(fakeHttpDeps(servers, { gateway }).deps);
  const { body } = await app.call('/?sort=connections');
  expect([...body.matchAll(/data-key="([^"]+)"/g)].map((match) => match[1])).toEqual([
    'files',
    'calm',
    'unserved',
  ]);
  expect(
    [...collapse(body).matchAll(/data-label="Connections" ?> (.*?) <\/td>/g)].map(
      ([, cell]) => cell,
    ),
  ).toEqual(['1,202', '0', expect.stringContaining('Not served by the gateway')]);
});

test('without a gateway the grid has no connections', async () => {
  const { body } = await visit('/', async () => []);
  expect(body).not.toContain('Connections');
});

test('an order that does not exist is refused', async () => {
  expect((await visit('/?sort=colour', async () => [])).status).toBe(400);
});
