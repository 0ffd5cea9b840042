import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { passOn } from '../../fakes/pass-on.ts';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';

const PROGRAM = fileURLToPath(
  new URL('../../fixtures/servers/authorization-server.mjs', import.meta.url),
);

/** Something that takes only tokens of a real authorization server, made for it and not expired. */
export interface ProtectedServer {
  readonly url: string;
  readonly issuer: string;
  /** The status of each request to what is protected. */
  readonly statuses: readonly number[];
  /** How many requests to it came without a token. */
  tokenless(): number;
  stop(): Promise<void>;
}

/** An MCP server behind such a guard; options as of {@link startTokenGuard}. */
export async function startProtectedServer(
  lifeS: number,
  options: { readonly checksAudience?: boolean } = {},
): Promise<ProtectedServer> {
  const mcp = await startScriptedMcpServer();
  const guard = await startTokenGuard(mcp.url, lifeS, options);
  return {
    ...guard,
    async stop() {
      await guard.stop();
      await mcp.close();
    },
  };
}

/**
 * @param upstream what is protected
 * @param lifeS of access tokens
 * @param checksAudience whether a token must be made for the guard's own address (RFC 8707)
 */
export async function startTokenGuard(
  upstream: string,
  lifeS: number,
  { checksAudience = true } = {},
): Promise<ProtectedServer> {
  const { pathname } = new URL(upstream);
  const suffix = pathname === '/' ? '' : pathname;
  const metadataPath = `/.well-known/oauth-protected-resource${suffix}`;
  const statuses: number[] = [];
  let tokenless = 0;
  let verify = (_token: string): Promise<unknown> => Promise.reject(new Error('not ready'));
  let issuer = '';
  const front = http.createServer((request, response) => {
    void (async () => {
      if (request.url === metadataPath) {
        const metadata = {
          resource: url,
          authorization_servers: [issuer],
          scopes_supported: ['mcp:read'],
        };
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify(metadata));
        return;
      }
      const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (token === '') tokenless += 1;
      const isValid = await verify(token).then(
        () => true,
        () => false,
      );
      if (!isValid) {
        statuses.push(401);
        request.resume();
        const challenge = `Bearer resource_metadata="${origin}${metadataPath}"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
        return;
      }
      const target = new URL(request.url ?? '', upstream);
      passOn(request, response, target, (status) => statuses.push(status));
    })();
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const url = `${origin}${suffix}`;
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, String(lifeS)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.stdout === null) throw new Error('the authorization server has no output');
  const lines = createInterface({ input: child.stdout });
  issuer = String((await once(lines, 'line'))[0]);
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const required = { issuer, ...(checksAudience && { audience: url }) };
  verify = (token) => jwtVerify(token, keys, required);
  return {
    url,
    issuer,
    statuses,
    tokenless: () => tokenless,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      front.closeAllConnections();
      front.close();
    },
  };
}

/** Follows redirects and fills in the forms of the authorization server, as a person with a browser does. */
export async function agreeInBrowser(address: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = new URL(address);
  let body: URLSearchParams | undefined;
  for (let step = 0; step < 20; step++) {
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body && { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const text = await response.text();
    body = undefined;
    if (location !== null) {
      url = new URL(location, url);
      continue;
    }
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (action === undefined) return text;
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1] ?? '';
    body = new URLSearchParams({ prompt, login: 'ada', password: 'any' });
    url = new URL(action, url);
  }
  throw new Error('the login does not end');
}
