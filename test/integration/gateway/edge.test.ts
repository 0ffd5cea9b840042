import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { buildTracker, callsInto } from '../../fakes/build-tracker.ts';
import { failTest } from '../../fakes/fail-test.ts';
import { createGateway, type Gateway } from '../../../src/sources/gateway/create-gateway.ts';
import { createEdge, type EdgeSettings } from '../../../src/sources/gateway/edge.ts';
import { createHttpUpstream } from '../../../src/sources/gateway/http-upstream.ts';
import type { CallRecord } from '../../../src/facts/call-record.ts';
import type { Fact } from '../../../src/facts/facts.ts';
import { type RefusalName, REFUSALS } from '../../../src/facts/refusal.ts';
import { Secret } from '../../../src/facts/secret.ts';
import type { CallTracker } from '../../../src/sources/gateway/call-tracker.ts';
import { buildServer } from '../../fakes/build-server.ts';
import { createMemoryLog } from '../../fakes/memory-log.ts';
import { REAL_CLOCK } from '../../fakes/real-clock.ts';

// Real sockets on both sides: what a client sees, what is counted, and what reaches the server behind.

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Upstream {
  readonly url: string;
  readonly received: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  /** Requests whose bodies never came whole. */
  aborted: number;
  sockets(): Promise<number>;
  /** Answers what it kept waiting. */
  release(): void;
}

async function startUpstream({ isHanging = false } = {}): Promise<Upstream> {
  let release: (() => void)[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => upstream.aborted++);
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      upstream.received.push({ headers: request.headers, body });
      const answer = (): void => {
        response.setHeader('content-type', 'application/json');
        response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
      };
      if (isHanging) release.push(answer);
      else answer();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const upstream: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    received: [],
    aborted: 0,
    sockets: () =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    release() {
      for (const answer of release) answer();
      release = [];
    },
  };
  return upstream;
}

interface Setup {
  readonly settings?: Partial<EdgeSettings>;
  readonly maxInFlight?: number;
  readonly isHanging?: boolean;
  readonly bodyBytesMax?: number;
  readonly connectionsMax?: number;
}

async function start({
  settings = {},
  maxInFlight = 256,
  isHanging = false,
  bodyBytesMax,
  connectionsMax,
}: Setup = {}) {
  const upstream = await startUpstream({ isHanging });
  const facts: Fact[] = [];
  const records: CallRecord[] = [];
  const trackerOf = (server: string): CallTracker =>
    buildTracker({
      server,
      clock: REAL_CLOCK,
      hub: callsInto(records),
      newTraceId: () => randomBytes(16).toString('hex'),
      newSpanId: () => randomBytes(8).toString('hex'),
      answerTimeoutMs: 10_000,
    });
  const all = {
    listenHost: '127.0.0.1',
    isTls: false,
    allowedHosts: [],
    allowedOrigins: [],
    ...settings,
  };
  const edge = createEdge({
    clock: REAL_CLOCK,
    hub: { publish: (fact) => void facts.push(fact) },
    log: createMemoryLog(),
    settings: all,
  });
  const gateway: Gateway = createGateway({
    clock: REAL_CLOCK,
    edge,
    bodyBytesMax: bodyBytesMax ?? 1_000_000,
    ...(connectionsMax !== undefined && { connectionsMax }),
    clientTimeouts: { headersMs: 300, requestMs: 600, checkMs: 50 },
    onFault: failTest,
    unknownServers: trackerOf('_OTHER'),
    createTracker: trackerOf,
    createUpstream: (_spec, tracker) =>
      createHttpUpstream({
        name: 'files',
        url: new URL(upstream.url),
        clock: REAL_CLOCK,
        tracker,
        headers: { Authorization: new Secret('Bearer planted-upstream-token') },
        answerTimeoutMs: 10_000,
        preserveHost: false,
        propagatesTrace: true,
        onFault: failTest,
        tls: { tlsSkipVerify: false },
      }),
  });
  const servers = [
    buildServer('files', { url: upstream.url, gateway: { maxInFlight } }),
    buildServer('off', { url: upstream.url, gateway: { enabled: false } }),
  ];
  edge.apply(all, servers);
  gateway.apply(servers);
  const { port } = await gateway.listen('127.0.0.1', 0);
  ends.push(() => gateway.stop(100));
  return { port, upstream, facts, records, gateway };
}

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface PostOptions {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly from?: string;
}

