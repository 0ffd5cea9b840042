import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { isJsonObject, type JsonObject } from '../../src/facts/json-object.ts';

/** What kind of server it is unless a script says otherwise. */
export type Profile = 'legacy-session' | 'legacy-stateless' | 'modern' | 'sse' | 'sse-modern';

export interface ScriptedExchange {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  /** The JSON-RPC message of a POST. */
  readonly message: JsonObject;
  readonly server: ScriptedMcpServer;
}

/** Behaves in place of the profile for one kind of request. */
export type Script = (exchange: ScriptedExchange) => void;

export interface Received {
  /** The JSON-RPC method of a POST, else the HTTP method. */
  readonly key: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly message: JsonObject;
}

export interface ScriptedMcpServer {
  /** The address of its MCP endpoint. */
  readonly url: string;
  readonly received: readonly Received[];
  /** Sessions or SSE streams that were begun and not ended. */
  readonly sessions: Set<string>;
  /** `key` is a JSON-RPC method, an HTTP method, or `*`. With several scripts each serves one request, the last all others. */
  script(key: string, ...scripts: readonly Script[]): void;
  /** What the server does where no script is in its place. */
  serve(exchange: ScriptedExchange): void;
  keys(): string[];
  /** The next request with this key has arrived. */
  arrival(key: string): Promise<void>;
  openSockets(): number;
  /** All sockets are gone, or the test runs into its timeout. */
  socketsGone(): Promise<void>;
  /** Sends a message on every open SSE stream. */
  push(message: unknown): void;
  dropStreams(): void;
  close(): Promise<void>;
}

export interface ScriptedServerOptions {
  readonly profile?: Profile;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly tools?: readonly JsonObject[];
  /** Changes every answer that no script gave. */
  readonly reshape?: (answer: WholeAnswer) => WholeAnswer;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const ONE_TOOL = [{ name: 'echo', description: 'Says it again', inputSchema: { type: 'object' } }];

/** A real HTTP server on loopback that is an MCP server by default, and anything that a script makes of it. */
export async function startScriptedMcpServer({
  profile = 'legacy-session',
  tls,
  tools = ONE_TOOL,
  reshape,
}: ScriptedServerOptions = {}): Promise<ScriptedMcpServer> {
  const received: Received[] = [];
  const sessions = new Set<string>();
  const scripts = new Map<string, Script[]>();
  const streams = new Map<string, http.ServerResponse>();
  const arrivals = new Map<string, (() => void)[]>();
  const sockets = new Set<unknown>();
  const gone: (() => void)[] = [];
  let sessionCount = 0;

  const onRequest = async (
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> => {
    const message = await readMessage(request);
    const key = keyOf({ message, request });
    received.push({ key, headers: request.headers, message });
    const script = takeScript(scripts, key) ?? takeScript(scripts, '*');
    const exchange = { request, response, message, server };
    if (script) script(exchange);
    else serve(exchange);
    for (const arrived of arrivals.get(key)?.splice(0) ?? []) arrived();
  };
  const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    void onRequest(request, response).catch(() => response.destroy());
  };
  const listening = tls ? https.createServer(tls, listener) : http.createServer(listener);
  listening.keepAliveTimeout = 60_000;
  listening.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of gone.splice(0)) resolve();
    });
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const isSse = profile === 'sse' || profile === 'sse-modern';

  function serve(exchange: ScriptedExchange): void {
    const { response } = exchange;
    const shaped = { ...exchange, response: isSse ? response : reshaped(response, reshape) };
    behave(shaped, keyOf(exchange));
  }

  function behave(exchange: ScriptedExchange, key: string): void {
    if (isSse) behaveAsSse(exchange, key);
    else if (key === 'DELETE') {
      sessions.delete(sessionIdOf(exchange));
      status(200)(exchange);
    } else if (exchange.request.method !== 'POST') status(405)(exchange);
    else if (
      profile === 'legacy-session' &&
      key !== 'initialize' &&
      key !== 'server/discover' &&
      !sessions.has(sessionIdOf(exchange))
    ) {
      error(-32001, 'Session not found', { status: 404 })(exchange);
    } else answer(key)(exchange);
  }

  function answer(key: string): Script {
    const isModern = profile === 'modern' || profile === 'sse-modern';
    if (key === 'server/discover' && isModern) return result(DISCOVER_RESULT);
    if (isModern && key === 'initialize')
      return error(-32022, 'Unsupported protocol version', {
        status: 400,
        data: { supported: ['2026-07-28'] },
      });
    if (key === 'initialize' && profile === 'legacy-session') {
      const id = `session-${(sessionCount += 1)}`;
      sessions.add(id);
      return result(INITIALIZE_RESULT, { 'mcp-session-id': id });
    }
    if (key === 'initialize') return result(INITIALIZE_RESULT);
    if (key.startsWith('notifications/')) return status(202);
    if (key === 'ping' && !isModern) return result({});
    if (key === 'tools/list') return result({ ...(isModern && MODERN_LIST), tools });
    if (key === 'tools/call')
      return result({
        ...(isModern && MODERN_LIST),
        content: [{ type: 'text', text: 'all is well' }],
      });
    if (key === 'server/discover')
      return error(-32000, 'Bad Request: Server not initialized', { status: 400 });
    return error(-32601, 'Method not found', { status: isModern ? 404 : 200 });
  }

  function behaveAsSse(exchange: ScriptedExchange, key: string): void {
    const { request, response } = exchange;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (key === 'GET' && pathname === '/sse') {
      const id = `stream-${(sessionCount += 1)}`;
      sessions.add(id);
      streams.set(id, response);
      response.on('close', () => {
        sessions.delete(id);
        streams.delete(id);
      });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: /message?sessionId=${id}\n\n`);
      return;
    }
    const stream = streams.get(searchParams.get('sessionId') ?? '');
    if (pathname === '/sse') text(404, 'Cannot POST /sse', 'text/html')(exchange);
    else if (stream === undefined) text(404, 'no such session')(exchange);
    else {
      response.writeHead(202).end('Accepted');
      if ('id' in exchange.message && 'method' in exchange.message)
        answer(key)({ ...exchange, response: reshaped(asStream(stream), reshape) });
    }
  }

  const server: ScriptedMcpServer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/${isSse ? 'sse' : 'mcp'}`,
    received,
    sessions,
    script: (key, ...given) => void scripts.set(key, [...given]),
    serve,
    keys: () => received.map(({ key }) => key),
    arrival: (key) =>
      new Promise((resolve) => {
        arrivals.set(key, [...(arrivals.get(key) ?? []), resolve]);
      }),
    openSockets: () => sockets.size,
    socketsGone: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else gone.push(resolve);
      }),
    push(message) {
      for (const stream of streams.values()) writeEvent(stream, message);
    },
    dropStreams() {
      for (const stream of streams.values()) stream.destroy();
    },
    async close() {
      listening.closeAllConnections();
      listening.close();
      await once(listening, 'close');
    },
  };
  return server;
}

