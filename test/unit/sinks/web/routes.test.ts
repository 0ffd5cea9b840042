import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import { buildDetail, buildUncheckedDetail, fakeHttpDeps } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

const FLEET = [
  buildDetail('files'),
  buildDetail('search', { status: 'offline', reason: 'Connection refused.' }),
  buildUncheckedDetail('parked', 'disabled'),
];

test.each([
  ['plain text for a client that says nothing', undefined, 'text/plain; version=0.0.4'],
  [
    'OpenMetrics for a client that asks for it',
    'application/openmetrics-text',
    'application/openmetrics-text',
  ],
])('/metrics answers %s', async (_case, accept, contentType) => {
  const app = await serveApp(fakeHttpDeps().deps);
  const answer = await app.call('/metrics', { headers: accept ? { accept } : {} });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toContain(contentType);
  expect(answer.body).toContain('up 1');
});

test('/health stays 200 and ok while a server is offline, and counts servers by status', async () => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call('/health');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({
    status: 'ok',
    version: '0.1.0',
    uptime_seconds: 0,
    servers: { total: 3, healthy: 1, warning: 0, critical: 0, offline: 1, disabled: 1, unknown: 0 },
    queue_size: 3,
    plugins: [],
    components: {
      prober: { status: 'ok' },
      config: {
        status: 'ok',
        last_reload_successful: true,
        last_reload_at: '2026-11-21T09:15:00.000Z',
        message: 'Loaded.',
      },
      connectivity: { status: 'ok' },
      schedule: { status: 'ok' },
      journal: { status: 'ok', message: 'data/journal.sqlite' },
      alerting: { status: 'unknown', message: 'No heartbeat from Alertmanager yet.' },
    },
  });
});

test('/health says degraded, still with 200, when the configuration on disk was not applied', async () => {
  const { deps } = fakeHttpDeps([], {
    config: {
      status: () => ({ lastReloadSuccessful: false, message: 'a.yml:1:1 wrong' }),
      reload: async () => ({ ok: false, detail: '' }),
    },
  });
  const app = await serveApp(deps);
  const answer = await app.call('/health');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    status: 'degraded',
    components: { config: { last_reload_successful: false, message: 'a.yml:1:1 wrong' } },
  });
});

test.each([
  ['200 once the first configuration was applied', true, 200],
  ['503 before it', false, 503],
])('/-/ready answers %s', async (_case, isReady, status) => {
  const app = await serveApp(fakeHttpDeps([], { isReady: () => isReady }).deps);
  expect((await app.call('/-/ready')).status).toBe(status);
  expect((await app.call('/-/healthy')).status).toBe(200);
});

test('a reload answers with what changed, and a refused one with 422 and every mistake', async () => {
  const app = await serveApp(fakeHttpDeps().deps);
  const good = await app.call('/-/reload', { method: 'POST' });
  expect([good.status, JSON.parse(good.body)]).toEqual([
    200,
    { ok: true, detail: '2 servers, 1 added' },
  ]);
  const { deps } = fakeHttpDeps();
  const failing = await serveApp({
    ...deps,
    config: {
      ...deps.config,
      reload: async () => ({ ok: false, detail: 'a.yml:1:1 wrong\na.yml:2:1 too' }),
    },
  });
  const bad = await failing.call('/-/reload', { method: 'POST' });
  expect(bad.status).toBe(422);
  expect(bad.headers['content-type']).toContain('application/problem+json');
  expect(JSON.parse(bad.body)).toMatchObject({ detail: 'a.yml:1:1 wrong\na.yml:2:1 too' });
});

test('/sd/servers lists what is checked, with string labels only, and an empty list without servers', async () => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call('/sd/servers');
  expect(answer.headers['content-type']).toContain('application/json');
  const groups = JSON.parse(answer.body) as {
    targets: string[];
    labels: Record<string, unknown>;
  }[];
  expect(groups.map((group) => group.targets)).toEqual([['files'], ['search']]);
  expect(groups[0]?.labels).toEqual({
    __meta_mcp_server: 'files',
    __meta_mcp_transport: 'http',
    __meta_mcp_endpoint: 'http://127.0.0.1:3001/files',
    __meta_mcp_era: 'legacy',
    __meta_mcp_protocol_version: '2025-11-25',
    __meta_mcp_implementation: 'example',
  });
  const empty = await serveApp(fakeHttpDeps().deps);
  expect((await empty.call('/sd/servers')).body).toBe('[]');
});

