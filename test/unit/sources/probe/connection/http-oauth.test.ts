import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Secret } from '../../../../../src/facts/secret.ts';
import type { OAuthSettings } from '../../../../../src/facts/server.ts';
import { logIn } from '../../../../../src/protocol/oauth/log-in.ts';
import { readLogin, writeLogin } from '../../../../../src/protocol/oauth/login-file.ts';
import { asEpochMs, asMonotonicMs } from '../../../../../src/facts/time.ts';
import type { Clock } from '../../../../../src/facts/ports/clock.ts';
import { REAL_CLOCK } from '../../../../fakes/real-clock.ts';
import {
  CLIENT,
  type OAuthGuard,
  type OAuthGuardOptions,
  startOAuthGuard,
} from '../../../../fakes/oauth-guard.ts';
import {
  error,
  type ScriptedMcpServer,
  type ScriptedServerOptions,
} from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, type Watched, watchUrl } from './http-setup.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcp-oauth-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
});

interface Guarded extends Watched {
  readonly guard: OAuthGuard;
  readonly server: ScriptedMcpServer;
  /** Time passes at once, for tokens and delays. */
  pass(seconds: number): void;
}

interface GuardedOptions extends Partial<OAuthGuardOptions> {
  readonly profile?: ScriptedServerOptions['profile'];
  readonly transport?: 'auto' | 'http' | 'sse';
  readonly oauth?: (guard: OAuthGuard) => {
    [K in keyof OAuthSettings]?: OAuthSettings[K] | undefined;
  };
}

async function watchGuarded({
  profile = 'legacy-session',
  transport = 'auto',
  oauth,
  ...options
}: GuardedOptions = {}): Promise<Guarded> {
  let passedMs = 0;
  const clock: Clock = {
    ...REAL_CLOCK,
    nowMs: () => asEpochMs(REAL_CLOCK.nowMs() + passedMs),
    monotonicMs: () => asMonotonicMs(REAL_CLOCK.monotonicMs() + passedMs),
  };
  const server = await startServer({ profile });
  const guard = await startOAuthGuard({ upstream: server.url, ...options });
  onTestFinished(() => guard.close());
  const settings = {
    grant: 'client_credentials',
    clientId: CLIENT.id,
    clientSecret: new Secret(CLIENT.secret),
    scopes: [],
    loginFile: join(directory, 'login.json'),
    ...oauth?.(guard),
  };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const target = { transport, oauth: Object.fromEntries(given) as unknown as OAuthSettings };
  return {
    guard,
    server,
    pass: (seconds) => (passedMs += seconds * 1000),
    ...watchUrl(guard.url, { target, clock, hasCredentials: true }),
  };
}

