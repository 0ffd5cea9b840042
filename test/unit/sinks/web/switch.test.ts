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
