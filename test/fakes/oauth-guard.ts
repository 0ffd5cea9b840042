import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { passOn } from './pass-on.ts';

export interface OAuthGuardOptions {
  /** The MCP server behind. */
  readonly upstream: string;
  /** Of access tokens; undefined: the token response does not say. */
  readonly lifeS?: number;
  /** Whether the metadata of the resource is only where `WWW-Authenticate` says (RFC 9728 §5.1). */
  readonly isHidden?: boolean;
}

/** Answers a request to the token endpoint in place of the guard. */
export type TokenScript = (response: http.ServerResponse) => void;

/** Requests to the token endpoint. */
export interface TokenRequest {
  readonly grant: string | null;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

/** An authorization server and, before an MCP server, the check of its tokens; both at one address. */
export interface OAuthGuard {
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly origin: string;
  readonly tokenRequests: readonly TokenRequest[];
  /** `Authorization` of each request to the MCP endpoint, and the answer's status. */
  readonly requests: readonly { readonly authorization: string | undefined; status: number }[];
  readonly registrations: readonly unknown[];
  /** What is refused from now on: every access token, or every refresh token too. */
  revoke(what: 'access' | 'all'): void;
  /** Whether every token is refused, fresh ones included. */
  refusesAll: boolean;
  offersRegistration: boolean;
  script(script: TokenScript | undefined): void;
  /** Answers a request to the token endpoint with fresh tokens. */
  issue(grant: string | null, response: http.ServerResponse): void;
  close(): Promise<void>;
}

export const CLIENT = { id: 'exporter', secret: 'client-secret-7d1f' } as const;

export async function startOAuthGuard(options: OAuthGuardOptions): Promise<OAuthGuard> {
  const guard = new Guard(options);
  await guard.start();
  return guard;
}

interface Code {
  readonly challenge: string;
  readonly redirect: string;
  readonly client: string;
}

class Guard implements OAuthGuard {
  refusesAll = false;
  offersRegistration = true;
  readonly tokenRequests: TokenRequest[] = [];
  readonly requests: { authorization: string | undefined; status: number }[] = [];
  readonly registrations: unknown[] = [];
  readonly #options: OAuthGuardOptions;
  readonly #server = http.createServer((request, response) => this.#serve(request, response));
  readonly #access = new Map<string, number>();
  readonly #refresh = new Set<string>();
  readonly #codes = new Map<string, Code>();
  #script: TokenScript | undefined;
  origin = '';

  constructor(options: OAuthGuardOptions) {
    this.#options = options;
  }

  get url(): string {
    return `${this.origin}${new URL(this.#options.upstream).pathname}`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  revoke(what: 'access' | 'all'): void {
    this.#access.clear();
    if (what === 'all') this.#refresh.clear();
  }

  script(script: TokenScript | undefined): void {
    this.#script = script;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', this.origin);
    const metadata = `/.well-known/oauth-protected-resource${this.#options.isHidden ? '/hidden' : new URL(this.url).pathname}`;
    if (url.pathname === metadata)
      sendJson(response, 200, { resource: this.url, authorization_servers: [this.origin] });
    else if (url.pathname === '/.well-known/oauth-authorization-server')
      sendJson(response, 200, this.#metadata());
    else if (url.pathname === '/token') void this.#token(request, response);
    else if (url.pathname === '/authorize') this.#authorize(url, response);
    else if (url.pathname === '/register') void this.#register(request, response);
    else if (url.pathname.startsWith('/.well-known/')) sendJson(response, 404, {});
    else this.#forward(request, response, `${this.origin}${metadata}`);
  }

  #metadata(): unknown {
    return {
      issuer: this.origin,
      authorization_endpoint: `${this.origin}/authorize`,
      token_endpoint: `${this.origin}/token`,
      ...(this.offersRegistration && { registration_endpoint: `${this.origin}/register` }),
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'none'],
      code_challenge_methods_supported: ['S256'],
    };
  }

  /** The person at the browser agrees at once. */
  #authorize({ searchParams }: URL, response: http.ServerResponse): void {
    const code = randomUUID();
    const redirect = searchParams.get('redirect_uri') ?? '';
    this.#codes.set(code, {
      challenge: searchParams.get('code_challenge') ?? '',
      redirect,
      client: searchParams.get('client_id') ?? '',
    });
    const target = new URL(redirect);
    target.searchParams.set('code', code);
    target.searchParams.set('state', searchParams.get('state') ?? '');
    response.writeHead(302, { location: target.href }).end();
  }

  async #register(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const wanted = JSON.parse(await readAll(request)) as object;
    this.registrations.push(wanted);
    sendJson(response, 201, { ...wanted, client_id: `registered-${this.registrations.length}` });
  }

  async #token(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readAll(request));
    const grant = form.get('grant_type');
    this.tokenRequests.push({ grant, form, authorization: request.headers.authorization });
    if (this.#script) this.#script(response);
    else if (grant === 'client_credentials' && form.get('client_secret') !== CLIENT.secret)
      sendJson(response, 401, { error: 'invalid_client', error_description: 'who is this?' });
    else if (grant === 'refresh_token' && !this.#refresh.delete(form.get('refresh_token') ?? ''))
      sendJson(response, 400, { error: 'invalid_grant' });
    else if (grant === 'authorization_code' && !this.#isCode(form))
      sendJson(response, 400, { error: 'invalid_grant' });
    else this.issue(grant, response);
  }

  #isCode(form: URLSearchParams): boolean {
    const code = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    return code?.challenge === challenge && code.redirect === form.get('redirect_uri');
  }

  issue(grant: string | null, response: http.ServerResponse): void {
    const access = `access-${randomUUID()}`;
    const { lifeS } = this.#options;
    this.#access.set(access, Date.now() + (lifeS ?? 3600) * 1000);
    const refresh = `refresh-${randomUUID()}`;
    if (grant !== 'client_credentials') this.#refresh.add(refresh);
    sendJson(response, 200, {
      access_token: access,
      token_type: 'Bearer',
      ...(lifeS !== undefined && { expires_in: lifeS }),
      ...(grant !== 'client_credentials' && { refresh_token: refresh }),
    });
  }

  #forward(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    metadataUrl: string,
  ): void {
    const { authorization } = request.headers;
    const expiresAt = this.#access.get(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '');
    const entry = { authorization, status: 401 };
    this.requests.push(entry);
    if (this.refusesAll || expiresAt === undefined || expiresAt < Date.now()) {
      request.resume();
      const challenge = `Bearer resource_metadata="${metadataUrl}"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    const target = new URL(request.url ?? '', this.#options.upstream);
    passOn(request, response, target, (status) => (entry.status = status));
  }
}

function sendJson(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readAll(request: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
