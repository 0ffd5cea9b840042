import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import type { HttpAppDeps } from '../../../../src/sinks/web/ports.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

// The clock stands at 2026-11-21 09:15 UTC, a Saturday.

const API = '/api/v1/maintenance';
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const SERVERS = ['files', 'search'];

async function setUp(overrides: Partial<HttpAppDeps> = {}) {
  const fake = fakeHttpDeps(
    SERVERS.map((name) => buildDetail(name)),
    overrides,
  );
  const app = await serveApp(fake.deps);
  const plan = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    app.call(API, {
      method: 'POST',
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify(body),
    });
  const submit = (path: string, body: string) =>
    app.call(path, { method: 'POST', headers: FORM_TYPE, body });
  const windows = () => fake.deps.maintenance.windows();
  return { ...fake, app, plan, submit, windows };
}

test('a window is planned with who and why, marks its servers, and is cancelled', async () => {
  const { app, plan } = await setUp();

  const planned = await plan({
    servers: ['search', 'search'],
    duration: '2h',
    reason: 'new\ndisk',
    by: 'ann',
  });
  const expected = {
    id: 'w1',
    source: 'api',
    servers: ['search'],
    by: 'ann, via 127.0.0.1',
    reason: 'new disk',
    active: true,
    start: '2026-11-21T09:15:00.000Z',
    until: '2026-11-21T11:15:00.000Z',
  };
  expect([planned.status, JSON.parse(planned.body)]).toEqual([201, expected]);
  const listed = await app.call(API);
  expect(JSON.parse(listed.body)).toEqual({ windows: [expected] });
  const marked = await app.call('/api/v1/mcp/servers');
  expect(JSON.parse(marked.body)).toMatchObject({
    servers: [
      { name: 'files' },
      {
        name: 'search',
        maintenance: {
          since: '2026-11-21T09:15:00.000Z',
          until: '2026-11-21T11:15:00.000Z',
          by: 'ann, via 127.0.0.1',
          reason: 'new disk',
        },
      },
    ],
  });
  expect(marked.body.split('"maintenance"')).toHaveLength(2);

  const cancelled = await app.call(`${API}/w1?reason=done`, { method: 'DELETE' });
  const again = await app.call(`${API}/w1`, { method: 'DELETE' });
  expect([cancelled.status, JSON.parse(cancelled.body), again.status]).toEqual([
    200,
    expected,
    404,
  ]);
  expect(JSON.parse((await app.call(API)).body)).toEqual({ windows: [] });
});

test('a recurring window is planned for all servers, with its next occurrence', async () => {
  const { plan } = await setUp();
  const recurring = {
    days: ['sunday'],
    days_of_month: ['-7:-1'],
    from: '22:00',
    to: '02:00',
    time_zone: 'Europe/Berlin',
  };
  const { status, body } = await plan({ recurring });
  expect([status, JSON.parse(body)]).toEqual([
    201,
    {
      id: 'w1',
      source: 'api',
      by: '127.0.0.1',
      reason: '',
      active: false,
      start: '2026-11-29T21:00:00.000Z',
      until: '2026-11-30T01:00:00.000Z',
      recurring,
    },
  ]);
});

test.each<[string, unknown, number, string]>([
  ['without an end', { servers: ['search'] }, 400, 'needs duration, until or recurring'],
  ['with a key that is not known', { duration: '1h', server: 'search' }, 400, '"server"'],
  [
    'with a key of a recurring one',
    { recurring: { from: '02:00', to: '04:00', zone: 'UTC' } },
    400,
    '"zone"',
  ],
  ['with two ends', { duration: '1h', until: '2027-01-01T00:00:00Z' }, 400, 'together'],
  [
    'that recurs and ends',
    { duration: '1h', recurring: { from: '02:00', to: '04:00' } },
    400,
    'together',
  ],
  ['of the past', { until: '2026-11-21T09:15:00Z' }, 400, 'future'],
  [
    'that ends before it begins',
    { start: '2026-11-22T10:00:00Z', until: '2026-11-22T09:00:00Z' },
    400,
    'later than start',
  ],
  ['that is far ahead', { start: '9999-01-01T00:00:00Z', duration: '1h' }, 400, 'within 366 days'],
  ['for a server that is not there', { servers: ['nobody'], duration: '1h' }, 404, 'nobody'],
  ['for no server', { servers: [], duration: '1h' }, 400, 'servers'],
  ['with an odd hour', { recurring: { from: '2', to: '04:00' } }, 400, 'recurring.from'],
  [
    'with an odd day',
    { recurring: { days: ['someday'], from: '02:00', to: '04:00' } },
    400,
    'recurring.days.0',
  ],
  [
    'with a day no month has',
    { recurring: { days_of_month: ['32'], from: '02:00', to: '04:00' } },
    400,
    'recurring.days_of_month.0',
  ],
  [
    'in no time zone',
    { recurring: { from: '02:00', to: '04:00', time_zone: 'Berlin' } },
    400,
    'recurring.time_zone',
  ],
])('a window %s is refused, and nothing is planned', async (_case, given, status, detail) => {
  const { plan, windows } = await setUp();
  const answer = await plan(given);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({
    detail: expect.stringContaining(detail) as string,
  });
  expect(windows()).toEqual([]);
});

