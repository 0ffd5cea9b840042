import https, { type RequestOptions } from 'node:https';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import bcrypt from 'bcryptjs';
import { afterEach, expect, test } from 'vitest';
import { buildTracker } from '../fakes/build-tracker.ts';
import { failTest } from '../fakes/fail-test.ts';
import { createHttpApp } from '../../src/sinks/web/create-http-app.ts';
import { listen } from '../../src/sinks/web/listen.ts';
import {
  createWebSecurity,
  type WebSecurity,
} from '../../src/sinks/web/security/create-web-security.ts';
import { createEdge } from '../../src/sources/gateway/edge.ts';
import { createGateway } from '../../src/sources/gateway/create-gateway.ts';
import { Secret } from '../../src/facts/secret.ts';
import type { TlsSettings, WebConfig } from '../../src/facts/web-config.ts';
import { createMemoryLog } from '../fakes/memory-log.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { buildDetail, fakeHttpDeps } from '../unit/sinks/web/fake-http-deps.ts';
import { makeCertificate } from '../unit/sources/probe/connection/make-certificate.ts';

// The pages behind a web configuration, over real sockets and with real certificates.

const SERVER = makeCertificate();
const RENEWED = makeCertificate();
const CLIENT = makeCertificate({ altName: 'DNS:client.example.com,IP:10.0.0.1' });
const STRANGER = makeCertificate();
const ADMIN = 'planted-admin-token';
const CHECK = '/api/v1/mcp/servers/files/check';

const TLS: TlsSettings = {
  cert: SERVER.cert,
  key: new Secret(SERVER.key),
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  honorCipherOrder: true,
  clientAuth: 'NoClientCert',
  clientAllowedSans: [],
};
const USERS = { alice: new Secret(bcrypt.hashSync('planted-password', 4)) };
const NOBODY: WebConfig = { users: {}, headers: {} };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function serve(config: WebConfig | undefined, adminToken?: string) {
  const web = createWebSecurity(config, REAL_CLOCK);
  ends.push(() => web.stop());
  const fake = fakeHttpDeps([buildDetail('files')], {
    listenHost: '127.0.0.1',
    web,
    ...(adminToken === undefined ? {} : { adminToken: new Secret(adminToken) }),
  });
  const listener = await listen(createHttpApp(fake.deps), {
    host: '127.0.0.1',
    port: 0,
    clock: REAL_CLOCK,
    createServer: web.createServer,
  });
  if (!listener.ok) throw new Error(listener.message);
  ends.push(() => listener.close(0));
  return { web, port: listener.port };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly certificate: string | undefined;
  /** Of our side: tells connections apart. */
  readonly localPort: number | undefined;
  readonly body: string;
}

/** Rejects where the connection does not come to be. */
function ask(port: number, path: string, options: RequestOptions & { isPlain?: boolean } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { isPlain = false, ...rest } = options;
  const request = (isPlain ? http : https).request(
    {
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      ...(isPlain ? {} : { ca: SERVER.cert }),
      ...rest,
    },
    (response) => {
      const socket = response.socket as TLSSocket;
      const { localPort } = socket;
      const certificate = isPlain ? undefined : socket.getPeerX509Certificate()?.toString();
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          certificate,
          localPort,
          body,
        }),
      );
    },
  );
  request.on('error', reject);
  request.end();
  return promise;
}

const statusOf = async (answer: Promise<Answer>): Promise<number | 'cut off'> =>
  answer.then(
    ({ status }) => status,
    () => 'cut off',
  );

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

test('without a web configuration everything is as before', async () => {
  const { port } = await serve(undefined);
  expect(await ask(port, '/metrics', { isPlain: true })).toMatchObject({ status: 200 });
  expect(await ask(port, CHECK, { isPlain: true, method: 'POST' })).toMatchObject({ status: 200 });
});

test('with a certificate the pages are served by TLS, and plain HTTP is cut off', async () => {
  const { port } = await serve({ ...NOBODY, tls: TLS });
  expect(await ask(port, '/metrics')).toMatchObject({ status: 200 });
  expect(await statusOf(ask(port, '/metrics', { isPlain: true }))).toBe('cut off');
  // Nobody can prove who they are: this machine may still change something, from pages of its own.
  expect(await ask(port, CHECK, { method: 'POST' })).toMatchObject({ status: 200 });
  for (const [scheme, status] of [
    ['https', 200],
    ['http', 403],
  ] as const) {
    const headers = { origin: `${scheme}://127.0.0.1:${port}` };
    expect(await ask(port, CHECK, { method: 'POST', headers })).toMatchObject({ status });
  }
});

