import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FrontPage, FrontServer, GatewayFront } from '../../facts/gateway-front.ts';
import { expectedTransport, type ServerSpec } from '../../facts/server.ts';

/** What the gateway needs to describe itself. */
export interface OwnPagesOptions {
  readonly version: string;
  readonly requiresToken: () => boolean;
  /** What is known of a server besides its configuration. */
  readonly stateOf: (server: ServerSpec) => Pick<FrontServer, 'isDisabled' | 'status'>;
  /** @param server the one that the page explains how to connect to; the first one by default */
  readonly render: (front: GatewayFront, server: string | undefined) => FrontPage;
}

export type OwnPath = '/' | '/health';

/**
 * Which page of the gateway's own a request is for. Only requests to read are: a POST to `/` comes from a client with a wrong
 * address, and so does one that wants an event stream; both get the refusal that says so.
 * @param request one that belongs to no server
 */
export function ownPathOf({ method, url = '', headers }: IncomingMessage): OwnPath | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (headers.accept?.includes('text/event-stream')) return undefined;
  const path = url.split('?', 1)[0];
  return path === '/' || path === '/health' ? path : undefined;
}

/** Answers a request for one of the gateway's own pages. It is no call, so that it is not counted as one. */
export function sendOwnPage(
  path: OwnPath,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  specs: readonly ServerSpec[],
  options: OwnPagesOptions,
): void {
  const front = describeFront(request, specs, options);
  if (path === '/health') send(response, JSON_HEADERS, printJson(describeHealth(front)));
  else if (wantsHtml(request.headers.accept)) {
    const server = new URLSearchParams(request.url?.split('?')[1]).get('server') ?? undefined;
    const { markup, headers } = options.render(front, server);
    send(response, { 'content-type': 'text/html; charset=utf-8', ...headers }, markup);
  } else send(response, JSON_HEADERS, printJson(describeGateway(front)));
}

const JSON_HEADERS = { 'content-type': 'application/json' };

function send(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  response.writeHead(200, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    vary: 'Accept',
  });
  // Without a body for HEAD: `node:http` leaves it out.
  response.end(body);
}

/** Browsers name HTML; programs name JSON, or take anything. */
function wantsHtml(accept = ''): boolean {
  return /\btext\/html\b/i.test(accept);
}

function describeFront(
  request: IncomingMessage,
  specs: readonly ServerSpec[],
  { version, requiresToken, stateOf }: OwnPagesOptions,
): GatewayFront {
  const origin = originOf(request);
  const servers = specs
    .filter(({ gateway }) => gateway.enabled)
    .map((spec) => ({ name: spec.name, ...addressOf(spec, origin), ...stateOf(spec) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { version, origin, requiresToken: requiresToken(), servers };
}

/** `/NAME/mcp` leads to servers of every transport; a public address is that of the server itself. */
function addressOf(
  { name, target, gateway: { publicUrl } }: ServerSpec,
  origin: string,
): Pick<FrontServer, 'url' | 'transport'> {
  if (publicUrl === undefined)
    return { url: `${origin}/${encodeURIComponent(name)}/mcp`, transport: 'http' };
  return { url: publicUrl, transport: expectedTransport(target) === 'sse' ? 'sse' : 'http' };
}

/** As the client wrote it: the edge has checked `Host`. */
function originOf({ headers: { host }, socket }: IncomingMessage): string {
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  const written = host === undefined ? undefined : URL.parse(`${scheme}://${host}`)?.origin;
  return written ?? `${scheme}://localhost:${socket.localPort ?? ''}`;
}

function describeGateway({ version, requiresToken, servers }: GatewayFront) {
  return {
    service: 'mcp-exporter gateway',
    version,
    authentication: requiresToken ? 'bearer' : 'none',
    servers: servers.map(({ name, url, transport, isDisabled, status }) => ({
      name,
      url,
      transport,
      disabled: isDisabled,
      ...(status !== undefined && { status }),
    })),
  };
}

function describeHealth({ version, servers }: GatewayFront) {
  const disabled = servers.filter(({ isDisabled }) => isDisabled).length;
  return { status: 'ok', version, servers: { total: servers.length, disabled } };
}

function printJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
