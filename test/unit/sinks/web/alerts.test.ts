import { expect, test } from 'vitest';
import type { AlertFilter } from '../../../../src/facts/ports/alert-store.ts';
import type { HttpAppDeps, WebSource } from '../../../../src/sinks/web/ports.ts';
import type { JournalState, ServerLogFilter } from '../../../../src/facts/server-log.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import { exampleAlerts, exampleLog } from '../../../browser/example-alerts.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { type Call, collapse, serveApp } from './serve-app.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';

const WEBHOOK = '/api/v1/alerts/webhook';
const ALERTS = [...exampleAlerts().firing, ...exampleAlerts().history];

/** An app whose journal holds the example alerts; `asked` has every filter that it was asked with. */
async function setUp(
  alerts: Partial<HttpAppDeps['alerts']> = {},
  overrides: Partial<HttpAppDeps> = {},
) {
  const asked: AlertFilter[] = [];
  const askedLog: ServerLogFilter[] = [];
  const received: unknown[] = [];
  const notes: { id: number; by: string; text: string }[] = [];
  const fake = fakeHttpDeps([buildDetail('search'), buildDetail('files')]);
  const app = await serveApp({
    ...fake.deps,
    alerts: {
      ...fake.deps.alerts,
      async receive(payload) {
        received.push(payload);
        return { ok: true, alerts: 2, problems: [], isKept: true };
      },
      async find(filter) {
        asked.push(filter);
        return ALERTS.filter(
          ({ id, endsAtMs }) =>
            (filter.id === undefined || id === filter.id) &&
            (filter.before === undefined || id < filter.before) &&
            (filter.state === undefined ||
              (endsAtMs === undefined) === (filter.state === 'firing')),
        ).slice(0, filter.limit);
      },
      async addAction(note) {
        notes.push(note);
        return note.id === 12;
      },
      ...alerts,
    },
    journal: fakeJournal({
      async findServerLog(filter) {
        askedLog.push(filter);
        return { entries: exampleLog(filter.server ?? ''), next: '5-0-3', total: 10 };
      },
    }),
    ...overrides,
  });
  return { app, fake, asked, askedLog, received, notes };
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Call {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

const off = { state: (): JournalState => ({ status: 'off', detail: 'journal.path is off' }) };

test('a notification that was kept is acknowledged', async () => {
  const { app, received } = await setUp();
  const answer = await app.call(WEBHOOK, post({ version: '4' }));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ alerts: 2, kept: true });
  expect(received).toEqual([{ version: '4' }]);
});

test('a notification that could not be kept is answered so that Alertmanager sends it again', async () => {
  const { app } = await setUp({ receive: () => Promise.reject(new Error('the disk is full')) });
  const answer = await app.call(WEBHOOK, post({}));
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(JSON.parse(answer.body)).toMatchObject({
    detail: 'The journal is unavailable: the disk is full',
  });
});

test('what is no notification is refused for good, with the reason', async () => {
  const { app } = await setUp({
    receive: async () => ({ ok: false, problem: 'version must be "4"' }),
  });
  const answer = await app.call(WEBHOOK, post({}));
  expect(answer.status).toBe(400);
  expect(answer.body).toContain('version must be \\"4\\"');
});

test('alerts that could not be read are told to the log, and the others are acknowledged', async () => {
  const problems = ['alerts[0].startsAt must be a time'];
  const { app, fake } = await setUp({
    receive: async () => ({ ok: true, alerts: 1, problems, isKept: true }),
  });
  expect((await app.call(WEBHOOK, post({}))).status).toBe(200);
  expect(fake.logged).toMatchObject([
    { level: 'warn', fields: { problems }, message: 'alerts could not be read' },
  ]);
});

test.each([
  ['that is no JSON', '{', {}, 400],
  ['of another type', '{}', { 'content-type': 'text/plain' }, 415],
  ['over four megabytes', JSON.stringify('x'.repeat(4 * 1024 * 1024)), {}, 413],
])('a body %s is refused', async (_what, body, headers, status) => {
  const { app, received } = await setUp();
  const answer = await app.call(WEBHOOK, post(body, headers));
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(received).toEqual([]);
});