test('a renewed certificate holds for new connections, and old ones go on', async () => {
  const { port, web } = await serve({ ...NOBODY, tls: TLS });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  ends.push(() => agent.destroy());
  const before = await ask(port, '/metrics', { agent });
  expect(
    web.apply({ ...NOBODY, tls: { ...TLS, cert: RENEWED.cert, key: new Secret(RENEWED.key) } }),
  ).toEqual([]);
  const old = await ask(port, '/metrics', { agent });
  // Both have the same subject, which a chain of trust cannot tell apart.
  const fresh = await ask(port, '/metrics', { rejectUnauthorized: false });
  expect(old).toMatchObject({ status: 200, localPort: before.localPort });
  expect(before.certificate).toBe(SERVER.cert);
  expect(fresh.certificate).toBe(RENEWED.cert);
});

test('versions of TLS below the least one are refused, also when it was raised since', async () => {
  const { port, web } = await serve({ ...NOBODY, tls: TLS });
  const old = { maxVersion: 'TLSv1.2' } as const;
  expect(await statusOf(ask(port, '/metrics', old))).toBe(200);
  web.apply({ ...NOBODY, tls: { ...TLS, minVersion: 'TLSv1.3' } });
  expect(await statusOf(ask(port, '/metrics', old))).toBe('cut off');
  expect(await statusOf(ask(port, '/metrics'))).toBe(200);
});

const cut = 'cut off';
test.each([
  // mode, then for no certificate, a trusted one, a foreign one: reading and changing
  ['NoClientCert', [200, 200], [200, 200], [200, 200]],
  ['RequestClientCert', [200, 200], [200, 200], [200, 200]],
  ['RequireAnyClientCert', [cut, cut], [200, 200], [200, 200]],
  ['VerifyClientCertIfGiven', [200, 403], [200, 200], [cut, cut]],
  ['RequireAndVerifyClientCert', [cut, cut], [200, 200], [cut, cut]],
] as const)(
  '%s lets in and lets change whom it should',
  async (clientAuth, none, known, foreign) => {
    const { port } = await serve({ ...NOBODY, tls: { ...TLS, clientAuth, ca: CLIENT.cert } });
    for (const [certificate, expected] of [
      [{}, none],
      [CLIENT, known],
      [STRANGER, foreign],
    ] as const) {
      expect([
        await statusOf(ask(port, '/metrics', certificate)),
        await statusOf(ask(port, CHECK, { ...certificate, method: 'POST' })),
      ]).toEqual(expected);
    }
  },
);

test.each([
  ['client.example.com', 200],
  ['10.0.0.1', 200],
  ['example.com', cut],
])('with client_allowed_sans: [%s] the client gets %s', async (name, expected) => {
  const tls: TlsSettings = {
    ...TLS,
    clientAuth: 'RequireAndVerifyClientCert',
    ca: CLIENT.cert,
    clientAllowedSans: [name],
  };
  const { port } = await serve({ ...NOBODY, tls });
  expect(await statusOf(ask(port, '/metrics', CLIENT))).toBe(expected);
});

test('a page of another origin cannot use the certificate that a browser sends by itself', async () => {
  const tls: TlsSettings = { ...TLS, clientAuth: 'RequireAndVerifyClientCert', ca: CLIENT.cert };
  const { port } = await serve({ ...NOBODY, tls });
  const headers = { origin: 'https://evil.example.com' };
  expect(await ask(port, CHECK, { ...CLIENT, method: 'POST', headers })).toMatchObject({
    status: 403,
  });
});

const plain = { isPlain: true } as const;

test.each([
  ['nothing', {}, 401],
  ['the password', basic('alice', 'planted-password'), 200],
  ['a wrong password', basic('alice', 'planted-passwor'), 401],
  ['an unknown user', basic('bob', 'planted-password'), 401],
  ['a user that every object has', basic('constructor', 'x'), 401],
  ['no colon', { authorization: `Basic ${Buffer.from('alice').toString('base64')}` }, 401],
  ['no base64', { authorization: 'Basic ?' }, 401],
  ['the admin token', { authorization: `Bearer ${ADMIN}` }, 200],
  ['a wrong token', { authorization: 'Bearer planted' }, 401],
])('with users configured, %s gets %s', async (_, headers: Record<string, string>, status) => {
  const { port } = await serve({ ...NOBODY, users: USERS }, ADMIN);
  for (const path of ['/metrics', '/', '/api/v1/mcp/servers']) {
    const answer = await ask(port, path, { ...plain, headers });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/);
    expect(answer.body).not.toContain('planted');
  }
  expect(await ask(port, CHECK, { ...plain, headers, method: 'POST' })).toMatchObject({ status });
});

test.each(['/-/healthy', '/-/ready', '/health'])('%s needs no password', async (path) => {
  const { port } = await serve({ ...NOBODY, users: USERS });
  expect(await ask(port, path, plain)).toMatchObject({ status: 200 });
});

test('a password lets change something without an admin token, but not from a foreign page', async () => {
  const { port } = await serve({ ...NOBODY, users: USERS });
  const headers = basic('alice', 'planted-password');
  expect(await ask(port, CHECK, { ...plain, headers, method: 'POST' })).toMatchObject({
    status: 200,
  });
  const foreign = { ...headers, origin: 'http://evil.example.com' };
  expect(await ask(port, CHECK, { ...plain, headers: foreign, method: 'POST' })).toMatchObject({
    status: 403,
  });
});

