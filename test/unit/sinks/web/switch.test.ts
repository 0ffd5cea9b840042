import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import { buildDetail, buildUncheckedDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const API = '/api/v1/mcp/servers';
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

function fleet(overrides: Parameters<typeof fakeHttpDeps>[1] = {}) {
  return fakeHttpDeps(
    [buildDetail('files'), buildUncheckedDetail('parked', 'disabled')],
    overrides,
  );
}

test('a server is disabled with who and why, and enabled again', async () => {
  const fake = fleet();
  const app = await serveApp(fake.deps);

  const disabled = await app.call(`${API}/files/disable`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ reason: ' moves\nto another host ', by: 'ann' }),
  });
  const held = fake.disablings.get('files');
  const again = await app.call(`${API}/files/disable`, { method: 'POST' });
  const shown = await app.call(`${API}/files`);
  const enabled = await app.call(`${API}/files/enable`, { method: 'POST' });

  expect(held).toEqual({
    server: 'files',
    atMs: NOW_MS,
    by: 'ann, via 127.0.0.1',
    reason: 'moves to another host',
  });
  expect(disabled.status).toBe(200);
  expect(JSON.parse(disabled.body)).toMatchObject({
    changed: true,
    kept: true,
    server: { name: 'files', status: 'disabled', disabled: { by: 'ann, via 127.0.0.1' } },
  });
  expect(JSON.parse(again.body)).toMatchObject({ changed: false });
  expect(JSON.parse(shown.body)).toMatchObject({
    disabled: { at: '2026-11-21T09:15:00.000Z', reason: 'moves to another host' },
  });
  expect(JSON.parse(enabled.body)).toMatchObject({ changed: true, server: { name: 'files' } });
  expect(JSON.parse(enabled.body)).not.toHaveProperty('server.disabled');
  expect(fake.disablings.size).toBe(0);
});

test('the buttons of the page do the same, and lead back to it', async () => {
  const fake = fleet({ adminToken: new Secret('t0ken') });
  const app = await serveApp(fake.deps);
  const press = (to: string, body: string) =>
    app.call(`/servers/files/${to}`, { method: 'POST', headers: FORM_TYPE, body });

  const disabled = await press('disable', 'reason=noisy&token=t0ken');
  const reason = fake.disablings.get('files')?.reason;
  const refused = await press('enable', 'token=wrong');
  const enabled = await press('enable', 'token=t0ken');

  expect([disabled.status, disabled.headers.location]).toEqual([303, '/servers/files']);
  expect(reason).toBe('noisy');
  expect(refused.status).toBe(401);
  expect(enabled.status).toBe(303);
  expect(fake.disablings.size).toBe(0);
});

test.each([
  ['a name that is not configured', '/nobody/disable', {}, undefined, 404, 'No server'],
  ['enabling against the configuration', '/parked/enable', {}, undefined, 409, 'configuration'],
  ['a body that is no JSON', '/files/disable', JSON_TYPE, '{', 400, ''],
  ['a body that is no object', '/files/disable', JSON_TYPE, '[1]', 400, 'JSON object'],
  ['a key that is not known', '/files/disable', JSON_TYPE, '{"duraton":"1h"}', 400, '"duraton"'],
  ['a duration without unit', '/files/disable', JSON_TYPE, '{"duration":60}', 400, 'unit'],
  ['a duration of nothing', '/files/disable', JSON_TYPE, '{"duration":"0s"}', 400, 'from 1s'],
  [
    'an end in the past',
    '/files/disable',
    JSON_TYPE,
    '{"until":"2026-11-21T09:14:59Z"}',
    400,
    'future',
  ],
  [
    'two ends',
    '/files/disable',
    JSON_TYPE,
    '{"until":"2027-01-01T00:00:00Z","duration":"1h"}',
    400,
    'together',
  ],
  ['an end of enabling', '/files/enable', JSON_TYPE, '{"duration":"1h"}', 400, '"duration"'],
  ['a restart of a remote server', '/files/restart', {}, undefined, 409, 'stdio'],
  ['a restart of a disabled server', '/parked/restart', {}, undefined, 409, 'disabled'],
  ['a check with a key that is not known', '/files/check', JSON_TYPE, '{"x":1}', 400, '"x"'],
  ['a reason that is no text', '/files/disable', JSON_TYPE, '{"reason":1}', 400, 'reason'],
  [
    'a reason without end',
    '/files/disable',
    JSON_TYPE,
    JSON.stringify({ reason: 'x'.repeat(501) }),
    400,
    'at most 500',
  ],
  ['a reason in a form', '/files/disable', FORM_TYPE, 'reason=x', 415, 'application/json'],
  [
    'a page of another origin',
    '/files/disable',
    { origin: 'https://evil.example' },
    undefined,
    403,
    'another origin',
  ],
])(
  '%s is refused as a problem that says why, and changes nothing',
  async (_case, path, headers, body, status, detail) => {
    const fake = fleet();
    const app = await serveApp(fake.deps);
    const answer = await app.call(`${API}${path}`, {
      method: 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({ status });
    expect((JSON.parse(answer.body) as { detail: string }).detail).toContain(detail);
    expect(fake.disablings.size).toBe(0);
  },
);

test('disabling needs the admin token where there is one', async () => {
  const fake = fleet({ adminToken: new Secret('t0ken') });
  const app = await serveApp(fake.deps);
  const without = await app.call(`${API}/files/disable`, { method: 'POST' });
  const withToken = await app.call(`${API}/files/disable`, {
    method: 'POST',
    headers: { authorization: 'Bearer t0ken' },
  });
  expect([without.status, withToken.status]).toEqual([401, 200]);
  expect(fake.disablings.get('files')?.by).toBe('admin token, from 127.0.0.1');
});

test('one that is disabled is not checked on request either, and the answer says who did it', async () => {
  const reason = 'disabled by ann: moves';
  const fake = fakeHttpDeps([buildDetail('files', { status: 'disabled', reason })]);
  fake.disablings.set('files', {
    server: 'files',
    atMs: asEpochMs(NOW_MS),
    by: 'ann',
    reason: 'moves',
  });
  const app = await serveApp(fake.deps);

  const check = await app.call(`${API}/files/check`, { method: 'POST' });
  const probe = await app.call('/probe?target=files');

  expect([check.status, probe.status]).toEqual([409, 409]);
  for (const { body } of [check, probe]) expect(body).toContain('disabled by ann: moves');
  expect(fake.checked).toEqual([]);
  expect(fake.probed).toEqual([]);
});

test('a duration of an hour means one hour', async () => {
  const fake = fleet();
  const app = await serveApp(fake.deps);
  const answer = await app.call(`${API}/files/disable`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: '{"duration":"1h"}',
  });
  expect(fake.disablings.get('files')?.untilMs).toBe(NOW_MS + 3_600_000);
  expect(JSON.parse(answer.body)).toMatchObject({
    server: { disabled: { until: '2026-11-21T10:15:00.000Z' } },
  });
});

test('an end as a time with a zone, of the page too', async () => {
  const fake = fleet();
  const app = await serveApp(fake.deps);
  await app.call('/servers/files/disable', {
    method: 'POST',
    headers: FORM_TYPE,
    body: 'reason=&duration=&until=2026-11-21T12%3A00%2B01%3A00',
  });
  expect(fake.disablings.get('files')).toMatchObject({
    untilMs: Date.UTC(2026, 10, 21, 11),
    reason: '',
  });
});

test('a stdio server is restarted, which is noted with who and why', async () => {
  const fake = fakeHttpDeps([buildDetail('files', { transport: 'stdio' })]);
  const app = await serveApp(fake.deps);
  const answer = await app.call(`${API}/files/restart`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: '{"by":"ann","reason":"hangs"}',
  });
  expect(JSON.parse(answer.body)).toMatchObject({ server: 'files', reports: [{ outcome: 'ok' }] });
  expect(fake.restarted).toEqual(['files']);
  expect(fake.actions).toEqual([
    { kind: 'restart', server: 'files', by: 'ann, via 127.0.0.1', text: 'hangs' },
  ]);
});