const OWNED = [
  buildDetail('files', { labels: { environment: 'production', team: 'search' } }),
  buildDetail('mail', { labels: { team: 'office' }, status: 'offline' }),
  buildDetail('tests'),
];

test.each([
  ['a label', 'label=team=search', ['files']],
  ['two labels', 'label=team=search&label=environment=test', []],
  ['the lack of a label', 'label=team=', ['tests']],
  ['a label and a status', 'label=team=office&status=offline', ['mail']],
  ['a label that no server has', 'label=constructor=x', []],
  ['a part of a label', 'search=TEAM%3Doff', ['mail']],
])('the API filters by %s', async (_case, query, names) => {
  const app = await serveApp(fakeHttpDeps(OWNED).deps);
  const answer = await app.call(`/api/v1/mcp/servers?${query}`);
  const page = JSON.parse(answer.body) as { servers: { name: string; labels: unknown }[] };
  expect(page.servers.map((server) => server.name)).toEqual(names);
  expect(page.servers.map((server) => server.labels)).toEqual(
    OWNED.filter(({ name }) => names.some((each) => each === name)).map(({ labels }) => labels),
  );
});

test('/sd/servers has the labels of the configuration', async () => {
  const app = await serveApp(fakeHttpDeps(OWNED).deps);
  const groups = JSON.parse((await app.call('/sd/servers')).body) as { labels: object }[];
  expect(groups[0]?.labels).toMatchObject({
    __meta_mcp_label_team: 'search',
    __meta_mcp_label_environment: 'production',
  });
});

test('the API pages through servers by cursor without losing one', async () => {
  const names = Array.from(
    { length: 25 },
    (_, index) => `server-${String(index).padStart(2, '0')}`,
  );
  const app = await serveApp(
    fakeHttpDeps(names.toReversed().map((name) => buildDetail(name))).deps,
  );
  const seen: string[] = [];
  let cursor: string | undefined = '';
  while (cursor !== undefined) {
    const answer = await app.call(`/api/v1/mcp/servers?limit=10&cursor=${cursor}`);
    const page = JSON.parse(answer.body) as {
      servers: { name: string }[];
      total: number;
      next_cursor?: string;
    };
    expect(page.total).toBe(25);
    seen.push(...page.servers.map((server) => server.name));
    cursor = page.next_cursor;
  }
  expect(seen).toEqual(names);
});

test.each([
  ['one status', 'status=offline', ['search']],
  ['several statuses', 'status=offline,disabled', ['parked', 'search']],
  ['a part of the name in any case', 'search=FIL', ['files']],
  ['a part of the endpoint', 'search=npx', ['parked']],
  ['both', 'status=healthy&search=search', []],
])('the API filters by %s', async (_case, query, names) => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call(`/api/v1/mcp/servers?${query}`);
  const page = JSON.parse(answer.body) as { servers: { name: string }[] };
  expect(page.servers.map((server) => server.name)).toEqual(names);
});

test.each([
  ['an unknown status', '?status=sick', 'allowed: healthy, warning'],
  ['a limit of zero', '?limit=0', 'from 1 to 1000'],
  ['a limit that is too large', '?limit=1001', 'from 1 to 1000'],
  ['a parameter given twice', '?search=a&search=b', 'once'],
  ['a cursor that is none', '?cursor=%21%21', 'cursor'],
  ['a label without a value', '?label=team', 'label must be NAME=VALUE'],
  ['too many labels', `?${'label=a=b&'.repeat(17)}`, 'at most 16 times'],
])('the API refuses %s with 400 and says what is allowed', async (_case, query, text) => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call(`/api/v1/mcp/servers${query}`);
  expect(answer.status).toBe(400);
  expect((JSON.parse(answer.body) as { detail: string }).detail).toContain(text);
});