test('without a journal 409 says that the configuration can, and on the page too', async () => {
  const journal = fakeJournal({ state: () => ({ status: 'off', detail: 'off' }) });
  const { app, plan, windows } = await setUp({ journal });
  const planned = await plan({ duration: '1h' });
  const cancelled = await app.call(`${API}/w1`, { method: 'DELETE' });
  const page = await app.call('/maintenance');
  expect([planned.status, cancelled.status, page.status]).toEqual([409, 409, 200]);
  expect(planned.body).toContain('in the configuration');
  expect(page.body).toContain('windows can be planned in the configuration only');
  expect(page.body).not.toContain('<form');
  expect(windows()).toEqual([]);
});

test('while the journal fails the answer is 503, to be sent again', async () => {
  const { deps } = fakeHttpDeps();
  const fail = () => Promise.reject(new Error('the disk is full'));
  const maintenance = { ...deps.maintenance, plan: fail, cancel: fail };
  const { app, plan } = await setUp({ maintenance });
  const planned = await plan({ duration: '1h' });
  const cancelled = await app.call(`${API}/w1`, { method: 'DELETE' });
  expect([planned.status, cancelled.status]).toEqual([503, 503]);
  expect(planned.body).toContain('the disk is full');
});

test('changes need the admin token where there is one, and a form may carry it', async () => {
  const { app, plan, submit, windows } = await setUp({ adminToken: new Secret('t0ken') });
  const without = await plan({ duration: '1h' });
  const deleted = await app.call(`${API}/w1`, { method: 'DELETE' });
  const wrong = await submit('/maintenance', 'duration=1h&token=wrong');
  expect([without.status, deleted.status, wrong.status]).toEqual([401, 401, 401]);
  expect(windows()).toEqual([]);

  const planned = await submit('/maintenance', 'duration=1h&token=t0ken&reason=');
  expect([planned.status, planned.headers.location]).toEqual([303, '/maintenance']);
  expect(windows()[0]?.window.by).toBe('admin token, from 127.0.0.1');
  const ended = await submit('/maintenance/w1/cancel', 'token=t0ken&reason=done');
  expect([ended.status, windows().length]).toEqual([303, 0]);
});

test('the forms of the page plan in a time zone, for one server or several', async () => {
  const { submit, windows } = await setUp();
  await submit(
    '/maintenance',
    'servers=search&start=2026-12-01T22:00&until=2026-12-02T02:00&duration=&time_zone=Europe/Berlin&by=ann',
  );
  await submit(
    '/maintenance',
    'servers=search&servers=files&days=sunday&days=monday&from=22:00&to=02:00&time_zone=Europe/Berlin&reason=patches',
  );
  await submit('/maintenance', 'from=02:00&to=04:00');
  expect(windows().map(({ window: { servers, time } }) => ({ servers, time }))).toEqual([
    {
      servers: undefined,
      time: expect.objectContaining({ kind: 'recurring', timeZone: 'UTC' }) as unknown,
    },
    {
      servers: ['search', 'files'],
      time: {
        kind: 'recurring',
        days: ['sunday', 'monday'],
        from: '22:00',
        to: '02:00',
        timeZone: 'Europe/Berlin',
      },
    },
    {
      servers: ['search'],
      time: {
        kind: 'once',
        startsAtMs: Date.UTC(2026, 11, 1, 21),
        endsAtMs: Date.UTC(2026, 11, 2, 1),
      },
    },
  ]);
});

