import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import {
  hostnameOf,
  isLoopbackAddress,
  isLoopbackHostname,
} from '../../../../src/sinks/web/loopback.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import { buildDetail, fakeHttpDeps } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

const CHECK = '/api/v1/mcp/servers/files/check';

test.each([
  ['from this machine', {}, 200],
  ['from a page of our own', { origin: 'http://SELF' }, 200],
  ['from a page of another site', { origin: 'https://evil.example' }, 403],
  ['from a page on another port of this machine', { origin: 'http://127.0.0.1:3000' }, 403],
  ['from a page without an origin of its own', { origin: 'null' }, 403],
  ['under a name that was pointed at this machine', { host: 'evil.example' }, 403],
  ['under a name that only begins like a loopback one', { host: '127.0.0.1.evil.example' }, 403],
  ['through a proxy on this machine', { 'x-forwarded-for': '203.0.113.9' }, 403],
  ['through a proxy that says so by the standard header', { forwarded: 'for=203.0.113.9' }, 403],
  ['through a proxy that names itself', { via: '1.1 proxy' }, 403],
  ['through a proxy that passes the address on', { 'x-real-ip': '203.0.113.9' }, 403],
  ['through a proxy that passes the scheme on', { 'x-forwarded-proto': 'https' }, 403],
  ['through a content delivery network', { 'cf-connecting-ip': '203.0.113.9' }, 403],
  ['of a browser for another site', { 'sec-fetch-site': 'cross-site' }, 403],
  [
    'with some token though none is configured',
    { authorization: 'Bearer x', host: 'evil.example' },
    403,
  ],
])(
  'without an admin token, a change %s',
  async (_case, headers: Record<string, string>, status) => {
    const fake = fakeHttpDeps([buildDetail('files')]);
    const app = await serveApp(fake.deps);
    const sent = Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('SELF', `127.0.0.1:${app.port}`),
    ]);
    const answer = await app.call(CHECK, { method: 'POST', headers: Object.fromEntries(sent) });
    expect(answer.status).toBe(status);
    expect(fake.checked).toHaveLength(status === 200 ? 2 : 0);
  },
);

test.each([
  ['the right token', { authorization: 'Bearer s3cret-t0ken' }, 200],
  [
    'the right token in other spelling of the scheme',
    { authorization: 'bearer  s3cret-t0ken' },
    200,
  ],
  [
    'the right token from another host and page',
    { authorization: 'Bearer s3cret-t0ken', host: 'a.example', origin: 'http://b.example' },
    200,
  ],
  ['no token, from this machine', {}, 401],
  ['a wrong token', { authorization: 'Bearer s3cret-t0keN' }, 401],
  ['the beginning of the token', { authorization: 'Bearer s3cret' }, 401],
  ['an empty token', { authorization: 'Bearer ' }, 401],
  ['the token as a password', { authorization: `Basic ${btoa('admin:s3cret-t0ken')}` }, 401],
])(
  'with an admin token, a change with %s',
  async (_case, headers: Record<string, string>, status) => {
    const fake = fakeHttpDeps([buildDetail('files')], {
      listenHost: '0.0.0.0',
      adminToken: new Secret('s3cret-t0ken'),
    });
    const app = await serveApp(fake.deps);
    for (const path of [CHECK, '/servers/files/check', '/-/reload']) {
      const answer = await app.call(path, { method: 'POST', headers });
      expect(answer.status).toBe(path.startsWith('/servers') && status === 200 ? 303 : status);
      if (status === 401) expect(answer.headers['www-authenticate']).toContain('Bearer');
      expect(answer.body).not.toContain('s3cret-t0ken');
    }
  },
);

test('the form of a page may carry the token as a field', async () => {
  const fake = fakeHttpDeps([buildDetail('files')], { adminToken: new Secret('s3cret t0ken&') });
  const app = await serveApp(fake.deps);
  const post = (token: string) =>
    app.call('/servers/files/check', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }).toString(),
    });
  expect((await post('wrong')).status).toBe(401);
  expect((await post('s3cret t0ken&')).status).toBe(303);
  expect((await post('x'.repeat(5_000))).status).toBe(413);
});

test.each(['0.0.0.0', '::', '192.168.1.5', 'mcp.example'])(
  'without a token, a listener on %s takes no change and no notification, and its page says why',
  async (listenHost) => {
    const fake = fakeHttpDeps([buildDetail('files')], { listenHost });
    const app = await serveApp(fake.deps);
    for (const path of [CHECK, '/servers/files/disable', '/-/reload', '/api/v1/alerts/webhook']) {
      const answer = await app.call(path, { method: 'POST' });
      expect(answer.status, path).toBe(403);
      expect(answer.body).toContain('Configure a token');
    }
    const page = await app.call('/servers/files');
    expect(page.body).toContain('set admin.tokenFile in the configuration');
    expect(page.body).not.toContain('<button type="submit">');
    expect(fake.checked).toEqual([]);
  },
);