test.each([
  ['from this machine', {}, 200],
  ['from a page of another site', { origin: 'https://evil.example' }, 403],
  ['through a proxy on this machine', { 'x-forwarded-for': '203.0.113.9' }, 403],
  ['under another name', { host: 'evil.example' }, 403],
])('without a token, a notification %s', async (_case, headers, status) => {
  const { app, received } = await setUp();
  expect((await app.call(WEBHOOK, post({}, headers))).status).toBe(status);
  expect(received).toHaveLength(status === 200 ? 1 : 0);
});

test.each([
  ['its own token', { authorization: 'Bearer al3rts' }, 200],
  ['its own token through a proxy', { authorization: 'Bearer al3rts', via: '1.1 proxy' }, 200],
  ['no token', {}, 401],
  ['the admin token', { authorization: 'Bearer s3cret' }, 401],
  ['a wrong token', { authorization: 'Bearer al3rtz' }, 401],
])('with a token of its own, a notification with %s', async (_case, headers, status) => {
  const tokens = { alertToken: new Secret('al3rts'), adminToken: new Secret('s3cret') };
  const { app } = await setUp({}, tokens);
  const answer = await app.call(WEBHOOK, post({}, headers));
  expect(answer.status).toBe(status);
  expect(answer.body).not.toContain('al3rts');
});

test('the token of the webhook opens nothing else', async () => {
  const tokens = { alertToken: new Secret('al3rts'), adminToken: new Secret('s3cret') };
  const { app } = await setUp({}, tokens);
  const headers = { authorization: 'Bearer al3rts' };
  const check = await app.call('/api/v1/mcp/servers/search/check', { method: 'POST', headers });
  expect(check.status).toBe(401);
  expect((await app.call('/api/v1/alerts/12/notes', post({ text: 'x' }, headers))).status).toBe(
    401,
  );
});

/** A web configuration that wants a password for everything, and knows ada by hers. */
const WEB: WebSource = {
  hasClients: true,
  headers: {},
  async check({ headers }) {
    return { kind: headers.authorization?.startsWith('Basic') ? 'known' : 'refused' };
  },
};

test('the token of the webhook passes a web configuration at the webhook, and there only', async () => {
  const { app } = await setUp({}, { web: WEB, alertToken: new Secret('al3rts') });
  const headers = { authorization: 'Bearer al3rts' };
  expect((await app.call(WEBHOOK, post({}, headers))).status).toBe(200);
  expect((await app.call('/api/v1/alerts', { headers })).status).toBe(401);
  expect((await app.call(WEBHOOK, post({}))).status).toBe(401);
});

test('a user of the web configuration may send notifications, and is named in what was done', async () => {
  const { app, notes, fake } = await setUp({}, { web: WEB });
  const headers = { authorization: `Basic ${btoa('ada:pass:word')}` };
  expect((await app.call(WEBHOOK, post({}, headers))).status).toBe(200);
  await app.call('/api/v1/alerts/12/notes', post({ text: 'x' }, headers));
  await app.call('/api/v1/mcp/servers/search/check', { method: 'POST', headers });
  expect(notes).toMatchObject([{ by: 'ada' }]);
  expect(fake.actions).toMatchObject([{ by: 'ada' }]);
});

test('the API shows alerts newest first with everything that is known of them', async () => {
  const { app } = await setUp();
  const answer = await app.call('/api/v1/alerts');
  const { alerts, next_cursor: next } = JSON.parse(answer.body) as {
    alerts: Record<string, unknown>[];
    next_cursor?: string;
  };
  expect(alerts.map(({ id }) => id)).toEqual([12, 11, 10, 9, 8, 7]);
  expect(next).toBeUndefined();
  expect(alerts[0]).toMatchObject({
    alertname: 'McpServerOffline',
    state: 'firing',
    severity: 'critical',
    server: 'search',
    started_at: '2026-11-21T09:09:00.000Z',
    duration_seconds: 360,
    value: 1,
    notification_count: 2,
    actions: [
      { kind: 'check', by: 'ada', text: 'steady: refused' },
      { kind: 'note', by: 'ada' },
    ],
  });
  expect(alerts[0]).not.toHaveProperty('ended_at');
  expect(alerts[5]).toMatchObject({
    state: 'resolved',
    ended_at: '2026-11-17T09:15:00.000Z',
    end_inferred: true,
    duration_seconds: 86_400,
  });
});

