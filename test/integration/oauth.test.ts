import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { loadOneServer } from '../../src/settings/load-config.ts';
import { createFakeContext } from '../fakes/fake-context.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import type { Connection } from '../../src/sources/probe/ports.ts';
import { startService } from './support/start-service.ts';
import { until } from './support/until.ts';
import {
  agreeInBrowser,
  type ProtectedServer,
  startProtectedServer,
} from './support/start-oauth.ts';

// A real authorization server: oidc-provider, with JWT access tokens for one resource (RFC 8707, RFC 9068), PKCE,
// dynamic registration (RFC 7591), rotation of refresh tokens, and revocation (RFC 7009).
const LIFE_S = 3;

let directory: string;
let server: ProtectedServer;
let connection: Connection | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcp-oauth-'));
  server = await startProtectedServer(LIFE_S);
});

afterEach(async () => {
  await connection?.close();
  connection = undefined;
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

async function open(auth: unknown): Promise<{ connection: Connection; config: string }> {
  const config = join(directory, 'mcp-exporter.yml');
  await writeFile(config, JSON.stringify({ mcpServers: { mine: { url: server.url, auth } } }));
  const loaded = await loadOneServer('mine', { path: config, env: {} });
  if (!loaded.ok || !loaded.spec) throw new Error(JSON.stringify(loaded));
  const connector = createConnector({
    clientName: 'mcp-exporter',
    clientVersion: '0',
    clock: REAL_CLOCK,
  });
  connection = connector.open(loaded.spec, () => undefined);
  return { connection, config };
}

const options = { signal: new AbortController().signal };
const expiry = (): Promise<void> =>
  new Promise((resolve) => {
    REAL_CLOCK.after(LIFE_S * 1000 + 100, resolve);
  });

test('client credentials: checks succeed, over the end of a token too', async () => {
  const secretFile = join(directory, 'secret');
  await writeFile(secretFile, 'a-client-secret-of-the-test\n');
  const { connection: opened } = await open({
    oauth2: { clientId: 'exporter', clientSecretFile: secretFile, issuer: server.issuer },
  });
  expect(await opened.check(options)).toMatchObject({ outcome: 'ok' });
  expect(await opened.inspect(options)).toMatchObject({ outcome: 'ok' });
  await expiry();
  const before = server.statuses.length;
  expect(await opened.check(options)).toMatchObject({ outcome: 'ok' });
  // Renewed before it was refused. (A token may end during the inspection on a busy machine.)
  expect(server.statuses.slice(before)).not.toContain(401);
  // The first request alone went without a token.
  expect(server.tokenless()).toBe(1);
});

test('a wrong secret is Critical, and says which key to check', async () => {
  const { connection: opened } = await open({
    oauth2: { clientId: 'exporter', clientSecret: 'a-wrong-secret' },
  });
  const report = await opened.check(options);
  expect(report.outcome).toBe('auth_required');
  expect(report.detail).toContain(`${server.issuer}/token answered invalid_client`);
  expect(JSON.stringify(report)).not.toContain('a-wrong-secret');
});

test('a login is renewed with rotated refresh tokens until it is revoked', async () => {
  const { connection: opened, config } = await open({ oauth2: {} });
  expect((await opened.check(options)).detail).toContain('run mcp-exporter login mine');

  const pages: Promise<string>[] = [];
  const context = createFakeContext({ openBrowser: (url) => pages.push(agreeInBrowser(url)) });
  const code = await run(['login', 'mine', '--config', config], context);
  expect(`${code} ${context.err()}`).toBe('0 ');
  expect(await pages[0]).toContain('You can close this page');
  const file = join(directory, 'data/logins/mine.json');
  const readTokens = async () => JSON.parse(await readFile(file, 'utf8'));
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  expect(await opened.check(options)).toMatchObject({ outcome: 'ok' });
  expect(await opened.inspect(options)).toMatchObject({ outcome: 'ok' });
  const first = await readTokens();
  await expiry();
  expect(await opened.check(options)).toMatchObject({ outcome: 'ok' });
  const second = await readTokens();
  expect(second.tokens.refresh_token).not.toBe(first.tokens.refresh_token);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const revoked = await fetch(second.metadata.revocation_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      token: second.tokens.refresh_token,
      client_id: second.client.client_id,
    }),
  });
  expect(revoked.status).toBe(200);
  await expiry();
  expect(await opened.check(options)).toMatchObject({
    outcome: 'auth_required',
    detail:
      'No access token: the authorization server no longer accepts the login; run mcp-exporter login mine.',
  });

  expect(await run(['login', 'mine', '--config', config], context)).toBe(0);
  expect(await opened.check(options)).toMatchObject({ outcome: 'ok' });
});

test('another auth of a server takes effect by a reload, and its counters stay', async () => {
  const configOf = (auth?: unknown): string =>
    JSON.stringify({
      gateway: { listen: 'off' },
      defaults: { interval: '1s', unhealthyInterval: '1s' },
      mcpServers: { mine: { url: server.url, ...(auth !== undefined && { auth }) } },
    });
  const service = await startService({ config: configOf() });
  const shown = async () => (await service.servers()).get('mine');
  await until(async () => (await shown())?.status === 'warning');
  const failures = async (): Promise<number> => {
    const line = /^mcp_probe_failures_total\{[^}]*reason="auth_required"[^}]*\} (\d+)$/m;
    return Number(line.exec(await service.get('/metrics'))?.[1]);
  };
  const failuresBefore = await failures();
  expect(failuresBefore).toBeGreaterThan(0);

  const oauth2 = { clientId: 'exporter', clientSecret: 'a-client-secret-of-the-test' };
  await writeFile(join(service.folder, 'mcp-exporter.yml'), configOf({ oauth2 }));
  await fetch(`${service.url}/-/reload`, { method: 'POST' });
  await until(async () => (await shown())?.status === 'healthy');

  expect(await failures()).toBeGreaterThanOrEqual(failuresBefore);
  expect(service.lines('started')).toHaveLength(1);
});