describe('client credentials', () => {
  test.each([
    ['Streamable HTTP with a session', 'legacy-session', 'auto'],
    ['Streamable HTTP without a session', 'legacy-stateless', 'http'],
    ['a modern server', 'modern', 'auto'],
    ['HTTP+SSE', 'sse', 'sse'],
    ['HTTP+SSE of a modern server', 'sse-modern', 'sse'],
  ] as const)('%s is checked, deeply too, with one token', async (_what, profile, transport) => {
    const { guard, check, inspect } = await watchGuarded({ profile, transport, lifeS: 3600 });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await inspect()).toMatchObject({ outcome: 'ok' });
    expect(guard.tokenRequests.map(({ grant }) => grant)).toEqual(['client_credentials']);
    expect(guard.requests.filter(({ authorization }) => authorization === undefined)).toHaveLength(
      1,
    );
  });

  test('asks for the resource and the configured scopes, with the method that the server offers', async () => {
    const { guard, check } = await watchGuarded({ oauth: () => ({ scopes: ['a', 'b'] }) });
    await check();
    const { form, authorization } = guard.tokenRequests[0]!;
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'client_credentials',
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      scope: 'a b',
      resource: guard.url,
    });
    expect(authorization).toBeUndefined();
  });

  test('finds metadata that only the 401 names', async () => {
    const { check } = await watchGuarded({ isHidden: true });
    expect(await check()).toMatchObject({ outcome: 'ok' });
  });

  test('a configured token endpoint is asked before the first request', async () => {
    const { guard, check } = await watchGuarded({
      oauth: ({ origin }) => ({ tokenUrl: `${origin}/token` }),
    });
    // HTTP Basic, as nothing says otherwise; the guard wants the secret in the form.
    guard.script((response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"x","token_type":"bearer"}'),
    );
    await check();
    const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64');
    expect(guard.tokenRequests[0]).toMatchObject({ authorization: `Basic ${basic}` });
    expect(guard.requests[0]).toMatchObject({ authorization: 'Bearer x' });
  });

  test('an authorization server other than the configured issuer gets no secret', async () => {
    const { guard, check } = await watchGuarded({
      oauth: () => ({ issuer: 'https://auth.example.com' }),
    });
    const report = await check();
    expect(report.outcome).toBe('auth_required');
    expect(report.detail).toContain('https://auth.example.com');
    expect(guard.tokenRequests).toEqual([]);
  });

  test('a token that the server no longer accepts is replaced within the same check', async () => {
    const { guard, check, pass } = await watchGuarded();
    await check();
    guard.revoke('access');
    pass(60);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(guard.tokenRequests).toHaveLength(2);
  });

  test('an expired token is not sent', async () => {
    const { guard, check, pass } = await watchGuarded({ lifeS: 300 });
    await check();
    const [, first] = guard.requests;
    pass(300);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    const sent = guard.requests.at(-1)?.authorization;
    expect(sent).toMatch(/^Bearer access-/);
    expect(sent).not.toBe(first?.authorization);
    expect(guard.requests.map(({ status }) => status).filter((status) => status === 401)).toEqual([
      401,
    ]);
  });

  test('a token in the last quarter of its life is renewed while it is still used', async () => {
    const { guard, check, pass } = await watchGuarded({ lifeS: 3600 });
    await check();
    const used = guard.requests.at(-1)?.authorization;
    pass(3000);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(guard.requests.at(-1)?.authorization).toBe(used);
    await vi.waitFor(() => expect(guard.tokenRequests).toHaveLength(2));
    await vi.waitFor(async () => {
      await check();
      expect(guard.requests.at(-1)?.authorization).not.toBe(used);
    });
    expect(guard.tokenRequests).toHaveLength(2);
  });

  test('a client that is refused is Critical with what to check, and asks ever more rarely', async () => {
    const { guard, check, inspect, pass } = await watchGuarded({
      oauth: () => ({ clientSecret: new Secret('wrong-secret-41c2') }),
    });
    const report = await check();
    expect(report).toMatchObject({ outcome: 'auth_required', httpStatus: 401 });
    expect(report.detail).toBe(
      `No access token: ${guard.origin}/token answered invalid_client (who is this?); check clientId and clientSecret.`,
    );
    expect(await inspect()).toMatchObject({ outcome: 'auth_required', detail: report.detail });
    expect(JSON.stringify(report)).not.toContain('wrong-secret');
    const counts: number[] = [];
    for (let minute = 0; minute < 120; minute++) {
      pass(60);
      await check();
      counts.push(guard.tokenRequests.length);
    }
    // After 30 s, 1, 2, 4, … 60 minutes: 8 attempts in the first hour or so, and one per hour after.
    expect(counts.at(-1)).toBeLessThanOrEqual(9);
    expect(counts.at(-1)).toBeGreaterThanOrEqual(7);
  });

  test.each([
    ['an error page', 503, '<html>sorry</html>', '/token answered HTTP 503'],
    ['an error of OAuth', 400, '{"error":"invalid_scope"}', '/token answered invalid_scope'],
    ['no token', 200, '{"hello":"world"}', '/token cannot be used'],
    [
      'a token of another kind',
      200,
      '{"access_token":"a","token_type":"mac"}',
      'another type than Bearer',
    ],
  ])(
    'a token endpoint that answers with %s is a reason of its own',
    async (_what, status, body, said) => {
      const { guard, check } = await watchGuarded();
      guard.script((response) => response.writeHead(status).end(body));
      const report = await check();
      expect(report.outcome).toBe('auth_required');
      expect(report.detail).toContain(said);
    },
  );

  test('Retry-After of the token endpoint is respected', async () => {
    const { guard, check, pass } = await watchGuarded();
    guard.script((response) => response.writeHead(429, { 'retry-after': '600' }).end());
    await check();
    pass(590);
    await check();
    expect(guard.tokenRequests).toHaveLength(1);
    guard.script(undefined);
    pass(20);
    expect(await check()).toMatchObject({ outcome: 'ok' });
  });

  test('a token endpoint that does not answer makes no server Offline, and its late answer is used', async () => {
    const { guard, check } = await watchGuarded();
    let answer = (): void => undefined;
    guard.script((response) => {
      answer = () =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"access_token":"late","token_type":"Bearer"}');
    });
    const report = await check();
    expect(report).toMatchObject({
      outcome: 'auth_required',
      detail: 'No access token: the authorization server has not answered yet.',
    });
    answer();
    await vi.waitFor(async () => {
      await check();
      expect(guard.requests.at(-1)?.authorization).toBe('Bearer late');
    });
  });

  test('a token endpoint that cannot be reached makes no server Offline', async () => {
    const gone = await startOAuthGuard({ upstream: 'http://127.0.0.1/mcp' });
    await gone.close();
    const { check } = await watchGuarded({
      oauth: () => ({ tokenUrl: `${gone.origin}/token` }),
    });
    const report = await check();
    expect(report).toMatchObject({
      outcome: 'auth_required',
      detail: `No access token: ${gone.origin}/token could not be reached: connection refused.`,
    });
  });

  test('a server that is down is not mistaken for one without a token', async () => {
    const { guard, check } = await watchGuarded();
    await guard.close();
    expect(await check()).toMatchObject({ outcome: 'refused' });
  });

  test('a server that refuses every token says so, and new ones are not requested with each check', async () => {
    const { guard, check, pass } = await watchGuarded();
    guard.refusesAll = true;
    const report = await check();
    expect(report.outcome).toBe('auth_required');
    expect(report.detail).toContain('refuses the access token that its authorization server has');
    for (let minute = 0; minute < 60; minute++) {
      pass(60);
      await check();
    }
    expect(guard.tokenRequests.length).toBeLessThanOrEqual(8);
    guard.refusesAll = false;
    expect(await check()).toMatchObject({ outcome: 'ok' });
  });

  test('a server that quotes the token does not reveal it', async () => {
    const { server, guard, check } = await watchGuarded({ profile: 'legacy-stateless' });
    await check();
    server.script('initialize', error(-32000, `token ${guard.requests.at(-1)?.authorization}`));
    const report = await check();
    expect(report.outcome).toBe('rpc_error');
    expect(JSON.stringify(report)).toContain('***');
    expect(JSON.stringify(report)).not.toContain('access-');
  });

  test('waiting for a token is no response time', async () => {
    const { guard, check, pass } = await watchGuarded({ lifeS: 300 });
    await check();
    pass(300);
    guard.script((response) => {
      REAL_CLOCK.after(700, () => {
        guard.script(undefined);
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"access_token":"slow","token_type":"Bearer"}');
      });
    });
    const report = await check();
    expect(guard.requests.some(({ authorization }) => authorization === 'Bearer slow')).toBe(true);
    expect(report.durationMs).toBeLessThan(500);
    const step = report.steps.find(({ name }) => name === 'access token');
    expect(step?.durationMs).toBeGreaterThan(600);
  });
});