test('pages follow each other by the cursor', async () => {
  const { app } = await setUp();
  const ids: number[] = [];
  let path: string | undefined = '/api/v1/alerts?limit=4';
  while (path !== undefined) {
    const page = JSON.parse((await app.call(path)).body) as {
      alerts: { id: number }[];
      next_cursor?: string;
    };
    ids.push(...page.alerts.map(({ id }) => id));
    path = page.next_cursor && `/api/v1/alerts?limit=4&cursor=${page.next_cursor}`;
  }
  expect(ids).toEqual([12, 11, 10, 9, 8, 7]);
});

test.each<[string, Partial<AlertFilter>]>([
  ['state=firing', { state: 'firing' }],
  ['alertname=HighErrorRate&server=a%20b', { alertname: 'HighErrorRate', server: 'a b' }],
  ['from=2026-11-21T09:00:00Z', { fromMs: asEpochMs(Date.UTC(2026, 10, 21, 9)) }],
  [
    'from=2026-11-21&to=2026-11-22',
    { fromMs: asEpochMs(Date.UTC(2026, 10, 21)), toMs: asEpochMs(Date.UTC(2026, 10, 22)) },
  ],
  ['to=1795252500.5', { toMs: asEpochMs(1_795_252_500_500) }],
  ['cursor=7&limit=1', { before: 7 }],
  ['state=&alertname=&from=', {}],
])('the filter %s is understood', async (query, filter) => {
  const { app, asked } = await setUp();
  expect((await app.call(`/api/v1/alerts?${query}`)).status).toBe(200);
  const { limit: _, ...rest } = asked[0] ?? { limit: 0 };
  expect(rest).toEqual(filter);
});

test.each([
  ['state=pending', 'state=pending is not valid; allowed: firing, resolved.'],
  ['from=yesterday', 'from must be a time'],
  ['to=12.', 'to must be a time'],
  ['to=99999999999999', 'to must be a time'],
  ['limit=0', 'limit must be a whole number from 1 to 1000'],
  ['limit=1001', 'limit must be a whole number from 1 to 1000'],
  ['cursor=-1', 'cursor was not issued by this API'],
  ['server=a&server=b', 'Give the parameter server only once'],
])('the filter %s is refused', async (query, detail) => {
  const { app, asked } = await setUp();
  const answer = await app.call(`/api/v1/alerts?${query}`);
  expect(answer.status).toBe(400);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect((JSON.parse(answer.body) as { detail: string }).detail).toContain(detail);
  expect(asked).toEqual([]);
});

test('one alert has an address of its own', async () => {
  const { app } = await setUp();
  expect(JSON.parse((await app.call('/api/v1/alerts/9')).body)).toMatchObject({ id: 9 });
  for (const id of ['999', '0', 'x', '1e3', '%00'])
    expect((await app.call(`/api/v1/alerts/${id}`)).status, id).toBe(404);
});

test('a note is kept with who wrote it', async () => {
  const { app, notes } = await setUp({}, { adminToken: new Secret('s3cret') });
  const headers = { authorization: 'Bearer s3cret' };
  const answer = await app.call('/api/v1/alerts/12/notes', post({ text: '  rebooted  ' }, headers));
  expect(answer.status).toBe(201);
  expect(JSON.parse(answer.body)).toMatchObject({ id: 12 });
  expect(notes).toEqual([
    { id: 12, kind: 'note', by: 'admin token, from 127.0.0.1', text: 'rebooted' },
  ]);
  expect((await app.call('/api/v1/alerts/12/notes', post({ text: 'x' }))).status).toBe(401);
});

test.each([[{}], [{ text: ' ' }], [{ text: 7 }], [{ text: 'x'.repeat(2_001) }], ['[]']])(
  'the note %j is refused',
  async (body) => {
    const { app, notes } = await setUp();
    expect((await app.call('/api/v1/alerts/12/notes', post(body))).status).toBe(400);
    expect(notes).toEqual([]);
  },
);

test('a note on an alert that is not there is refused', async () => {
  const { app } = await setUp();
  expect((await app.call('/api/v1/alerts/99/notes', post({ text: 'x' }))).status).toBe(404);
});