export const INITIALIZE_RESULT = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'scripted', version: '1.0.0' },
};

export const DISCOVER_RESULT = {
  resultType: 'complete',
  ttlMs: 0,
  cacheScope: 'private',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '1.0.0' } },
};

const MODERN_LIST = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

/** Answers with a result, as JSON. */
export function result(value: unknown, headers: Record<string, string> = {}): Script {
  return ({ response, message }) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result: value }));
  };
}

export function error(
  code: number,
  errorMessage: string,
  {
    status: statusCode = 200,
    data,
    id,
  }: { readonly status?: number; readonly data?: unknown; readonly id?: unknown } = {},
): Script {
  return ({ response, message }) => {
    response.writeHead(statusCode, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        jsonrpc: '2.0',
        id: id === undefined ? message['id'] : id,
        error: { code, message: errorMessage, data },
      }),
    );
  };
}

export function status(code: number, headers: Record<string, string> = {}): Script {
  return ({ response }) => void response.writeHead(code, headers).end();
}

export function text(code: number, body: string | Buffer, contentType = 'text/plain'): Script {
  return ({ response }) => void response.writeHead(code, { 'content-type': contentType }).end(body);
}

/** Says nothing, ever. */
export const hang: Script = () => undefined;

/** Closes the connection without a word. */
export const hangUp: Script = ({ request }) => void request.socket.destroy();

/** Writes raw stream text; keeps it open unless told to end it. `ID` stands for the id of the request. */
export function events(raw: string, { end = true }: { readonly end?: boolean } = {}): Script {
  return ({ response, message }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(raw.replaceAll('ID', JSON.stringify(message['id'])));
    if (end) response.end();
  };
}

async function readMessage(request: http.IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return {};
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return isJsonObject(value) ? value : {};
}

function keyOf({ message, request }: Pick<ScriptedExchange, 'message' | 'request'>): string {
  return typeof message['method'] === 'string' ? message['method'] : (request.method ?? '');
}

function takeScript(scripts: Map<string, Script[]>, key: string): Script | undefined {
  const given = scripts.get(key);
  return given !== undefined && given.length > 1 ? given.shift() : given?.[0];
}

function sessionIdOf({ request }: ScriptedExchange): string {
  const id = request.headers['mcp-session-id'];
  return typeof id === 'string' ? id : '';
}

function writeEvent(stream: http.ServerResponse, message: unknown): void {
  stream.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
}

/** Lets the scripts for a JSON answer write another one instead. */
function reshaped(
  response: http.ServerResponse,
  reshape: ScriptedServerOptions['reshape'],
): http.ServerResponse {
  if (!reshape) return response;
  let head: Omit<WholeAnswer, 'body'> = { status: 200, headers: {} };
  const writer = {
    writeHead(code: number, headers: Readonly<Record<string, string>> = {}) {
      head = { status: code, headers };
      return writer;
    },
    end(body: string | Buffer = '') {
      const answer = reshape({ ...head, body });
      response.writeHead(answer.status, { ...answer.headers }).end(answer.body);
    },
  };
  return writer as unknown as http.ServerResponse;
}

/** Lets the scripts for a JSON answer write an event instead. */
function asStream(stream: http.ServerResponse): http.ServerResponse {
  const writer = {
    writeHead: () => writer,
    end: (body: string) => stream.write(`event: message\ndata: ${body}\n\n`),
  };
  return writer as unknown as http.ServerResponse;
}
