import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { askForAuthorization } from '../../src/protocol/oauth/ask-for-authorization.ts';
import { startOAuthGuard } from '../fakes/oauth-guard.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { type Profile, startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { freePort } from './support/free-port.ts';
import { httpServer } from './support/start-gateway.ts';
import { startProtectedServer } from './support/start-oauth.ts';

/* Goal: `wrap` leaves alone what it would break: servers that want OAuth. Method: the command as a process, and real servers. */
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function startServer(answer: RequestListener): Promise<string> {
  const server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function startOpen(profile: Profile) {
  const server = await startScriptedMcpServer({ profile });
  ends.push(() => server.close());
  return server;
}

const STATIC_TOKEN: RequestListener = ({ url, headers }, response) => {
  if (url !== '/mcp') response.writeHead(404).end();
  else if (headers['x-api-key'] === 'k') response.writeHead(200).end();
  else response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('{"error":"no API key"}');
};

async function wrapAll(servers: object) {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-wrap-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, '.mcp.json');
  await writeFile(file, JSON.stringify({ mcpServers: servers }));
  const args = [MAIN, 'wrap', file, '--config', join(folder, 'mcp-exporter.yml')];
  const { promise, resolve } = Promise.withResolvers<{ out: string; err: string }>();
  const child = execFile(process.execPath, args, (_error, out, err) => resolve({ out, err }));
  const { out, err } = await promise;
  const { mcpServers } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly mcpServers: Readonly<Record<string, { readonly url: string }>>;
  };
  const wrapped = Object.entries(mcpServers).flatMap(([name, { url }]) =>
    url.startsWith('http://127.0.0.1:19100/') ? [name] : [],
  );
  return { code: child.exitCode, out, err, wrapped };
}

test('a server that wants OAuth stays as it is, and the others are wrapped', async () => {
  const oauth = await startProtectedServer(600);
  ends.push(() => oauth.stop());
  const servers = {
    oauth: { url: oauth.url },
    'with-token': { url: oauth.url, headers: { Authorization: 'Bearer own' } },
    'missing-token': { url: await startServer(STATIC_TOKEN) },
    gone: { url: `http://127.0.0.1:${await freePort()}/mcp` },
    open: { url: (await startOpen('legacy-session')).url },
  };
  const { code, out, err, wrapped } = await wrapAll(servers);
  expect(code).toBe(0);
  expect(wrapped).toEqual(['with-token', 'missing-token', 'gone', 'open']);
  expect(out).toMatch(/left as it is: oauth: it wants OAuth.*publicUrl.*--include-oauth/);
  expect(err).toContain('note: missing-token answers 401, and its entry has no credentials');
  expect(err).toContain('note: gone cannot be asked whether it wants OAuth: connection refused');
  expect(err).not.toMatch(/note: (?:oauth|open|with-token)/);
});

function ask(url: string, transport: 'auto' | 'http' | 'sse' = 'auto', limitMs = 5_000) {
  const { target } = httpServer('asked', url, {}, transport);
  if (target.kind !== 'http') throw new Error('not remote');
  return askForAuthorization(target, { clock: REAL_CLOCK, userAgent: 'test', limitMs });
}

test.each<[Profile, 'auto' | 'sse']>([
  ['legacy-session', 'auto'],
  ['legacy-stateless', 'auto'],
  ['modern', 'auto'],
  ['sse', 'auto'],
  ['sse', 'sse'],
])(
  'a %s server that is asked as %s wants nothing, and no session is left',
  async (profile, transport) => {
    const server = await startOpen(profile);
    expect(await ask(server.url, transport)).toEqual({ kind: 'none_wanted' });
    expect(server.keys()).not.toContain('initialize');
  },
);

test.each(['auto', 'sse'] as const)(
  'a guarded HTTP+SSE server asked as %s wants OAuth',
  async (transport) => {
    const upstream = await startOpen('sse');
    const guard = await startOAuthGuard({ upstream: upstream.url, lifeS: 600, isHidden: true });
    ends.push(() => guard.close());
    expect(await ask(guard.url, transport)).toEqual({ kind: 'oauth' });
  },
);

test('a server of revision 2025-03-26, which names no metadata of a resource, wants OAuth', async () => {
  const url = await startServer(({ url: path, headers: { host } }, response) => {
    if (path === '/mcp') response.writeHead(401).end();
    else if (path !== '/.well-known/oauth-authorization-server') response.writeHead(404).end();
    else {
      const issuer = `http://${host}`;
      const metadata = {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ['code'],
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
    }
  });
  expect(await ask(url)).toEqual({ kind: 'oauth' });
});

test.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  [
    'answers 401 and no request for metadata',
    ({ url }, response) => url === '/mcp' && response.writeHead(401).end(),
  ],
])('a server that %s is not waited for', async (what, answer) => {
  const startedMs = performance.now();
  const { kind } = await ask(await startServer(answer), 'auto', 300);
  expect(kind).toBe(what.startsWith('never') ? 'no_answer' : 'other_credentials');
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});