test.each([
  ['start=tomorrow&duration=1h', 'start must be a date and time'],
  ['start=2026-12-01T22:00&duration=1h&time_zone=Berlin', 'time_zone must be an IANA time zone'],
  ['until=2026-12-01T22:00&until=2026-12-01T23:00', 'until must be a date and time'],
  ['from=22:00', 'recurring.to must be an hour'],
])('the form %s is refused with a reason', async (body, detail) => {
  const { submit, windows } = await setUp();
  const answer = await submit('/maintenance', body);
  expect([answer.status, windows().length]).toEqual([400, 0]);
  expect(answer.body).toContain(detail);
});

test('a window of the configuration is shown, and only the configuration changes it', async () => {
  const { deps } = fakeHttpDeps();
  await deps.maintenance.plan({
    time: { kind: 'once', startsAtMs: deps.clock.nowMs(), endsAtMs: deps.clock.nowMs() },
    by: '',
    reason: '',
  });
  const { app } = await setUp({
    maintenance: {
      ...deps.maintenance,
      windows: () => [
        {
          window: {
            id: 'patches',
            source: 'config',
            time: { kind: 'once', startsAtMs: deps.clock.nowMs(), endsAtMs: deps.clock.nowMs() },
            by: 'the configuration',
            reason: '<b>',
          },
          occurrence: { startsAtMs: deps.clock.nowMs(), endsAtMs: deps.clock.nowMs() },
          isActive: true,
        },
      ],
    },
  });
  const cancelled = await app.call(`${API}/patches`, { method: 'DELETE' });
  const page = await app.call('/maintenance');
  expect([cancelled.status, cancelled.body]).toEqual([
    409,
    expect.stringContaining('in the configuration'),
  ]);
  expect(page.body).toContain('In the configuration');
  expect(page.body).toContain('&lt;b&gt;');
  expect(page.body).not.toContain('Cancel this window');
});

test('the page lists what is active, planned and recurring, and its history', async () => {
  const { app, plan } = await setUp({
    journal: fakeJournal({
      findActions: async () => ({
        entries: [
          {
            id: 1,
            atMs: NOW_MS as never,
            kind: 'maintenance',
            server: 'files',
            by: 'mcp-exporter',
            text: 'ended: maintenance by bob',
          },
        ],
        total: 1,
      }),
    }),
  });
  await plan({ servers: ['search'], duration: '2h', reason: 'new disk' });
  await plan({ start: '2026-11-22T10:00:00Z', duration: '1h' });
  await plan({ recurring: { days: ['sunday'], from: '02:00', to: '04:00' } });
  const { body } = await app.call('/maintenance');
  const section = (id: string) =>
    body.split(`<section id="${id}"`)[1]?.split('</section>')[0] ?? '';

  expect(section('summary')).toContain('1 maintenance window is active');
  expect(section('current')).toMatch(/new disk[^]*\/maintenance\/w1\/cancel/);
  expect(section('planned')).toMatch(/2026-11-22 10:00 to 2026-11-22 11:00 UTC[^]*All servers/);
  expect(section('recurring')).toContain('sunday, 02:00 to 04:00 UTC');
  expect(section('history')).toContain('ended: maintenance by bob');
  expect(body).toContain('<option value="files">');
});

test('the grid and the page of a server say that it is in maintenance, which is no alarm', async () => {
  const fake = fakeHttpDeps([
    buildDetail('files'),
    buildDetail('search', { status: 'offline', reason: 'refused' }),
  ]);
  const app = await serveApp(fake.deps);
  const alarmed = await app.call('/');
  await fake.deps.maintenance.plan({
    servers: ['search'],
    time: {
      kind: 'once',
      startsAtMs: fake.clock.nowMs(),
      endsAtMs: (fake.clock.nowMs() + 3_600_000) as never,
    },
    by: 'ann',
    reason: 'new disk',
  });
  const [grid, page, other] = await Promise.all(
    ['/', '/servers/search', '/servers/files'].map((path) => app.call(path)),
  );
  expect(alarmed.body).toContain('1 of 2 servers needs attention');
  expect(grid?.body).toContain('The server is healthy');
  expect(grid?.body).toContain('1 in maintenance');
  expect(grid?.body).toMatch(/In maintenance<\/a> · ends/);
  expect(page?.body).toMatch(/In maintenance<\/a> · ends[^]*new disk/);
  expect(other?.body).not.toContain('In maintenance');
});
