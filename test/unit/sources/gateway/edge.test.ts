import type { IncomingMessage } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import type { Admission } from '../../../../src/sources/gateway/admission.ts';
import { createEdge, type EdgeSettings } from '../../../../src/sources/gateway/edge.ts';
import type { Fact } from '../../../../src/facts/facts.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

const LOCAL: EdgeSettings = {
  listenHost: '127.0.0.1',
  isTls: false,
  allowedHosts: [],
  allowedOrigins: [],
};
const TOKENS = [
  { name: 'ci', token: new Secret('planted-token-of-ci') },
  { name: 'dev', token: new Secret('planted-token-of-dev') },
];

interface RequestOptions {
  readonly method?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** As much of a request as the edge looks at. */
function request({
  method = 'POST',
  address = '127.0.0.1',
  headers = {},
}: RequestOptions = {}): IncomingMessage {
  const all = { host: 'localhost:19100', ...headers };
  return {
    method,
    headers: { ...all },
    rawHeaders: Object.entries(all).flat(),
    socket: { remoteAddress: address },
  } as unknown as IncomingMessage;
}

const bearer = (token: string, address = '127.0.0.1'): IncomingMessage =>
  request({ address, headers: { authorization: `Bearer ${token}` } });

function start(settings: Partial<EdgeSettings> = {}, maxInFlight = 8) {
  const clock = createFakeClock();
  const facts: Fact[] = [];
  const warnings: unknown[] = [];
  const edge = createEdge({
    clock,
    hub: { publish: (fact) => void facts.push(fact) },
    log: { warn: (fields) => void warnings.push(fields) },
    settings: { ...LOCAL, ...settings },
  });
  const servers = [buildServer('files', { gateway: { maxInFlight } })];
  edge.apply({ ...LOCAL, ...settings }, servers);
  return {
    clock,
    facts,
    warnings,
    edge,
    servers,
    admit: async (incoming = request(), server: string | null = 'files') =>
      edge.admit(incoming, server ?? undefined),
  };
}

const refusalOf = (admission: Admission): string | undefined =>
  admission.ok ? undefined : admission.refusal;

test('with nothing configured a local request passes at once, and nobody is told', async () => {
  const { edge, facts } = start();
  expect(edge.admit(request(), 'files')).toMatchObject({ ok: true });
  expect(facts).toEqual([]);
});

test.each([
  [{ host: 'evil.example.com' }, 'Host'],
  [{ origin: 'http://evil.example.com' }, 'Origin'],
])('a request with %j is refused before its credentials are looked at', async (headers, word) => {
  const { admit, facts } = start({ authentication: { bearerTokens: TOKENS } });
  expect(await admit(request({ headers }))).toEqual({
    ok: false,
    refusal: 'forbidden_host',
    detail: expect.stringContaining(word),
  });
  expect(facts).toEqual([]);
});

test.each([
  [{}, 'none', 'Bearer realm="mcp-exporter"'],
  [{ authorization: '' }, 'none', 'Bearer realm="mcp-exporter"'],
  [{ authorization: 'Basic YTpi' }, 'none', expect.stringContaining('invalid_token')],
  [{ authorization: 'Bearer planted-token-of-c' }, 'bearer', expect.stringContaining('invalid')],
  [{ authorization: 'Bearer a.b.c' }, 'bearer', expect.stringContaining('invalid_token')],
])(
  'credentials of %j are 401, with a challenge, and counted as %s',
  async (headers, method, challenge) => {
    const { admit, facts } = start({ authentication: { bearerTokens: TOKENS } });
    const admission = await admit(request({ headers }));
    expect(admission).toMatchObject({
      ok: false,
      refusal: 'unauthorized',
      headers: { 'www-authenticate': challenge },
    });
    expect(JSON.stringify(admission)).not.toContain('planted');
    expect(facts).toEqual([{ fact: 'auth', method, status: 'failure' }]);
  },
);

test('a right token passes, names the user, and does not go on to the server', async () => {
  const { admit, facts } = start({ authentication: { bearerTokens: TOKENS } });
  const incoming = request({ headers: { Authorization: 'x', accept: 'y' } });
  incoming.headers.authorization = 'bearer  planted-token-of-dev ';
  expect(await admit(incoming)).toMatchObject({ ok: true, user: 'dev' });
  expect(incoming.headers.authorization).toBeUndefined();
  expect(incoming.rawHeaders).toEqual(['host', 'localhost:19100', 'accept', 'y']);
  expect(facts).toEqual([{ fact: 'auth', method: 'bearer', status: 'success' }]);
});

test('each client has its own limit: users by name, others by address', async () => {
  const { admit, facts, clock } = start({ rateLimit: { requests: 1, perMs: 2_500, burst: 2 } });
  const from = (address: string) => admit(request({ address }));
  expect(
    [await from('10.0.0.1'), await from('10.0.0.1'), await from('10.0.0.2')].map(refusalOf),
  ).toEqual([undefined, undefined, undefined]);
  expect(await from('::ffff:10.0.0.1')).toEqual({
    ok: false,
    refusal: 'rate_limited',
    headers: { 'retry-after': '3' },
  });
  expect(facts).toEqual([{ fact: 'rate_limit', server: 'files', user: '10.0.0.1' }]);
  await clock.advance(2_500);
  expect(refusalOf(await from('10.0.0.1'))).toBeUndefined();
});

test('a user is limited wherever the requests come from, and unknown names are not told', async () => {
  const { admit, facts } = start({
    authentication: { bearerTokens: TOKENS },
    rateLimit: { requests: 1, perMs: 1_000, burst: 1 },
  });
  await admit(bearer('planted-token-of-ci', '10.0.0.1'));
  const again = await admit(bearer('planted-token-of-ci', '10.0.0.2'), null);
  expect(refusalOf(again)).toBe('rate_limited');
  expect(facts.at(-1)).toEqual({ fact: 'rate_limit', server: '_OTHER', user: 'ci' });
});

test('guessing tokens uses up the limit of the address', async () => {
  const { admit } = start({
    authentication: { bearerTokens: TOKENS },
    rateLimit: { requests: 1, perMs: 1_000, burst: 3 },
  });
  const refusals = [];
  for (let i = 0; i < 5; i++) refusals.push(refusalOf(await admit(bearer(`guess ${i}`))));
  expect(refusals.slice(0, 3)).toEqual(['unauthorized', 'unauthorized', 'unauthorized']);
  expect(refusals.slice(3)).toEqual(['rate_limited', 'rate_limited']);
});

test('a greedy client leaves a place for another, and its places come back when it leaves', async () => {
  const { admit } = start({}, 8);
  const greedy = [];
  for (let i = 0; i < 8; i++) greedy.push(await admit(request({ address: '10.0.0.1' })));
  expect(greedy.map(refusalOf).filter((each) => each === 'overloaded')).toHaveLength(1);
  expect(greedy.at(-1)).toMatchObject({ headers: { 'retry-after': '1' } });
  expect(refusalOf(await admit(request({ address: '10.0.0.2' })))).toBeUndefined();
  expect(refusalOf(await admit(request({ address: '10.0.0.3' })))).toBe('overloaded');
  for (const each of greedy.slice(0, 2)) {
    if (each.ok) each.place.leave();
    if (each.ok) each.place.leave();
  }
  expect(refusalOf(await admit(request({ address: '10.0.0.1' })))).toBeUndefined();
});

test('requests that are still being sent take no place of calls in flight, and are limited themselves', async () => {
  const { admit } = start({}, 2);
  const sending = [await admit(), await admit()];
  expect(refusalOf(await admit())).toBe('overloaded');
  const [first, second] = sending.map((each) => each.ok && each.place);
  expect(first && first.enter()).toBe(true);
  const third = await admit();
  expect(refusalOf(third)).toBeUndefined();
  expect(second && second.enter()).toBe(true);
  expect(third.ok && third.place.enter()).toBe(false);
  if (first) first.leave();
  const fourth = await admit();
  expect(fourth.ok && fourth.place.enter()).toBe(true);
});

test('a client that sends many bodies slowly leaves others nearly all places of calls', async () => {
  const { admit } = start({}, 16);
  for (let i = 0; i < 20; i++) await admit(request({ address: '10.0.0.1' }));
  for (let i = 0; i < 14; i++) {
    const admission = await admit(request({ address: '10.0.0.2' }));
    expect(admission.ok && admission.place.enter()).toBe(true);
  }
});

test('streams take no place of calls, and unknown servers have none', async () => {
  const { admit } = start({}, 1);
  for (let i = 0; i < 100; i++) {
    expect(refusalOf(await admit(request({ method: 'GET' })))).toBeUndefined();
    expect(refusalOf(await admit(request(), null))).toBeUndefined();
  }
});

test('a reload takes over hosts, tokens and caps, and forgets no request in flight', async () => {
  const { edge, admit } = start({}, 1);
  const first = await admit();
  const tokens = {
    ...LOCAL,
    allowedHosts: ['a.example.com'],
    authentication: { bearerTokens: TOKENS },
  };
  edge.apply(tokens, [buildServer('files', { gateway: { maxInFlight: 1 } })]);
  expect(refusalOf(await admit())).toBe('unauthorized');
  expect(refusalOf(await admit(bearer('planted-token-of-ci')))).toBe('overloaded');
  if (first.ok) first.place.leave();
  const named = bearer('planted-token-of-ci');
  named.headers.host = 'a.example.com';
  expect(refusalOf(await admit(named))).toBeUndefined();
});

test('a reload that leaves the limit as it is gives nobody new requests', async () => {
  const limited = { ...LOCAL, rateLimit: { requests: 1, perMs: 1_000, burst: 1 } };
  const { edge, admit, servers } = start(limited);
  await admit();
  edge.apply({ ...limited, rateLimit: { ...limited.rateLimit } }, servers);
  expect(refusalOf(await admit())).toBe('rate_limited');
});

const { publicKey, privateKey } = await generateKeyPair('ES256');
const foreign = await generateKeyPair('ES256');
const keys = {
  text: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] }),
};
const JWT = { keys, issuer: 'https://login.example.com', audience: 'mcp', userClaim: 'sub' };
const NOW_S = Math.floor(Date.now() / 1_000);

interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey | Uint8Array;
}

function sign({ claims = {}, header = {}, key = privateKey }: TokenOptions = {}): Promise<string> {
  return new SignJWT({
    iss: JWT.issuer,
    aud: ['mcp', 'other'],
    sub: 'alice',
    exp: NOW_S + 3_600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
    .sign(key);
}

test('a token that the provider signed passes, and only the first time takes a while', async () => {
  const { edge, facts } = start({ authentication: { bearerTokens: [], jwt: JWT } });
  const token = await sign();
  const pending = edge.admit(bearer(token), 'files');
  expect(pending).toBeInstanceOf(Promise);
  expect(await pending).toMatchObject({ ok: true, user: 'alice' });
  expect(edge.admit(bearer(token), 'files')).toMatchObject({ ok: true, user: 'alice' });
  const success = { fact: 'auth', method: 'jwt', status: 'success' };
  expect(facts).toEqual([success, success]);
});

test.each<[string, TokenOptions, string]>([
  ['expired', { claims: { exp: NOW_S - 60 } }, 'this token has expired'],
  ['not valid yet', { claims: { nbf: NOW_S + 60 } }, 'the claim nbf'],
  ['without an end', { claims: { exp: undefined } }, 'the claim exp'],
  ['of another issuer', { claims: { iss: 'https://evil.example.com' } }, 'the claim iss'],
  ['for another audience', { claims: { aud: 'other' } }, 'the claim aud'],
  ['without a user', { claims: { sub: undefined } }, 'the claim sub'],
  ['with a user that is no text', { claims: { sub: 5 } }, 'names no user'],
  ['with a user that is too long', { claims: { sub: 'x'.repeat(300) } }, 'names no user'],
  ['signed by another key', { key: foreign.privateKey }, 'this token is not valid'],
  ['of an unknown key', { header: { kid: 'two' } }, 'this token is not valid'],
  [
    'signed with the public key as a shared secret',
    { header: { alg: 'HS256' }, key: new TextEncoder().encode(keys.text) },
    'this token is not valid',
  ],
])('a token %s is refused, and says why', async (_, options, detail) => {
  const { admit, facts, warnings } = start({ authentication: { bearerTokens: TOKENS, jwt: JWT } });
  expect(await admit(bearer(await sign(options)))).toMatchObject({
    refusal: 'unauthorized',
    detail: expect.stringContaining(detail),
  });
  expect(facts).toEqual([{ fact: 'auth', method: 'jwt', status: 'failure' }]);
  expect(warnings).toEqual([]);
});

test.each(['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.', 'a.b.c', '..', 'eyJ.eyJ.eyJ'])(
  '%s is no token',
  async (token) => {
    const { admit } = start({ authentication: { bearerTokens: [], jwt: JWT } });
    expect(refusalOf(await admit(bearer(token)))).toBe('unauthorized');
  },
);

test('a verdict over a token is forgotten when the token ends', async () => {
  const { edge, clock } = start({ authentication: { bearerTokens: [], jwt: JWT } });
  const token = await sign();
  await edge.admit(bearer(token), 'files');
  await clock.advance(60_001);
  expect(edge.admit(bearer(token), 'files')).toBeInstanceOf(Promise);
});

test('fixed tokens and signed ones work beside each other', async () => {
  const { admit } = start({ authentication: { bearerTokens: TOKENS, jwt: JWT } });
  expect(await admit(bearer('planted-token-of-ci'))).toMatchObject({ user: 'ci' });
  expect(await admit(bearer(await sign()))).toMatchObject({ user: 'alice' });
});

test('a key set that cannot be read is our fault, and said once', async () => {
  const url = 'http://127.0.0.1:9/jwks';
  const { admit, warnings } = start({
    authentication: { bearerTokens: [], jwt: { ...JWT, keys: { url } } },
  });
  for (let i = 0; i < 3; i++)
    expect(await admit(bearer(await sign()))).toMatchObject({
      refusal: 'unverifiable',
      headers: { 'retry-after': '5' },
    });
  expect(warnings).toEqual([
    { channel: 'error', detail: expect.stringContaining('the key set cannot be read') },
  ]);
});

test('with nothing configured the edge costs less than parsing a small request', () => {
  const { edge } = start({}, 256);
  const incoming = request();
  const pass = (): void => {
    const admission = edge.admit(incoming, 'files') as Extract<Admission, { ok: true }>;
    admission.place.enter();
    admission.place.leave();
  };
  const text =
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi"}}}';
  const parse = (): void => void JSON.parse(text);
  // In turn, so that a busy machine slows both down.
  const best = { pass: Infinity, parse: Infinity };
  for (let round = 0; round < 30; round++) {
    best.pass = Math.min(best.pass, timeOf(pass));
    best.parse = Math.min(best.parse, timeOf(parse));
  }
  expect(best.pass).toBeLessThan(best.parse);
});

function timeOf(run: () => void): number {
  const startedMs = performance.now();
  for (let i = 0; i < 2_000; i++) run();
  return performance.now() - startedMs;
}

test.each([
  [
    'an image of another site',
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' },
    false,
  ],
  [
    'a frame of the same site',
    { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'iframe' },
    false,
  ],
  ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, true],
  [
    'a page whose origin is allowed',
    { 'sec-fetch-site': 'cross-site', origin: 'http://a.example' },
    true,
  ],
])(
  'a GET without or with an origin by %s',
  async (_case, headers: Record<string, string>, isAllowed) => {
    const { admit } = start({ allowedOrigins: ['http://a.example'] });
    const incoming = request({ method: 'GET', headers });
    expect((await admit(incoming)).ok).toBe(isAllowed);
  },
);