test('a check on request is an action, with its outcome and who asked', async () => {
  const { app, fake } = await setUp();
  await app.call('/api/v1/mcp/servers/search/check', { method: 'POST' });
  expect(fake.actions).toEqual([
    { kind: 'check', server: 'search', by: '127.0.0.1', text: 'steady: ok, deep: ok' },
  ]);
});

test('the log of a server is read from the journal', async () => {
  const { app, askedLog } = await setUp();
  const query =
    'event=check,status&status=offline&search=refused&from=2026-11-21&limit=3&cursor=5-0-3';
  const answer = await app.call(`/api/v1/mcp/servers/search/logs?${query}`);
  expect(answer.status).toBe(200);
  const common = { server_name: 'search' };
  expect(JSON.parse(answer.body)).toEqual({
    logs: [
      {
        ...common,
        id: '5-0-0',
        timestamp: '2026-11-21T09:12:00.000Z',
        event_type: 'action',
        meta_data: { kind: 'check', by: 'ada', text: 'steady: refused' },
      },
      {
        ...common,
        id: '5-0-1',
        timestamp: '2026-11-21T09:09:00.000Z',
        event_type: 'status_change',
        status: 'offline',
        meta_data: {
          old_status: 'healthy',
          new_status: 'offline',
          reason: '3 checks in a row failed: Connection refused by mcp.example.com port 443.',
        },
      },
      {
        ...common,
        id: '5-0-2',
        timestamp: '2026-11-21T09:08:59.990Z',
        event_type: 'health_check',
        status: 'offline',
        response_time_ms: 2.5,
        error_message: 'Connection refused by mcp.example.com port 443.',
        meta_data: {
          kind: 'steady',
          outcome: 'refused',
          detail: 'Connection refused by mcp.example.com port 443.',
        },
      },
    ],
    total: 10,
    next_cursor: '5-0-3',
  });
  expect(askedLog).toEqual([
    {
      server: 'search',
      facts: ['check', 'status'],
      statuses: ['offline'],
      search: 'refused',
      fromMs: asEpochMs(Date.UTC(2026, 10, 21)),
      cursor: '5-0-3',
      limit: 3,
    },
  ]);
});

test.each([
  ['/api/v1/mcp/servers/unknown/logs', 404],
  ['/api/v1/mcp/servers/search/logs?event=call', 400],
  ['/api/v1/mcp/servers/search/logs?status=fine', 400],
  ['/api/v1/mcp/servers/search/logs?cursor=abc', 400],
  ['/api/v1/mcp/servers/search/logs?to=soon', 400],
])('%s is answered with %i', async (path, status) => {
  const { app } = await setUp();
  expect((await app.call(path)).status).toBe(status);
});

test.each(['/api/v1/alerts', '/api/v1/alerts/12', '/api/v1/mcp/servers/search/logs'])(
  'where nothing is kept %s says so',
  async (path) => {
    const journal = fakeJournal({
      ...off,
      findServerLog: () => Promise.reject(new Error('off')),
    });
    const { app } = await setUp({}, { journal });
    const answer = await app.call(path);
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('The journal is off');
  },
);

test.each(['/api/v1/alerts', '/api/v1/alerts/12', '/alerts/12'])(
  'where the journal does not answer, %s says that it may be tried again',
  async (path) => {
    const { app } = await setUp({ find: () => Promise.reject(new Error('no answer in time')) });
    const answer = await app.call(path);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
  },
);

test.each([
  [undefined, 'unknown', 'ok'],
  [NOW_MS - 9 * 60_000, 'ok', 'ok'],
  [NOW_MS - 11 * 60_000, 'degraded', 'degraded'],
])(
  'with the Watchdog heard at %s, alerting is %s and the service %s, still with 200',
  async (heardAtMs, alerting, whole) => {
    const { app } = await setUp({
      watchdogHeardAtMs: () => (heardAtMs === undefined ? undefined : asEpochMs(heardAtMs)),
    });
    const answer = await app.call('/health');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      status: whole,
      components: { alerting: { status: alerting } },
    });
  },
);

test.each([
  ['ok', 'ok', 'ok'],
  ['off', 'off', 'ok'],
  ['starting', 'starting', 'ok'],
  ['failed', 'degraded', 'degraded'],
] as const)('a journal that is %s shows in /health as %s', async (status, shown, whole) => {
  const journal = fakeJournal({ state: (): JournalState => ({ status, detail: 'why' }) });
  const { app } = await setUp({}, { journal });
  const answer = await app.call('/health');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    status: whole,
    components: { journal: { status: shown, message: 'why' } },
  });
});

