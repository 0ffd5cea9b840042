import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { createFakeContext, type FakeContext } from '../../fakes/fake-context.ts';
import { CLIENT, type OAuthGuard, startOAuthGuard } from '../../fakes/oauth-guard.ts';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';

let directory: string;
let guard: OAuthGuard;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mcp-login-'));
  const server = await startScriptedMcpServer();
  guard = await startOAuthGuard({ upstream: server.url, lifeS: 3600 });
  onTestFinished(async () => {
    await guard.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
});

async function writeConfig(auth: unknown): Promise<string> {
  const path = join(directory, 'mcp-exporter.yml');
  const mcpServers = { 'my server': { url: guard.url, auth }, files: { command: 'true' } };
  await writeFile(path, JSON.stringify({ mcpServers }));
  return path;
}

function login(context: FakeContext, config: string, ...more: string[]): Promise<number> {
  return run(['login', 'my server', '--config', config, ...more], context);
}

/** The address that is printed for the person. */
async function printedUrl(context: FakeContext): Promise<string> {
  return vi.waitFor(
    () => {
      const url = /^http\S+$/m.exec(context.out())?.[0];
      expect(url).toBeDefined();
      return url ?? '';
    },
    // The default of one second is not enough on a busy machine.
    { timeout: 8_000 },
  );
}

test('a login in the browser is kept in a file that only its owner can read', async () => {
  const pages: Promise<string>[] = [];
  const context = createFakeContext({
    openBrowser: (url) => pages.push(fetch(url).then((response) => response.text())),
  });
  const code = await login(context, await writeConfig({ oauth2: {} }));
  expect(context.err()).toBe('');
  expect(code).toBe(0);
  expect(await pages[0]).toContain('You can close this page');
  const file = join(directory, 'data/logins/my%20server.json');
  expect(context.out()).toContain(`The login is kept in ${file}`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'data/logins'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(directory, 'data/logins'))).toEqual(['my%20server.json']);
  const stored = JSON.parse(await readFile(file, 'utf8'));
  expect(stored).toMatchObject({
    serverUrl: guard.url,
    resource: guard.url,
    client: { client_id: 'registered-1' },
  });
  expect(stored.tokens.refresh_token).toMatch(/^refresh-/);
  expect(guard.registrations).toEqual([
    expect.objectContaining({
      application_type: 'native',
      redirect_uris: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)],
    }),
  ]);
  expect(context.out()).not.toContain('refresh-');
  expect(context.listenerCount()).toBe(0);
});

test('without a browser the address at which another one ended can be pasted', async () => {
  const context = createFakeContext({
    openBrowser: () => expect.unreachable('--no-browser'),
  });
  const done = login(context, await writeConfig({ oauth2: {} }), '--no-browser');
  const url = await printedUrl(context);
  expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256');
  const response = await fetch(url, { redirect: 'manual' });
  context.stdin.write('https://example.com/callback?code=1\n');
  context.stdin.write(`${response.headers.get('location')}\n`);
  expect(await done).toBe(0);
  expect(context.out()).toContain('This is not the address at which this login ends.');
});

test('a redirect with another state is not taken', async () => {
  const context = createFakeContext();
  const done = login(context, await writeConfig({ oauth2: {} }));
  const redirect = new URL(new URL(await printedUrl(context)).searchParams.get('redirect_uri')!);
  redirect.search = '?code=stolen&state=guessed';
  expect((await fetch(redirect)).status).toBe(404);
  context.send('SIGINT');
  expect(await done).toBe(1);
  expect(context.err()).toBe('The login failed: it was not completed in the browser.\n');
  expect(guard.tokenRequests).toEqual([]);
});

test('a refusal by the person is reported', async () => {
  const context = createFakeContext();
  const done = login(context, await writeConfig({ oauth2: {} }));
  const { searchParams } = new URL(await printedUrl(context));
  const redirect = new URL(searchParams.get('redirect_uri')!);
  redirect.searchParams.set('state', searchParams.get('state')!);
  redirect.searchParams.set('error', 'access_denied');
  expect(await (await fetch(redirect)).text()).toContain('The login failed');
  expect(await done).toBe(1);
  expect(context.err()).toBe(
    'The login failed: the authorization server answered access_denied.\n',
  );
});

test('a configured client is used as it is, at a fixed port', async () => {
  const context = createFakeContext({ openBrowser: (url) => void fetch(url) });
  const port = new URL(guard.origin).port;
  const auth = {
    oauth2: { grant: 'authorization_code', clientId: 'mine', clientSecret: CLIENT.secret },
  };
  expect(await login(context, await writeConfig(auth), '--port', port)).toBe(1);
  expect(context.err()).toBe(`The login failed: port ${port} of this machine is not free.\n`);
  expect(await login(context, await writeConfig(auth))).toBe(0);
  expect(guard.registrations).toEqual([]);
  expect(Object.fromEntries(guard.tokenRequests[0]!.form)).toMatchObject({
    client_id: 'mine',
    client_secret: CLIENT.secret,
    resource: guard.url,
  });
});

test('a server that names another authorization server than the configured one gets nothing', async () => {
  const context = createFakeContext({ openBrowser: () => expect.unreachable() });
  const config = await writeConfig({ oauth2: { issuer: 'https://auth.example.com' } });
  expect(await login(context, config)).toBe(1);
  expect(context.err()).toContain(
    `the server names the authorization server ${guard.origin}, not https://auth.example.com`,
  );
  expect(guard.registrations).toEqual([]);
});

test('configured endpoints take the place of the metadata', async () => {
  const context = createFakeContext({ openBrowser: (url) => void fetch(url) });
  const auth = {
    oauth2: {
      clientId: 'mine',
      tokenUrl: `${guard.origin}/token`,
      authorizationUrl: `${guard.origin}/authorize`,
      resource: 'https://mcp.example.com/mcp',
      loginFile: 'mine.json',
    },
  };
  expect(await login(context, await writeConfig(auth))).toBe(0);
  const stored = JSON.parse(await readFile(join(directory, 'mine.json'), 'utf8'));
  expect(stored.resource).toBe('https://mcp.example.com/mcp');
});

test('an authorization server without registration names the key that is missing', async () => {
  const context = createFakeContext();
  guard.offersRegistration = false;
  expect(await login(context, await writeConfig({ oauth2: {} }))).toBe(1);
  expect(context.err()).toBe(
    `The login failed: ${guard.origin} does not register clients by itself; register one there, and set auth.oauth2.clientId.\n`,
  );
});

test.each([
  ['files', 'files is a program; only remote servers have a login'],
  ['my serer', 'has no server "my serer"; did you mean "my server"?'],
])('login %s is refused', async (name, message) => {
  const context = createFakeContext();
  const config = await writeConfig({ oauth2: {} });
  expect(await run(['login', name, '--config', config], context)).toBe(2);
  expect(context.err()).toContain(message);
});

test('a server without auth, or with client credentials, needs no login', async () => {
  const context = createFakeContext();
  expect(await login(context, await writeConfig(undefined))).toBe(2);
  expect(context.err()).toContain('my server has no auth: add auth: { oauth2: {} } to it');
  const auth = { oauth2: { clientId: 'a', clientSecret: 'b-secret' } };
  expect(await login(context, await writeConfig(auth))).toBe(2);
  expect(context.err()).toContain('my server uses client credentials, which need no login');
});