test('users that a reload brings or takes are there or gone at once', async () => {
  const { port, web } = await serve(undefined);
  expect(await statusOf(ask(port, '/metrics', plain))).toBe(200);
  web.apply({ ...NOBODY, users: USERS });
  expect(await statusOf(ask(port, '/metrics', plain))).toBe(401);
  const headers = basic('alice', 'planted-password');
  expect(await statusOf(ask(port, '/metrics', { ...plain, headers }))).toBe(200);
  web.apply({ ...NOBODY, users: { alice: new Secret(bcrypt.hashSync('other', 4)) } });
  expect(await statusOf(ask(port, '/metrics', { ...plain, headers }))).toBe(401);
  web.apply(undefined);
  expect(await statusOf(ask(port, '/metrics', plain))).toBe(200);
});

test('who guesses passwords is turned away when too many wait, and holds up nobody', async () => {
  const slow = { alice: new Secret(bcrypt.hashSync('planted-password', 11)) };
  const { port } = await serve({ ...NOBODY, users: slow });
  const guesses = Array.from({ length: 40 }, (_, i) =>
    statusOf(ask(port, '/metrics', { ...plain, headers: basic('alice', `guess ${i}`) })),
  );
  const health = await ask(port, '/-/healthy', plain);
  expect(health.status).toBe(200);
  const answers = await Promise.all(guesses);
  expect(answers.filter((status) => status === 429).length).toBeGreaterThan(0);
  expect(answers.filter((status) => status === 401).length).toBeGreaterThanOrEqual(16);
  expect(answers).not.toContain(200);
});

test('headers and the rate limit of the file hold', async () => {
  const { port } = await serve({
    ...NOBODY,
    headers: { 'X-Frame-Options': 'sameorigin', 'Strict-Transport-Security': 'max-age=1' },
    rateLimit: { requests: 1, perMs: 60_000, burst: 1 },
  });
  const answer = await ask(port, '/metrics', plain);
  expect(answer.headers).toMatchObject({
    'x-frame-options': 'sameorigin',
    'strict-transport-security': 'max-age=1',
  });
  const second = await ask(port, '/metrics', plain);
  expect(second.status).toBe(429);
  expect(Number(second.headers['retry-after'])).toBeGreaterThan(50);
  expect(await ask(port, '/-/healthy', plain)).toMatchObject({ status: 200 });
});

test.each<[string, WebConfig | undefined, WebConfig | undefined, string[]]>([
  ['TLS appears', undefined, { ...NOBODY, tls: TLS }, ['tls_server_config']],
  ['TLS disappears', { ...NOBODY, tls: TLS }, NOBODY, ['tls_server_config']],
  [
    'certificates of clients are wanted',
    { ...NOBODY, tls: TLS },
    { ...NOBODY, tls: { ...TLS, clientAuth: 'RequireAnyClientCert' } },
    ['client_auth_type'],
  ],
  ['only users change', NOBODY, { ...NOBODY, users: USERS }, []],
])('when %s, a reload says what waits for the next start', async (_, before, now, needs) => {
  const web: WebSecurity = createWebSecurity(before, REAL_CLOCK);
  expect(web.apply(now)).toEqual(needs);
  await web.stop();
});

test('the gateway is served by the same TLS, client certificates included', async () => {
  const tls: TlsSettings = { ...TLS, clientAuth: 'RequireAndVerifyClientCert', ca: CLIENT.cert };
  const web = createWebSecurity({ ...NOBODY, tls, users: USERS }, REAL_CLOCK);
  const settings = { listenHost: '127.0.0.1', isTls: true, allowedHosts: [], allowedOrigins: [] };
  const tracker = () => buildTracker({ server: '_OTHER', clock: REAL_CLOCK });
  const gateway = createGateway({
    clock: REAL_CLOCK,
    edge: createEdge({
      clock: REAL_CLOCK,
      hub: { publish: () => undefined },
      log: createMemoryLog(),
      settings,
    }),
    bodyBytesMax: 1_000,
    createServer: web.createServer,
    onFault: failTest,
    unknownServers: tracker(),
    createTracker: tracker,
    createUpstream: () => {
      throw new Error('there is no server');
    },
  });
  const { port } = await gateway.listen('127.0.0.1', 0);
  ends.push(
    () => web.stop(),
    () => gateway.stop(0),
  );
  expect(await statusOf(ask(port, '/nobody/mcp', { ...CLIENT, method: 'POST' }))).toBe(404);
  expect(await statusOf(ask(port, '/nobody/mcp', { method: 'POST' }))).toBe('cut off');
  expect(await statusOf(ask(port, '/nobody/mcp', { isPlain: true, method: 'POST' }))).toBe(
    'cut off',
  );
});