function post(
  port: number,
  { path = '/files/mcp', headers = {}, body = CALL, from }: PostOptions = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = http.request(
    {
      port,
      host: '127.0.0.1',
      path,
      method: 'POST',
      agent: false,
      ...(from === undefined ? {} : { localAddress: from }),
      headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
    },
    (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
}

/** Writes bytes as they are, and gives everything that came back until the other side closed. */
async function talk(
  port: number,
  write: (socket: Socket) => void,
): Promise<Answer & { readonly head: string }> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const isClosed = new Promise((resolve) => socket.on('close', resolve));
  await once(socket, 'connect');
  write(socket);
  await isClosed;
  const [head = '', body = ''] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), headers: {}, head, body };
}

/** Status, JSON-RPC error and the counted outcome belong together, and exactly one call is counted. */
function expectRefusal(
  answer: Answer,
  records: readonly CallRecord[],
  name: RefusalName,
  server = 'files',
): void {
  const { code, status, verdict } = REFUSALS[name];
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({
    jsonrpc: '2.0',
    error: { code, data: { reason: name, source: 'mcp-exporter' } },
  });
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ server, ...verdict });
}

const TOKENS = [{ name: 'ci', token: new Secret('planted-client-token') }];

test.each([
  { host: 'evil.example.com' },
  { host: 'evil.example.com:19100' },
  { origin: 'http://evil.example.com' },
  { origin: 'null' },
])('a page that was led here (%j) gets 403 and reaches nothing', async (headers) => {
  const { port, upstream, records } = await start();
  expectRefusal(await post(port, { headers }), records, 'forbidden_host');
  expect(upstream.received).toEqual([]);
});

test.each([{}, { host: 'localhost:19100' }, { origin: 'http://localhost:6274' }])(
  'a local client (%j) passes, and the server sees its own name and our credentials',
  async (headers) => {
    const { port, upstream, records } = await start();
    expect(await post(port, { headers })).toMatchObject({ status: 200 });
    expect(upstream.received[0]?.headers).toMatchObject({
      host: new URL(upstream.url).host,
      authorization: 'Bearer planted-upstream-token',
    });
    expect(records).toMatchObject([{ outcome: 'success', server: 'files' }]);
  },
);

test.each<Readonly<Record<string, string>>>([
  {},
  { authorization: 'Bearer wrong' },
  { authorization: 'Basic cGxhbnRlZDpwbGFudGVk' },
])('without the right token (%j) it is 401 with a challenge', async (headers) => {
  const { port, upstream, records, facts } = await start({
    settings: { authentication: { bearerTokens: TOKENS } },
  });
  const answer = await post(port, { headers });
  expectRefusal(answer, records, 'unauthorized');
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="mcp-exporter"/);
  expect(upstream.received).toEqual([]);
  expect(facts).toMatchObject([{ fact: 'auth', status: 'failure' }]);
  expect(JSON.stringify([answer, records, facts])).not.toContain('planted');
});

test('the right token passes, is named in the record, and stays with us', async () => {
  const { port, upstream, records } = await start({
    settings: { authentication: { bearerTokens: TOKENS } },
  });
  const headers = { authorization: 'Bearer planted-client-token' };
  expect(await post(port, { headers })).toMatchObject({ status: 200 });
  expect(records).toMatchObject([{ outcome: 'success', user: 'ci' }]);
  expect(upstream.received[0]?.headers.authorization).toBe('Bearer planted-upstream-token');
});