test('the API shows one server in base units with its lists and histories', async () => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call('/api/v1/mcp/servers/files');
  expect(JSON.parse(answer.body)).toMatchObject({
    name: 'files',
    status: 'healthy',
    response_time_seconds: 0.0124,
    interval_seconds: 30,
    last_check_at: '2026-11-21T09:14:56.000Z',
    capabilities: { tools: 1 },
    snapshot: { lists: { tools: { definitions: [{ name: 'read_file' }] } } },
    last_check: { outcome: 'ok', steps: [{ name: 'connect' }, { name: 'ping' }] },
    recent_checks: [{ duration_seconds: 0.0124 }],
  });
  expect((await app.call('/api/v1/mcp/servers/nobody')).status).toBe(404);
});

test('a check on request runs a steady and a deep check and answers with both reports', async () => {
  const fake = fakeHttpDeps(FLEET);
  const app = await serveApp(fake.deps);
  const answer = await app.call('/api/v1/mcp/servers/files/check', { method: 'POST' });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    server: 'files',
    reports: [{ kind: 'steady', outcome: 'ok' }, { kind: 'deep' }],
  });
  expect(fake.checked).toEqual([
    { name: 'files', deep: false },
    { name: 'files', deep: true },
  ]);
});

test('requests for a check that is running join it', async () => {
  const fake = fakeHttpDeps(FLEET);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  let calls = 0;
  const app = await serveApp({
    ...fake.deps,
    servers: {
      ...fake.deps.servers,
      async checkNow(name, options) {
        calls += 1;
        await gate;
        return fake.deps.servers.checkNow(name, options);
      },
    },
  });
  const path = '/api/v1/mcp/servers/files/check';
  const first = app.call(path, { method: 'POST' });
  await expect.poll(() => calls).toBe(2);
  const second = app.call(path, { method: 'POST' });
  // Requests of one listener are taken up in the order in which they arrive.
  await app.call('/health');
  open();
  expect((await first).body).toBe((await second).body);
  expect(calls).toBe(2);
});

test.each([
  ['an unknown server with 404', 'nobody', 404],
  ['a disabled server with 409', 'parked', 409],
])('a check on request refuses %s', async (_case, name, status) => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call(`/api/v1/mcp/servers/${name}/check`, { method: 'POST' });
  expect(answer.status).toBe(status);
});