test('a check of all answers with one result per server that is not disabled', async () => {
  const fake = fakeHttpDeps([
    buildDetail('files'),
    buildUncheckedDetail('parked', 'disabled'),
    buildDetail('search'),
  ]);
  const app = await serveApp(fake.deps);
  const answer = await app.call(`${API}/check`, { method: 'POST' });
  expect(answer.status).toBe(200);
  expect((await app.call(`${API}/check`)).status).toBe(404);
  expect(JSON.parse(answer.body)).toMatchObject({
    total: 2,
    checked: 2,
    servers: [
      { server: 'files', reports: [{ kind: 'steady' }, { kind: 'deep' }] },
      { server: 'search' },
    ],
  });
});

test('a check of all that lasts answers with how far it is, and another request joins it', async () => {
  const slow = Promise.withResolvers<undefined>();
  const fake = fakeHttpDeps([buildDetail('files'), buildDetail('search')]);
  const { checkNow } = fake.deps.servers;
  const app = await serveApp({
    ...fake.deps,
    servers: {
      ...fake.deps.servers,
      checkNow: (name, options) => (name === 'search' ? slow.promise : checkNow(name, options)),
    },
  });
  const first = app.call(`${API}/check`, { method: 'POST' });
  await expect.poll(() => fake.clock.pendingCount()).toBe(1);
  await fake.clock.advance(45_000);
  const { status, body } = await first;
  const second = app.call(`${API}/check`, { method: 'POST' });
  await expect.poll(() => fake.clock.pendingCount()).toBe(1);
  slow.resolve(undefined);

  expect([status, JSON.parse(body)]).toEqual([202, { total: 2, checked: 1 }]);
  expect(JSON.parse((await second).body)).toMatchObject({
    servers: [{ server: 'files' }, { server: 'search', reports: [] }],
  });
  expect(fake.checked.filter(({ name }) => name === 'files')).toHaveLength(2);
});

test.each([
  ['duration=1h30m&until=', '2026-11-21T10:45:00.000Z'],
  ['duration=&until=2026-11-28T18:00', '2026-11-28T18:00:00.000Z'],
  ['duration=&until=', undefined],
])('the form of the page takes an end: %s', async (fields, until) => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const app = await serveApp(fake.deps);
  const page = (await app.call('/servers/files')).body;
  expect(page).toContain('name="duration"');
  expect(page).toContain('name="until"');
  const answer = await app.call('/servers/files/disable', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `reason=moves&${fields}`,
  });
  expect(answer.status).toBe(303);
  const endMs = fake.disablings.get('files')?.untilMs;
  expect(endMs === undefined ? undefined : new Date(endMs).toISOString()).toBe(until);
});

test('a form with both ends is refused', async () => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const app = await serveApp(fake.deps);
  const answer = await app.call('/servers/files/disable', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'duration=1h&until=2026-11-28T18:00',
  });
  expect(answer.status).toBe(400);
  expect(fake.disablings.size).toBe(0);
});
