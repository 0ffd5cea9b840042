import { expect, test } from 'vitest';
import type { HttpTarget } from '../../../../../src/facts/server.ts';
import { Secret } from '../../../../../src/facts/secret.ts';
import type { Profile, Script } from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from './http-setup.ts';

/** Redirects what comes to one of `paths`; everything else is served. */
async function startRedirecting(
  profile: Profile,
  status: number,
  hops: Readonly<Record<string, string>>,
) {
  const server = await startServer({ profile });
  server.script('*', (exchange) => {
    const { pathname, search } = new URL(exchange.request.url ?? '/', server.url);
    const location = hops[pathname];
    if (location === undefined) server.serve(exchange);
    else {
      const there = location.replace('ORIGIN', new URL(server.url).origin);
      exchange.response.writeHead(status, { location: `${there}${search}` }).end('moved');
    }
  });
  return server;
}

const credentials: Partial<HttpTarget> = {
  headers: { Authorization: new Secret('Bearer secret') },
};

test.each([
  [307, '/mcp/'],
  [308, 'mcp/'],
  [307, 'ORIGIN/mcp/'],
  [308, '/other/path'],
])('a server that redirects each request with %i to %s is healthy', async (status, location) => {
  for (const profile of ['legacy-session', 'legacy-stateless', 'modern'] as const) {
    const server = await startRedirecting(profile, status, { '/mcp': location });
    const { check, inspect, connection } = watchUrl(server.url, { target: credentials });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await inspect()).toMatchObject({ outcome: 'ok' });
    await connection.close();
    expect(server.sessions.size).toBe(0);
    expect(server.received.every((each) => each.headers.authorization === 'Bearer secret')).toBe(
      true,
    );
  }
});

test('up to five redirects in a row are followed, and a redirect that ends is noticed', async () => {
  const hops: Record<string, string> = {
    '/mcp': '/1',
    '/1': '/2',
    '/2': '/3',
    '/3': '/4',
    '/4': '/5',
  };
  const server = await startRedirecting('legacy-stateless', 307, hops);
  const { check } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok' });
  delete hops['/mcp'];
  const before = server.received.length;
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.received.length).toBe(before + 1);
});

const NOT_FOLLOWED: readonly (readonly [
  string,
  number,
  Readonly<Record<string, string>>,
  string,
])[] = [
  ['to itself', 307, { '/mcp': '/mcp' }, 'because the redirects do not end'],
  ['in a circle', 308, { '/mcp': '/a', '/a': '/mcp' }, 'because the redirects do not end'],
  ['of a POST with 302', 302, { '/mcp': '/mcp/' }, 'because clients would repeat it as GET'],
  [
    'to another origin',
    307,
    { '/mcp': 'http://127.0.0.2:9/mcp' },
    'a redirect to http://127.0.0.2:9/mcp, which is not followed, because it leads to another origin: if the server is there, configure that URL',
  ],
  ['to TLS', 308, { '/mcp': 'https://127.0.0.1:9/mcp' }, 'it leads to another origin'],
];

test.each(NOT_FOLLOWED)(
  'a redirect %s is a failure that says why',
  async (_, status, hops, why) => {
    const server = await startRedirecting('legacy-session', status, hops);
    const report = await watchUrl(server.url, { target: credentials }).check();
    expect(report).toMatchObject({ outcome: 'http_3xx', httpStatus: status });
    expect(report.detail).toContain(why);
  },
);

test.each([301, 302, 303, 307, 308])(
  'over HTTP+SSE a GET that is redirected with %i is followed',
  async (status) => {
    const server = await startRedirecting('sse', status, { '/events': '/sse' });
    const url = new URL('/events', server.url).href;
    const { check, inspect } = watchUrl(url, { target: { transport: 'sse' } });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(await inspect()).toMatchObject({ outcome: 'ok' });
  },
);

test('over HTTP+SSE a message that is redirected with 307 is followed', async () => {
  const server = await startServer({ profile: 'sse' });
  const redirect: Script = (exchange) => {
    const url = new URL(exchange.request.url ?? '/', server.url);
    if (exchange.request.method === 'GET' || url.searchParams.has('moved')) server.serve(exchange);
    else exchange.response.writeHead(307, { location: `${url.pathname}${url.search}&moved` }).end();
  };
  server.script('*', redirect);
  const { check, inspect } = watchUrl(server.url, { target: { transport: 'sse' } });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await inspect()).toMatchObject({ outcome: 'ok' });
});
