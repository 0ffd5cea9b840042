import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OAuthMcpServer {
  /** Its own address, which is its resource unless a public one is set. */
  readonly url: string;
  readonly origin: string;
  /** Method and path of each request. */
  readonly received: readonly string[];
  /** The server is told its public address, as behind every reverse proxy. */
  setPublicOrigin(origin: string): void;
  close(): Promise<void>;
}

const TOOLS = [{ name: 'private', inputSchema: { type: 'object' } }];

/**
 * A protected MCP server that is its own authorization server: metadata of RFC 9728 and RFC 8414, client credentials, and
 * tokens that are bound to the resource for which they were asked (RFC 8707).
 */
export async function startOAuthMcpServer({ checksAudience = true } = {}): Promise<OAuthMcpServer> {
  const received: string[] = [];
  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let origin = own;

  async function answer(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', own);
    received.push(`${request.method} ${pathname}`);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const send = (value: object): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname === '/.well-known/oauth-protected-resource/mcp')
      send({ resource: `${origin}/mcp`, authorization_servers: [origin] });
    else if (pathname === '/.well-known/oauth-authorization-server') send(metadataOf(origin));
    else if (pathname === '/token')
      send({
        access_token: tokenOf(new URLSearchParams(body).get('resource')),
        token_type: 'Bearer',
      });
    else if (pathname !== '/mcp') response.writeHead(404).end();
    else if (!isAuthorized(request.headers.authorization)) {
      const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
      const challenge = `Bearer error="invalid_token", resource_metadata="${metadata}"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    } else if (request.method !== 'POST') response.writeHead(405).end();
    else answerMessage(JSON.parse(body) as Message, response, send);
  }

  function isAuthorized(authorization: string | undefined): boolean {
    if (!checksAudience) return authorization?.startsWith('Bearer token-for-') === true;
    return authorization === `Bearer ${tokenOf(`${origin}/mcp`)}`;
  }

  return {
    url: `${own}/mcp`,
    origin: own,
    received,
    setPublicOrigin: (given) => void (origin = given),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function tokenOf(resource: string | null): string {
  return `token-for-${Buffer.from(resource ?? 'anything').toString('base64url')}`;
}

function metadataOf(origin: string): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
  };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
}

function answerMessage(
  { id, method }: Message,
  response: http.ServerResponse,
  send: (value: object) => void,
): void {
  if (id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const serverInfo = { name: 'protected', version: '1.0.0' };
  const opening = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
  if (method === 'initialize') send({ jsonrpc: '2.0', id, result: opening });
  else if (method === 'tools/list') send({ jsonrpc: '2.0', id, result: { tools: TOOLS } });
  else send({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
}
