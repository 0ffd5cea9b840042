/**
 * Small MCP servers without an SDK, for benchmarks: as little work per request as `node:http` allows, so that what is
 * measured is the client. Runs as a child process; `argv[2]` says how many listeners of which kind, and their ports go
 * back over the channel of `fork`. A message to it asks for the bytes that each listener has seen.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

/** `bare` answers every POST with the same few bytes: what a request costs by itself. */
export type UpstreamKind = 'bare' | 'modern' | 'legacy-session' | 'legacy-stateless' | 'sse';

export interface UpstreamTraffic {
  /** Requests for a list of tools: a deep check has one. */
  readonly lists: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export type ByKind<T> = Partial<Readonly<Record<UpstreamKind, T>>>;

/** To the parent: the ports once they listen, then an answer to each question. */
export type UpstreamMessage =
  { readonly ports: ByKind<readonly number[]> } | { readonly traffic: ByKind<UpstreamTraffic> };

const JSON_HEADERS = { 'content-type': 'application/json' };
const SERVER_INFO = { name: 'bench', version: '1.0.0' };
const TOOLS = [{ name: 'echo', description: 'Says it again', inputSchema: { type: 'object' } }];
const MODERN = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

interface Message {
  readonly id?: number | string;
  readonly method?: string;
}

interface Exchange {
  readonly message: Message;
  readonly response: http.ServerResponse;
  readonly path: string;
}

function answer(kind: UpstreamKind, { id, method = '' }: Message): string {
  const result = resultOf(kind, method);
  const body =
    result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
  return JSON.stringify({ jsonrpc: '2.0', id, ...body });
}

function resultOf(kind: UpstreamKind, method: string): object | undefined {
  const isModern = kind === 'modern';
  switch (method) {
    case 'server/discover':
      return isModern
        ? {
            ...MODERN,
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {} },
            _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
          }
        : undefined;
    case 'initialize':
      return isModern
        ? undefined
        : {
            protocolVersion: '2025-11-25',
            capabilities: { tools: {} },
            serverInfo: SERVER_INFO,
          };
    case 'ping':
      return isModern ? undefined : {};
    case 'tools/list':
      return { ...(isModern && MODERN), tools: TOOLS };
    default:
      return undefined;
  }
}

let sessions = 0;

function serve(kind: UpstreamKind, { message, response }: Exchange): void {
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  if (kind.startsWith('legacy') && message.method === 'server/discover') {
    response.writeHead(400, JSON_HEADERS).end(answer(kind, message));
    return;
  }
  if (kind === 'legacy-session' && message.method === 'initialize') {
    sessions += 1;
    response.setHeader('mcp-session-id', `session-${sessions}`);
  }
  response.writeHead(200, JSON_HEADERS).end(answer(kind, message));
}

function createSseServer(): (exchange: Exchange) => void {
  const streams = new Map<string, http.ServerResponse>();
  let count = 0;
  return ({ message, response, path }) => {
    if (response.req.method === 'GET') {
      count += 1;
      const id = String(count);
      streams.set(id, response);
      response.on('close', () => streams.delete(id));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: /message?s=${id}\n\n`);
      return;
    }
    const stream = streams.get(path.slice(path.indexOf('=') + 1));
    response.writeHead(stream === undefined ? 404 : 202).end();
    if (message.id !== undefined)
      stream?.write(`event: message\ndata: ${answer('sse', message)}\n\n`);
  };
}

function readAll(request: http.IncomingMessage, done: (text: string) => void): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (text += chunk));
  request.on('end', () => done(text));
}

/** One HTTP server per kind, fed by any number of plain listeners: ten thousand HTTP servers would be heavy. */
function createHttpServer(kind: UpstreamKind, ledger: Ledger): http.Server {
  const serveSse = createSseServer();
  const server = http.createServer((request, response) => {
    readAll(request, (text) => {
      if (kind === 'bare') {
        response.writeHead(200, JSON_HEADERS).end('{"jsonrpc":"2.0","id":1,"result":{}}');
        return;
      }
      if (request.method === 'DELETE') {
        response.writeHead(200).end();
        return;
      }
      const message = text === '' ? {} : (JSON.parse(text) as Message);
      if (message.method === 'tools/list') ledger.countList();
      const exchange = { message, response, path: request.url ?? '' };
      if (kind === 'sse') serveSse(exchange);
      else serve(kind, exchange);
    });
  });
  // Longer than an interval: a server that drops its clients' connections would be measured too.
  server.keepAliveTimeout = 75_000;
  return server;
}

interface Ledger {
  countList(): void;
  add(socket: net.Socket): void;
  read(): UpstreamTraffic;
}

function createLedger(): Ledger {
  const open = new Set<net.Socket>();
  let bytesRead = 0;
  let bytesWritten = 0;
  let lists = 0;
  return {
    countList() {
      lists += 1;
    },
    add(socket) {
      open.add(socket);
      socket.on('close', () => {
        open.delete(socket);
        bytesRead += socket.bytesRead;
        bytesWritten += socket.bytesWritten;
      });
    },
    read: () => ({
      lists,
      bytesRead: [...open].reduce((sum, socket) => sum + socket.bytesRead, bytesRead),
      bytesWritten: [...open].reduce((sum, socket) => sum + socket.bytesWritten, bytesWritten),
    }),
  };
}

async function listenOften(count: number, ledger: Ledger, server: http.Server): Promise<number[]> {
  const ports: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const listener = net.createServer({ noDelay: true }, (socket) => {
      ledger.add(socket);
      server.emit('connection', socket);
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    ports.push((listener.address() as net.AddressInfo).port);
  }
  return ports;
}

async function run(counts: ByKind<number>): Promise<void> {
  const ledgers: [UpstreamKind, Ledger][] = [];
  const ports: [UpstreamKind, number[]][] = [];
  for (const [key, count] of Object.entries(counts)) {
    const kind = key as UpstreamKind;
    const ledger = createLedger();
    ledgers.push([kind, ledger]);
    ports.push([kind, await listenOften(count, ledger, createHttpServer(kind, ledger))]);
  }
  const send = (message: UpstreamMessage): void => void process.send?.(message);
  process.on('message', () =>
    send({ traffic: Object.fromEntries(ledgers.map(([kind, ledger]) => [kind, ledger.read()])) }),
  );
  process.on('disconnect', () => process.exit());
  send({ ports: Object.fromEntries(ports) });
}

await run(JSON.parse(process.argv[2] ?? '{}') as ByKind<number>);