test('a proxy that adds no header is recognized by HTTP/1.0', async () => {
  const fake = fakeHttpDeps([buildDetail('files')]);
  const { port } = await serveApp(fake.deps);
  const socket = connect(port, '127.0.0.1');
  socket.end(`POST ${CHECK} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`);
  expect(await text(socket)).toContain(' 403 ');
  expect(fake.checked).toEqual([]);
});

test('a page says where the admin token is to be found', async () => {
  const adminTokenFile = '/run/secrets/admin';
  const fake = fakeHttpDeps([buildDetail('files')], {
    adminToken: new Secret('s3cret-t0ken'),
    adminTokenFile,
  });
  const page = await (await serveApp(fake.deps)).call('/servers/files');
  expect(page.body).toContain(`The admin token is in the file ${adminTokenFile}`);
  expect(page.body).not.toContain('s3cret-t0ken');
});

test('a refusal is problem+json with an id that is in the log', async () => {
  const fake = fakeHttpDeps([], { adminToken: new Secret('s3cret-t0ken') });
  const app = await serveApp(fake.deps);
  const answer = await app.call('/-/reload', { method: 'POST' });
  const problem = JSON.parse(answer.body) as { id: string; status: number; title: string };
  expect(problem).toMatchObject({ type: 'about:blank', title: 'Unauthorized', status: 401 });
  expect(fake.logged).toMatchObject([{ level: 'warn', fields: { id: problem.id, status: 401 } }]);
});

test.each([
  ['GET', '/metrics'],
  ['HEAD', '/'],
  ['GET', '/-/healthy'],
  ['POST', CHECK],
  ['POST', '/-/reload'],
  ['DELETE', '/no/such/address'],
])('%s %s by this process itself is refused, even with the token', async (method, path) => {
  const fake = fakeHttpDeps([buildDetail('files')], {
    instance: 'ours',
    adminToken: new Secret('s3cret-t0ken'),
  });
  const app = await serveApp(fake.deps);
  const headers = { 'mcp-exporter-instance': 'ours', authorization: 'Bearer s3cret-t0ken' };
  expect((await app.call(path, { method, headers })).status).toBe(508);
  expect(fake.checked).toEqual([]);
});

test('another exporter is answered', async () => {
  const app = await serveApp(fakeHttpDeps([], { instance: 'ours' }).deps);
  const headers = { 'mcp-exporter-instance': 'theirs' };
  expect((await app.call('/metrics', { headers })).status).toBe(200);
});

test.each([
  ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['another host of the same site', { 'sec-fetch-site': 'same-site' }, 403],
  ['another origin', { origin: 'https://evil.example' }, 403],
  ['no origin of its own', { origin: 'null' }, 403],
  ['our own', { 'sec-fetch-site': 'same-origin' }, 200],
])(
  'a probe and a change by a page of %s',
  async (_case, headers: Record<string, string>, status) => {
    const fake = fakeHttpDeps([buildDetail('files')]);
    const app = await serveApp(fake.deps);
    expect((await app.call('/probe?target=files', { headers })).status).toBe(status);
    expect((await app.call(CHECK, { method: 'POST', headers })).status).toBe(status);
    expect(fake.probed).toHaveLength(status === 200 ? 1 : 0);
  },
);

test.each(['/-/RELOAD', '/API/v1/mcp/servers/files/check', '/Metrics'])(
  '%s is not an address',
  async (path) => {
    const app = await serveApp(fakeHttpDeps([buildDetail('files')]).deps);
    for (const method of ['GET', 'POST'])
      expect((await app.call(path, { method })).status).toBe(404);
  },
);

test.each([
  ['127.0.0.1', 'localhost:19110', 200],
  ['127.0.0.1', '[::1]:19110', 200],
  ['127.0.0.1', 'mcp.localhost', 200],
  ['127.0.0.1', 'rebound.example', 403],
  ['::1', 'rebound.example', 403],
  ['localhost', 'rebound.example', 403],
  ['127.0.0.1', 'user@localhost', 403],
  ['0.0.0.0', 'metrics.example:19110', 200],
])('a listener on %s answers a read for the host %s with %i', async (listenHost, host, status) => {
  const app = await serveApp(fakeHttpDeps([], { listenHost }).deps);
  expect((await app.call('/metrics', { headers: { host } })).status).toBe(status);
});

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:10.0.0.1', false],
  ['10.0.0.1', false],
  ['::', false],
  [undefined, false],
])('the peer %s is this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
});

test.each([
  ['LOCALHOST.', true],
  ['127.1.evil.example', false],
  ['localhost.evil.example', false],
  ['notlocalhost', false],
  ['[::1]', true],
  ['127.0.0.1', true],
  ['0.0.0.0', false],
])('the host name %s can only mean this machine: %s', (hostname, expected) => {
  expect(isLoopbackHostname(hostname)).toBe(expected);
});

test.each([
  ['a.example:80', 'a.example'],
  ['[::1]:19110', '[::1]'],
  ['a.example', 'a.example'],
  ['a.example:80:90', undefined],
  ['a.example/path', undefined],
  ['', undefined],
  [undefined, undefined],
])('the Host header %s names %s', (header, expected) => {
  expect(hostnameOf(header)).toBe(expected);
});