test('the plain form of the grid checks every server, and shows the grid as it was', async () => {
  const fake = fakeHttpDeps(
    [buildDetail('files'), buildDetail('mail'), buildUncheckedDetail('parked', 'disabled')],
    { adminToken: new Secret('t0ken') },
  );
  const app = await serveApp(fake.deps);
  const { body } = await app.call('/?search=files&sort=name');
  const action = /<form[^>]*action="(\/check[^"]*)"/.exec(body)?.[1];
  expect(action).toBe('/check?search=files&amp;sort=name');
  const press = (token: string) =>
    app.call('/check?search=files&sort=name', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}`,
    });

  expect((await press('wrong')).status).toBe(401);
  expect(fake.checked).toEqual([]);
  const answer = await press('t0ken');

  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/?search=files&sort=name');
  expect(new Set(fake.checked.map(({ name }) => name))).toEqual(new Set(['files', 'mail']));
});

test('who may not make changes sees no button that checks all', async () => {
  const { deps } = fakeHttpDeps([buildDetail('files')], { listenHost: '0.0.0.0' });
  const app = await serveApp(deps);
  const { body } = await app.call('/');
  expect(body).not.toContain('Check all');
});

test('the plain form checks and sends the browser back to the page of the server', async () => {
  const fake = fakeHttpDeps([buildDetail('a/b c')]);
  const app = await serveApp(fake.deps);
  const answer = await app.call('/servers/a%2Fb%20c/check', { method: 'POST' });
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/servers/a%2Fb%20c');
  expect(fake.checked).toHaveLength(2);
});

test.each([
  ['/metrics', 'POST', 'GET, HEAD, OPTIONS'],
  ['/', 'DELETE', 'GET, HEAD, OPTIONS'],
  ['/-/reload', 'GET', 'POST, OPTIONS'],
  ['/api/v1/mcp/servers/files/check', 'GET', 'POST, OPTIONS'],
  ['/api/v1/mcp/servers/files/disable', 'GET', 'POST, OPTIONS'],
  ['/servers/files/enable', 'GET', 'POST, OPTIONS'],
  ['/probe', 'PUT', 'GET, HEAD, OPTIONS'],
])('%s refuses %s with 405 and says what is allowed', async (path, method, allow) => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call(path, { method });
  expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  const options = await app.call(path, { method: 'OPTIONS' });
  expect([options.status, options.headers.allow]).toEqual([204, allow]);
});

test.each([
  '/',
  '/metrics',
  '/health',
  '/servers/files',
  '/api/v1/mcp/servers',
  '/api/v1/events',
  '/sd/servers',
  '/docs',
])('HEAD %s answers 200 without a body', async (path) => {
  const app = await serveApp(fakeHttpDeps(FLEET).deps);
  const answer = await app.call(path, { method: 'HEAD' });
  expect([answer.status, answer.body]).toEqual([200, '']);
});

test.each(['/metrics/', '/health/', '/servers/files/', '/api/v1/mcp/servers/', '/-/ready/'])(
  '%s works with its trailing slash',
  async (path) => {
    const app = await serveApp(fakeHttpDeps(FLEET).deps);
    expect((await app.call(path)).status).toBe(200);
  },
);

test.each([
  ['a machine gets problem+json', '/nothing', 'application/json', 'application/problem+json'],
  ['a browser gets a page', '/nothing', 'text/html', 'text/html'],
  [
    'a browser gets problem+json from the API',
    '/api/nothing',
    'text/html',
    'application/problem+json',
  ],
])('where there is nothing, %s', async (_case, path, accept, contentType) => {
  const app = await serveApp(fakeHttpDeps().deps);
  const answer = await app.call(path, { headers: { accept } });
  expect(answer.status).toBe(404);
  expect(answer.headers['content-type']).toContain(contentType);
});

test('a name with a broken percent sign is a 400 and no crash', async () => {
  const app = await serveApp(fakeHttpDeps().deps);
  expect((await app.call('/api/v1/mcp/servers/%E0%A4%A')).status).toBe(400);
});

test('an unexpected error is a 500 that tells nothing but the id under which it is logged', async () => {
  const { deps, logged } = fakeHttpDeps([], {
    metrics: {
      render: async () => {
        throw new Error('the password is swordfish');
      },
    },
  });
  const app = await serveApp(deps);
  const answer = await app.call('/metrics');
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('swordfish');
  const { id, instance } = JSON.parse(answer.body) as { id: string; instance: string };
  expect(instance).toBe(`urn:uuid:${id}`);
  expect(logged).toMatchObject([{ level: 'error', fields: { id, path: '/metrics', status: 500 } }]);
});

test('every answer carries the security headers, errors too', async () => {
  const app = await serveApp(fakeHttpDeps().deps);
  for (const path of ['/', '/metrics', '/nothing']) {
    const { headers } = await app.call(path);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-powered-by']).toBeUndefined();
  }
});

test('files of the pages are kept for ever under the address that the pages name', async () => {
  const app = await serveApp(fakeHttpDeps(FLEET, { adminToken: new Secret('t0ken') }).deps);
  const page = await app.call('/');
  const urls = [...page.body.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
  expect(urls).toHaveLength(3);
  // Scripts import others, which are kept for ever too.
  for (const url of urls) {
    const asset = await app.call(url);
    expect(asset.status).toBe(200);
    expect(asset.headers['cache-control']).toContain('immutable');
    for (const [, imported = ''] of asset.body.matchAll(/(?:from|import) '([^']+)'/g)) {
      expect(imported).toMatch(/^\/assets\/[a-z-]+\.js\?v=/);
      if (!urls.includes(imported)) urls.push(imported);
    }
  }
  expect(urls.length).toBeGreaterThan(6);
  expect((await app.call('/assets/page.js')).headers['cache-control']).toBe('no-cache');
  expect((await app.call('/assets/..%2fports.ts')).status).toBe(404);
});