async function startKeys() {
  let served: JWK[] = [];
  let reads = 0;
  const server = http.createServer((_request, response) => {
    reads++;
    response.end(JSON.stringify({ keys: served }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    reads: () => reads,
    /** Serves one new key, and nothing else any more. */
    async rotate(kid: string) {
      const { publicKey, privateKey } = await generateKeyPair('RS256');
      served = [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256' }];
      return (subject: string) =>
        new SignJWT({ sub: subject })
          .setProtectedHeader({ alg: 'RS256', kid })
          .setIssuer('i')
          .setAudience('a')
          .setExpirationTime('1h')
          .sign(privateKey);
    },
  };
}

test('tokens of an identity provider pass, also after it changed its key, and those of the old key end', async () => {
  const keys = await startKeys();
  const signOld = await keys.rotate('old');
  const jwt = {
    keys: { url: keys.url },
    issuer: 'i',
    audience: 'a',
    userClaim: 'sub',
    cooldownMs: 0,
  };
  const { port, records } = await start({
    settings: { authentication: { bearerTokens: [], jwt } },
  });
  const ask = async (token: string): Promise<number> =>
    (await post(port, { headers: { authorization: `Bearer ${token}` } })).status;
  expect([await ask(await signOld('alice')), await ask(await signOld('bob'))]).toEqual([200, 200]);
  expect(keys.reads()).toBe(1);

  const signNew = await keys.rotate('new');
  expect(await ask(await signNew('carol'))).toBe(200);
  expect(keys.reads()).toBe(2);
  expect(await ask(await signOld('dave'))).toBe(401);
  expect(records.map(({ user, outcome }) => user ?? outcome)).toEqual([
    'alice',
    'bob',
    'carol',
    'denied',
  ]);
});

test('tokens with invented keys do not make us ask the identity provider each time', async () => {
  const keys = await startKeys();
  await keys.rotate('right');
  const forge = await (await startKeys()).rotate('forged');
  const jwt = { keys: { url: keys.url }, issuer: 'i', audience: 'a', userClaim: 'sub' };
  const { port } = await start({ settings: { authentication: { bearerTokens: [], jwt } } });
  for (let i = 0; i < 20; i++) {
    const headers = { authorization: `Bearer ${await forge(`user ${i}`)}` };
    expect(await post(port, { headers })).toMatchObject({ status: 401 });
  }
  expect(keys.reads()).toBe(1);
});

test('who asks too often gets 429 and is told how long to wait', async () => {
  const { port, records, facts } = await start({
    settings: { rateLimit: { requests: 1, perMs: 60_000, burst: 2 } },
  });
  await post(port);
  await post(port);
  records.splice(0);
  const answer = await post(port);
  expectRefusal(answer, records, 'rate_limited');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50);
  expect(await post(port, { from: '127.0.0.2' })).toMatchObject({ status: 200 });
  expect(facts).toEqual([{ fact: 'rate_limit', server: 'files', user: '127.0.0.1' }]);
});

test('under a full house the greedy client is refused and the other one served', async () => {
  const { port, upstream, records } = await start({ maxInFlight: 16, isHanging: true });
  const greedy = Array.from({ length: 14 }, () => post(port));
  await expect.poll(() => upstream.received.length).toBe(14);
  expectRefusal(await post(port), records, 'overloaded');
  const other = post(port, { from: '127.0.0.2' });
  await expect.poll(() => upstream.received.length).toBe(15);
  upstream.release();
  expect((await Promise.all([...greedy, other])).map(({ status }) => status)).toEqual(
    Array(15).fill(200),
  );
  // Every place came back.
  const again = Array.from({ length: 14 }, () => post(port));
  await expect.poll(() => upstream.received.length).toBe(29);
  upstream.release();
  await Promise.all(again);
});

test('clients that vanish while their token is verified keep no place', async () => {
  const keys = await startKeys();
  const sign = await keys.rotate('one');
  const jwt = { keys: { url: keys.url }, issuer: 'i', audience: 'a', userClaim: 'sub' };
  const { port } = await start({
    maxInFlight: 4,
    settings: { authentication: { bearerTokens: [], jwt } },
  });
  const token = await sign('alice');
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `POST /files/mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${await sign(`user ${i}`)}\r\ncontent-length: 9\r\n\r\n{`,
    );
    socket.destroy();
  }
  await expect
    .poll(async () => (await post(port, { headers: { authorization: `Bearer ${token}` } })).status)
    .toBe(200);
});

test('a request whose headers come drop by drop is cut off, and so is one whose body does', async () => {
  for (const first of [
    'POST /files/mcp HTTP/1.1\r\nhost: localhost\r\n',
    `POST /files/mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{`,
  ]) {
    const { port, records, upstream } = await start();
    const answer = await talk(port, (socket) => {
      socket.write(first);
      const drip = setInterval(() => socket.write('a'), 40);
      socket.on('close', () => clearInterval(drip));
    });
    expectRefusal(
      answer,
      records,
      'request_timeout',
      first.includes('length') ? 'files' : '_OTHER',
    );
    expect(upstream.received).toEqual([]);
  }
});

test('a connection without a request is late with nothing, half a head is 408 once', async () => {
  const { port, records } = await start();
  const silent = await talk(port, () => undefined);
  expect(silent).toMatchObject({ status: Number.NaN, body: '' });
  expect(records).toEqual([]);
  const late = await talk(port, (socket) => void socket.write('POST /files/mcp HTTP/1.1\r\n'));
  expectRefusal(late, records, 'request_timeout', '_OTHER');
});

test('half a second request on a kept connection is 408 once, and none at all is nothing', async () => {
  const { port, records } = await start();
  const whole = `POST /files/mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${CALL.length}\r\n\r\n${CALL}`;
  const idle = connect(port, '127.0.0.1');
  idle.write(whole);
  await once(idle, 'data');
  await talk(port, (socket) => {
    socket.write(whole);
    socket.once('data', () => void socket.write('POST /fi'));
  });
  // The timeout of the half request has passed since, and so has that of the idle connection.
  idle.destroy();
  await expect.poll(() => records.length).toBe(3);
  expect(records.map(({ server, status }) => `${server} ${status}`)).toEqual([
    'files 200',
    'files 200',
    '_OTHER 408',
  ]);
});

test('a body that says that it is too large is refused before it is sent', async () => {
  const { port, records, upstream } = await start();
  const answer = await talk(port, (socket) => {
    socket.write(
      'POST /files/mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000001\r\n\r\n{',
    );
  });
  expectRefusal(answer, records, 'body_too_large');
  expect(upstream.received).toEqual([]);
});

test.each([
  [1_000_000, 1],
  // It is over the limit before it would go upstream.
  [100_000, 0],
])(
  'an endless body is cut at the limit of %i bytes, and the server never takes it for whole',
  async (bodyBytesMax, aborted) => {
    const { port, records, upstream, gateway } = await start({ bodyBytesMax });
    let sentBytes = 0;
    const answer = await talk(port, (socket) => {
      socket.write(
        'POST /files/mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      );
      const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
      const send = (): void => {
        while (!socket.destroyed && socket.writable) {
          sentBytes += chunk.length;
          if (!socket.write(chunk)) break;
        }
      };
      socket.on('drain', send);
      send();
    });
    expectRefusal(answer, records, 'body_too_large');
    expect(upstream.received).toEqual([]);
    // What the sockets between us hold comes on top.
    expect(sentBytes).toBeLessThan(20_000_000);
    await expect.poll(() => upstream.aborted).toBe(aborted);
    await gateway.stop(100);
    await expect.poll(() => upstream.sockets()).toBe(0);
  },
);

test('idle connections make room for new ones, those with a call in flight stay', async () => {
  const { port, upstream } = await start({ connectionsMax: 20, isHanging: true });
  const called = post(port, {});
  await expect.poll(() => upstream.received.length).toBe(1);
  const idle = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'));
  ends.push(() => {
    for (const socket of idle) socket.destroy();
  });
  for (const socket of idle) {
    socket.on('error', () => undefined);
    await once(socket, 'connect');
  }
  const second = post(port, {});
  await expect.poll(() => upstream.received.length).toBe(2);
  upstream.release();
  expect([(await called).status, (await second).status]).toEqual([200, 200]);
});

/** As Python's `http.client` does: it reads nothing before all is written. */
test('a client that writes its whole body first gets to read the refusal, and so does one of an unknown length', async () => {
  const { port } = await start({ bodyBytesMax: 100_000 });
  const bodyBytes = 7_500_000;
  for (const isChunked of [false, true]) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.pause();
    const length = isChunked ? 'transfer-encoding: chunked' : `content-length: ${bodyBytes}`;
    socket.write(`POST /files/mcp HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n`);
    const piece = Buffer.alloc(bodyBytes / 100, ' ');
    for (let i = 0; i < 100; i += 1) {
      if (isChunked) socket.write(`${piece.length.toString(16)}\r\n`);
      const isFree = socket.write(piece);
      if (isChunked) socket.write('\r\n');
      if (!isFree) await once(socket, 'drain');
    }
    if (isChunked) socket.write('0\r\n\r\n');
    socket.resume();
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  }
});

const HEAD = 'POST /files/mcp HTTP/1.1\r\nhost: localhost\r\n';
test.each([
  ['two lengths', `${HEAD}content-length: 3\r\ncontent-length: 4\r\n\r\nabc`],
  [
    'a length and chunks',
    `${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a NUL in a header', `${HEAD}x-a: a\0b\r\n\r\n`],
  ['a lone CR in a header', `${HEAD}x-a: a\rx-injected: 1\r\n\r\n`],
  ['a space before the colon', `${HEAD}x-a : 1\r\n\r\n`],
  ['a header without a name', `${HEAD}: 1\r\n\r\n`],
  ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['a TLS greeting', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
])('%s is no request: 400, counted, and nothing goes on', async (_, text) => {
  const { port, upstream, records } = await start();
  const answer = await talk(port, (socket) => socket.write(Buffer.from(text, 'latin1')));
  expect(answer.status).toBe(400);
  expect(upstream.received).toEqual([]);
  expectRefusal(answer, records, 'invalid_http', '_OTHER');
});

test('a line break in the path makes no header of what follows', async () => {
  const { port, upstream, records } = await start();
  const answer = await talk(port, (socket) =>
    socket.write('POST /files/mcp?a\r\nx-injected: 1 HTTP/1.1\r\nhost: localhost\r\n\r\n'),
  );
  expectRefusal(answer, records, 'invalid_http');
  expect(upstream.received).toEqual([]);
});

test.each([
  ['without a Host', ''],
  ['with two', 'host: localhost\r\nHOST: localhost\r\n'],
  [
    'with a second one after 3000 headers',
    `host: localhost\r\n${'a:\r\n'.repeat(3_000)}host: evil\r\n`,
  ],
])('a request %s is 400, counted, and goes nowhere', async (_what, hosts) => {
  const { port, upstream, records } = await start();
  const answer = await talk(port, (socket) => {
    socket.write(`POST /files/mcp HTTP/1.1\r\n${hosts}connection: close\r\n\r\n`);
  });
  expectRefusal(answer, records, 'invalid_http');
  expect(answer.body).toContain('Host header');
  expect(upstream.received).toEqual([]);
});

test.each(['TRACE /files/mcp', 'CONNECT 127.0.0.1:80'])(
  '%s is 405, and says what is allowed',
  async (requested) => {
    const { port, upstream } = await start();
    const answer = await talk(port, (socket) => {
      socket.write(`${requested} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    });
    expect(answer.status).toBe(405);
    expect(answer.head).toMatch(/^allow: GET, POST, DELETE$/im);
    expect(answer.body).toContain('"code":-32055');
    expect(upstream.received).toEqual([]);
  },
);

