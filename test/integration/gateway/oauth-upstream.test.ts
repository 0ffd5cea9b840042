import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Secret } from '../../../src/facts/secret.ts';
import type { HttpTarget } from '../../../src/facts/server.ts';
import { asEpochMs, asMonotonicMs } from '../../../src/facts/time.ts';
import { createTokenSources } from '../../../src/protocol/oauth/token-sources.ts';
import { openDirect } from '../../../src/protocol/open-channel.ts';
import { createChildChannels } from '../../../src/protocol/stdio/child-messages.ts';
import { buildServer } from '../../fakes/build-server.ts';
import { CLIENT, type OAuthGuard, startOAuthGuard } from '../../fakes/oauth-guard.ts';
import { REAL_CLOCK } from '../../fakes/real-clock.ts';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { startGateway } from '../support/start-gateway.ts';

async function startGuarded(profile: 'legacy-session' | 'sse'): Promise<{
  readonly guard: OAuthGuard;
  readonly target: HttpTarget;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'mcp-oauth-'));
  const server = await startScriptedMcpServer({ profile });
  const guard = await startOAuthGuard({ upstream: server.url, lifeS: 3600 });
  onTestFinished(async () => {
    await guard.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    guard,
    target: {
      kind: 'http',
      url: guard.url,
      transport: profile === 'sse' ? 'sse' : 'http',
      headers: {},
      tlsSkipVerify: false,
      oauth: {
        grant: 'client_credentials',
        clientId: CLIENT.id,
        clientSecret: new Secret(CLIENT.secret),
        scopes: [],
        tokenUrl: `${guard.origin}/token`,
        loginFile: join(directory, 'login.json'),
      },
    },
  };
}

/** The guard takes the secret in the form only, and a configured token endpoint says nothing of that. */
function issueAnyway(guard: OAuthGuard): void {
  guard.script((response) => guard.issue('client_credentials', response));
}

test.each([
  ['Streamable HTTP', 'legacy-session', '/mcp'],
  ['HTTP+SSE', 'sse', '/sse'],
  ['a bridge to HTTP+SSE', 'sse', '/mcp'],
] as const)(
  'over %s a client without a token uses that of the gateway',
  async (_what, profile, route) => {
    const { guard, target } = await startGuarded(profile);
    issueAnyway(guard);
    const gateway = await startGateway({ servers: [buildServer('guarded', { target })] });
    onTestFinished(() => gateway.stop());
    const url = new URL(gateway.url('guarded', route));
    const client = new Client({ name: 'test', version: '1' });
    const transport =
      route === '/sse' ? new SSEClientTransport(url) : new StreamableHTTPClientTransport(url);
    await client.connect(transport);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo']);
    await client.close();
    expect(guard.tokenRequests).toHaveLength(1);
  },
);

test('a client with a token of its own uses that, and none is added without injectHeaders', async () => {
  const { guard, target } = await startGuarded('legacy-session');
  issueAnyway(guard);
  const gateway = await startGateway({
    servers: [
      buildServer('added', { target }),
      buildServer('bare', { target, gateway: { injectHeaders: false } }),
    ],
  });
  onTestFinished(() => gateway.stop());
  const post = (server: string, headers: Record<string, string>) =>
    fetch(gateway.url(server), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
  await post('added', { authorization: 'Bearer own' });
  const bare = await post('bare', {});
  expect(bare.headers.get('www-authenticate')).toContain('resource_metadata=');
  expect(guard.requests.map(({ authorization }) => authorization)).toEqual([
    'Bearer own',
    undefined,
  ]);
  expect(guard.tokenRequests).toEqual([]);
});

test('after a 401 the next request of a client gets a new token', async () => {
  const { guard, target } = await startGuarded('legacy-session');
  guard.script((response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"access_token":"old","token_type":"Bearer","expires_in":86400}'),
  );
  let passedMs = 0;
  const clock = {
    ...REAL_CLOCK,
    nowMs: () => asEpochMs(Date.now() + passedMs),
    monotonicMs: () => asMonotonicMs(REAL_CLOCK.monotonicMs() + passedMs),
  };
  const gateway = await startGateway({
    servers: [buildServer('guarded', { target })],
    tokens: createTokenSources({ clock, userAgent: 'test' }),
  });
  onTestFinished(() => gateway.stop());
  const post = async (): Promise<number> => {
    const response = await fetch(gateway.url('guarded'), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}',
    });
    await response.text();
    return response.status;
  };
  expect(await post()).toBe(401);
  issueAnyway(guard);
  passedMs = 60_000;
  await vi.waitFor(async () => expect(await post()).toBe(200));
});

test.each(['legacy-session', 'sse'] as const)(
  'a bridge that serves a %s server directly sends a token',
  async (profile) => {
    const { guard, target } = await startGuarded(profile);
    issueAnyway(guard);
    const { promise, resolve } = Promise.withResolvers<string>();
    const opening = await openDirect(
      buildServer('guarded', { target }),
      createChildChannels(REAL_CLOCK, { onLost: () => undefined }),
      { onMessage: resolve, onRequestFailed: () => undefined, onClose: () => undefined },
      REAL_CLOCK,
    );
    if (!opening.ok) throw new Error(opening.failure.detail);
    onTestFinished(() => opening.channel.close());
    opening.channel.send(
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}',
    );
    expect(JSON.parse(await promise)).toMatchObject({ id: 1, result: { serverInfo: {} } });
  },
);

test('a bridge says why there is no token', async () => {
  const { guard, target } = await startGuarded('legacy-session');
  guard.script((response) => response.writeHead(503).end());
  const { promise, resolve } = Promise.withResolvers<string>();
  const opening = await openDirect(
    buildServer('guarded', { target }),
    createChildChannels(REAL_CLOCK, { onLost: () => undefined }),
    { onMessage: resolve, onRequestFailed: () => undefined, onClose: () => undefined },
    REAL_CLOCK,
  );
  if (!opening.ok) throw new Error(opening.failure.detail);
  onTestFinished(() => opening.channel.close());
  opening.channel.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  expect(await promise).toContain('there is no access token');
});