async function page(path: string, ...given: Parameters<typeof setUp>): Promise<string> {
  const { app } = await setUp(...given);
  const answer = await app.call(path, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toContain('text/html');
  return collapse(answer.body);
}

test('the page shows what fires before what is over, with severity in words', async () => {
  const markup = await page('/alerts', { watchdogHeardAtMs: () => asEpochMs(NOW_MS - 60_000) });
  expect(markup).toContain('3 alerts firing');
  expect(markup).toContain('<title>(3) Alerts');
  const rows = [...markup.matchAll(/href="\/alerts\/(\d+)"/g)].map(([, id]) => Number(id));
  expect(rows).toEqual([12, 11, 10, 9, 8, 7]);
  for (const word of ['Critical', 'Warning', 'Info', 'up to 24 h', '2×', '0.742'])
    expect(markup).toContain(word);
  expect(markup).toContain('href="/servers/search"');
  expect(markup).toMatch(/Alerts are arriving: last heartbeat/);
});

test.each([
  ['/alerts', ['firing', 'resolved']],
  ['/alerts?state=firing', ['firing']],
  ['/alerts?state=resolved&cursor=9', ['resolved']],
])('%s reads what it shows', async (path, states) => {
  const { app, asked } = await setUp();
  await app.call(path);
  expect(asked.map(({ state }) => state)).toEqual(states);
});

test('filters of the page stay in its fields and links', async () => {
  const markup = await page('/alerts?server=a%22b&alertname=X&from=2026-11-21');
  expect(markup).toContain('value="a&quot;b"');
  expect(markup).toContain(
    'href="/alerts?state=firing&amp;alertname=X&amp;server=a%22b&amp;from=2026-11-21"',
  );
});

test('a filter of the page that makes no sense is answered with a page that says so', async () => {
  const { app } = await setUp();
  const answer = await app.call('/alerts?from=soon', { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(400);
  expect(answer.body).toContain('from must be a time');
});

test('more than a page of history leads on to the next', async () => {
  const [one] = exampleAlerts().history;
  const find = async ({ state, limit }: AlertFilter) =>
    state === 'firing' || !one
      ? []
      : Array.from({ length: limit }, (_, index) => ({ ...one, id: 500 - index }));
  const markup = await page('/alerts?server=search', { find });
  expect(markup).toContain('No alerts firing');
  expect(markup).toContain('href="/alerts?state=resolved&amp;server=search&amp;cursor=451"');
});

test('a journal that does not answer costs the page its tables and nothing else', async () => {
  const { app, fake } = await setUp({ find: () => new Promise(() => undefined) });
  const answering = app.call('/alerts', { headers: { accept: 'text/html' } });
  const untilAsked = async (): Promise<void> => {
    while (fake.clock.pendingCount() < 2) await new Promise((resolve) => setImmediate(resolve));
  };
  await untilAsked();
  await fake.clock.advance(1_500);
  const answer = await answering;
  expect(answer.status).toBe(200);
  expect(answer.body).toContain('The journal is not responding.');
});

test.each([
  [undefined, 'No heartbeat from Alertmanager yet'],
  [NOW_MS - 3_600_000, 'Alerts are not arriving from Prometheus'],
])(
  'the page says of a Watchdog heard at %s how far silence can be trusted',
  async (heardAtMs, words) => {
    expect(
      await page('/alerts', {
        watchdogHeardAtMs: () => (heardAtMs === undefined ? undefined : asEpochMs(heardAtMs)),
      }),
    ).toContain(words);
  },
);

test('what alerts say is shown as text', async () => {
  for (const path of ['/alerts', '/alerts/10']) {
    const markup = await page(path);
    expect(markup).not.toContain('<script>document.title');
    expect(markup).not.toContain('<img src=x');
    expect(markup).not.toContain('<b>odd</b>');
  }
});

test('the page of one alert shows its labels, notifications, actions and links of the web only', async () => {
  const [first] = exampleAlerts().firing;
  if (!first) throw new Error('no example');
  const annotations = {
    runbook_url: 'https://example.com/r',
    dashboard_url: 'javascript:alert(1)',
  };
  const markup = await page('/alerts/12', { find: async () => [{ ...first, annotations }] });
  expect(markup).toContain('href="https://example.com/r"');
  expect(markup).not.toContain('javascript:');
  expect(markup).toContain('The host rebooted after an update');
  expect(markup).toContain('action="/alerts/12/notes"');
  expect(markup).not.toContain('name="token"');
});

test.each(['/alerts', '/alerts/12'])(
  '%s leads to Grafana, Prometheus and Alertmanager',
  async (path) => {
    const [first] = exampleAlerts().firing;
    if (!first) throw new Error('no example');
    const alert = {
      ...first,
      labels: { alertname: 'A "quoted" name', 'not plain': 'b&c' },
      annotations: { dashboard_url: '/d/mcp-server?var-server=search' },
      generatorUrl: 'http://prometheus.test:9090/graph?g0.expr=up',
      alertmanagerUrl: 'http://alertmanager.test:9093/',
    };
    const find = async () => [alert];
    const urls = { outsideUrls: { grafana: 'https://grafana.test' } };
    const markup = collapse(await page(path, { find }, urls));
    expect(markup).toContain(
      '<a href="https://grafana.test/d/mcp-server?var-server=search" rel="noreferrer">Grafana</a>',
    );
    expect(markup).toContain(
      '<a href="http://prometheus.test:9090/graph?g0.expr=up" rel="noreferrer">Prometheus</a>',
    );
    const href = /href="([^"]+)" rel="noreferrer">Alertmanager</.exec(markup)?.[1] ?? '';
    expect(decodeURIComponent(href)).toBe(
      'http://alertmanager.test:9093/#/alerts?silenced=true&amp;inhibited=true&amp;filter={alertname="A \\"quoted\\" name","not plain"="b&c"}',
    );

    // Without the address of Grafana, a path leads nowhere; nor does what is no address of the web.
    const odd = async () => [{ ...alert, generatorUrl: 'javascript:alert(1)' }];
    const other = await page(path, { find: odd });
    expect(other).not.toContain('Grafana</a>');
    expect(other).not.toContain('javascript:');
  },
);

test('the form for notes works without JavaScript, with the token where one is needed', async () => {
  const { app, notes } = await setUp({}, { adminToken: new Secret('s3cret') });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const send = (body: string) =>
    app.call('/alerts/12/notes', { method: 'POST', headers: form, body });
  const answer = await send('text=restarted+it&token=s3cret');
  expect([answer.status, answer.headers.location]).toEqual([303, '/alerts/12']);
  expect(notes).toMatchObject([{ id: 12, text: 'restarted it' }]);
  expect((await send('text=restarted+it&token=wrong')).status).toBe(401);
  expect(notes).toHaveLength(1);
});

test('the page of a server shows its alerts and what is kept of it', async () => {
  const { app, asked, askedLog } = await setUp();
  const answer = await app.call('/servers/search', { headers: { accept: 'text/html' } });
  const markup = collapse(answer.body);
  expect(asked).toEqual([{ server: 'search', limit: 10 }]);
  expect(askedLog).toMatchObject([{ server: 'search', facts: ['status', 'action'] }]);
  expect(markup).toContain('McpServerOffline');
  expect(markup).toContain('href="/servers/search/log"');
  expect(markup).toContain('Action by ada');
});

test('the page of a server is there without a journal', async () => {
  const journal = fakeJournal({
    ...off,
    findServerLog: () => Promise.reject(new Error('off')),
  });
  const markup = await page('/servers/search', {}, { journal });
  expect(markup).toContain('journal.path is off');
  expect(markup).toContain('Response time');
});

test('the log of a server can be searched and read page by page', async () => {
  const { app, askedLog } = await setUp();
  const answer = await app.call('/servers/search/log?search=a%26b&cursor=7-1-1', {
    headers: { accept: 'text/html' },
  });
  expect(askedLog).toMatchObject([{ server: 'search', search: 'a&b', cursor: '7-1-1' }]);
  expect(collapse(answer.body)).toContain(
    'href="/servers/search/log?search=a%26b&amp;cursor=5-0-3"',
  );
  expect((await app.call('/servers/unknown/log')).status).toBe(404);
});