test('an expectation that nobody knows is ignored', async () => {
  const { port, records } = await start();
  expect(await post(port, { headers: { expect: '200-ok' } })).toMatchObject({ status: 200 });
  expect(records).toMatchObject([{ outcome: 'success' }]);
});

test.each([1, 300])(
  'a client that sends %i kB before it reads still gets to read why it was refused',
  async (kilobytes) => {
    const { port, records } = await start({
      settings: { authentication: { bearerTokens: TOKENS } },
    });
    expectRefusal(
      await post(port, { body: ' '.repeat(kilobytes * 1_000) }),
      records,
      'unauthorized',
    );
  },
);

test('a body that ends just past the limit is counted once', async () => {
  const { port, records, upstream, gateway } = await start({ bodyBytesMax: 400_000 });
  const call = CALL.replace('echo', 'e'.repeat(400_000));
  const answer = await talk(port, (socket) => {
    socket.write(
      'POST /files/mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    socket.write(`${call.length.toString(16)}\r\n${call}\r\n0\r\n\r\n`);
  });
  expectRefusal(answer, records, 'body_too_large');
  await gateway.stop(100);
  await expect.poll(() => upstream.sockets()).toBe(0);
  expect(records).toHaveLength(1);
});

test('headers beyond any measure are 431', async () => {
  const { port, upstream, records } = await start();
  const answer = await talk(port, (socket) =>
    socket.write(`${HEAD}x-a: ${'a'.repeat(40_000)}\r\n\r\n`),
  );
  expectRefusal(answer, records, 'headers_too_large', '_OTHER');
  expect(upstream.received).toEqual([]);
});

test.each([
  ['/nobody/mcp', 'unknown_server', '_OTHER'],
  ['/', 'unknown_server', '_OTHER'],
  ['/files', 'unknown_server', '_OTHER'],
  ['/%E0%A4%A/mcp', 'unknown_server', '_OTHER'],
  ['/..%2ffiles/mcp', 'unknown_server', '_OTHER'],
  ['/off/mcp', 'disabled', 'off'],
] as const)('%s is %s, and answers the id that was asked', async (path, name, server) => {
  const { port, records, upstream } = await start();
  const answer = await post(port, { path });
  expectRefusal(answer, records, name, server);
  expect(JSON.parse(answer.body)).toMatchObject({ id: 1 });
  expect(upstream.received).toEqual([]);
});

test('after all of it nothing is left: no connection, no request in flight', async () => {
  const { port, upstream, gateway } = await start({ maxInFlight: 4 });
  await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      post(port, i % 3 === 0 ? {} : { headers: { host: i % 3 === 1 ? 'evil' : 'localhost' } }),
    ),
  );
  for (const load of gateway.load()) expect(load).toMatchObject({ inFlight: 0, connections: 0 });
  await gateway.stop(100);
  await expect.poll(() => upstream.sockets()).toBe(0);
});