describe('the login of a person', () => {
  const asPerson = () =>
    ({ grant: 'authorization_code', clientSecret: undefined, clientId: undefined }) as const;

  /** Logs in as `mcp-exporter login` does, with a person who agrees at once. */
  async function storeLogin({ url }: OAuthGuard): Promise<void> {
    const target = {
      kind: 'http',
      url,
      transport: 'auto',
      headers: {},
      tlsSkipVerify: false,
    } as const;
    const oauth = { grant: 'authorization_code', scopes: [], loginFile: '' } as const;
    const result = await logIn({
      target,
      oauth,
      userAgent: 'test',
      clock: REAL_CLOCK,
      signal: new AbortController().signal,
      redirectUrl: 'http://127.0.0.1:1/callback',
      state: 's',
      async authorize(page) {
        const response = await fetch(page, { redirect: 'manual' });
        return new URL(response.headers.get('location') ?? '');
      },
    });
    if (!result.ok) throw new Error(result.message);
    await writeLogin(join(directory, 'login.json'), result.login);
  }

  function watchPerson(options: GuardedOptions = {}): Promise<Guarded> {
    return watchGuarded({ ...options, oauth: asPerson });
  }

  const storedTokens = async () => (await readLogin(join(directory, 'login.json')))?.tokens;

  test('without a login the reason says what to run, and one that is made meanwhile is used', async () => {
    const { guard, check } = await watchPerson();
    const reason = 'No access token: nobody has logged in yet; run mcp-exporter login scripted.';
    expect(await check()).toMatchObject({ outcome: 'auth_required', detail: reason });
    expect(await check()).toMatchObject({ outcome: 'auth_required', detail: reason });
    expect(guard.tokenRequests).toEqual([]);
    await storeLogin(guard);
    expect(await check()).toMatchObject({ outcome: 'ok' });
  });

  test.each([
    ['Streamable HTTP', 'legacy-session', 'auto'],
    ['a modern server', 'modern', 'auto'],
    ['HTTP+SSE', 'sse', 'sse'],
  ] as const)(
    '%s is checked, deeply too, with the stored token',
    async (_what, profile, transport) => {
      const { guard, check, inspect } = await watchPerson({ profile, transport });
      await storeLogin(guard);
      expect(await check()).toMatchObject({ outcome: 'ok' });
      expect(await inspect()).toMatchObject({ outcome: 'ok' });
      // The first one asked where to log in.
      expect(guard.requests.slice(1).every(({ status }) => status !== 401)).toBe(true);
      expect(guard.tokenRequests.map(({ grant }) => grant)).toEqual(['authorization_code']);
    },
  );

  test('an expired token is renewed, and the new refresh token takes the place of the old one', async () => {
    const { guard, check, pass } = await watchPerson({ lifeS: 300 });
    await storeLogin(guard);
    const first = await storedTokens();
    pass(300);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    const second = await storedTokens();
    expect(second?.refresh_token).toMatch(/^refresh-/);
    expect(second?.refresh_token).not.toBe(first?.refresh_token);
    pass(300);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(guard.tokenRequests.map(({ grant }) => grant)).toEqual([
      'authorization_code',
      'refresh_token',
      'refresh_token',
    ]);
    expect((await stat(join(directory, 'login.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['login.json']);
  });

  test('a token that the server no longer accepts is renewed within the same check', async () => {
    const { guard, check, pass } = await watchPerson();
    await storeLogin(guard);
    await check();
    guard.revoke('access');
    pass(60);
    expect(await check()).toMatchObject({ outcome: 'ok' });
  });

  test('a revoked login says what to run, is not tried again, and a new login is used at once', async () => {
    const { guard, check, inspect, pass } = await watchPerson();
    await storeLogin(guard);
    await check();
    guard.revoke('all');
    const reason =
      'No access token: the authorization server no longer accepts the login; run mcp-exporter login scripted.';
    for (let hour = 0; hour < 5; hour++) {
      pass(3600);
      expect(await check()).toMatchObject({ outcome: 'auth_required', detail: reason });
    }
    expect(await inspect()).toMatchObject({ outcome: 'auth_required', detail: reason });
    expect(guard.tokenRequests.filter(({ grant }) => grant === 'refresh_token')).toHaveLength(1);
    await storeLogin(guard);
    expect(await check()).toMatchObject({ outcome: 'ok' });
  });

  test('several processes that find the token expired renew it once', async () => {
    const { guard } = await watchPerson({ lifeS: 300 });
    await storeLogin(guard);
    const path = join(directory, 'login.json');
    const login = await readLogin(path);
    if (login) await writeLogin(path, { ...login, issuedAtMs: asEpochMs(0) });
    const target = {
      oauth: { grant: 'authorization_code', scopes: [], loginFile: path },
    } as const;
    const others = Array.from({ length: 8 }, () => watchUrl(guard.url, { target }));
    const reports = await Promise.all(others.map(({ check }) => check()));
    expect(reports.map(({ outcome }) => outcome)).toEqual(Array(8).fill('ok'));
    expect(guard.tokenRequests.filter(({ grant }) => grant === 'refresh_token')).toHaveLength(1);
  });

  test('a lock that a killed process left behind is removed after a minute', async () => {
    const { guard, check, pass } = await watchPerson({ lifeS: 300 });
    await storeLogin(guard);
    await writeFile(join(directory, 'login.json.lock'), '');
    pass(300);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await readdir(directory)).toEqual(['login.json']);
  });

  test('the tokens of a login go to no other address than the one it was made for', async () => {
    const { guard } = await watchPerson();
    await storeLogin(guard);
    const other = await watchPerson();
    const report = await other.check();
    expect(report.detail).toContain('the stored login is for another address of the server');
    expect(other.guard.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('a file that holds no login is named', async () => {
    const { check } = await watchPerson();
    await writeFile(join(directory, 'login.json'), '{"version":1}');
    const report = await check();
    expect(report).toMatchObject({
      outcome: 'auth_required',
      detail: `No access token: ${join(directory, 'login.json')} holds no login.`,
    });
  });

  test('a renewed login that cannot be written is kept in memory', async () => {
    const { guard, check, pass } = await watchPerson({ lifeS: 300 });
    await storeLogin(guard);
    await check();
    pass(300);
    guard.script((response) => {
      guard.script(undefined);
      // Between the lock and the write: a directory in the place of the file.
      rmSync(join(directory, 'login.json'));
      mkdirSync(join(directory, 'login.json', 'in-the-way'), { recursive: true });
      guard.issue('refresh_token', response);
    });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    await rm(join(directory, 'login.json'), { recursive: true });
    pass(300);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect((await storedTokens())?.refresh_token).toMatch(/^refresh-/);
  });
});
