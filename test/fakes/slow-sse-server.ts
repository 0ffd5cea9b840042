import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { DISCOVER_RESULT, INITIALIZE_RESULT } from './scripted-mcp-server.ts';

export interface SlowSseServerOptions {
  /** From the first message of a stream to its first answer. */
  readonly firstAnswerMs: number;
  /** What `initialize` gets on a stream that heard `server/discover` before. */
  readonly initializeAfterDiscover: 'accepted' | 'refused';
}

export interface SlowSseServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Message {
  readonly id?: unknown;
  readonly method?: string;
}

const TOOLS = { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };
const MODERN_LIST = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...TOOLS };

/** An HTTP+SSE server of both eras that answers the messages of each stream in order, the first one late. */
export async function startSlowSseServer(options: SlowSseServerOptions): Promise<SlowSseServer> {
  const streams = new Map<string, Stream>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && pathname === '/sse') {
      const id = `s${streams.size + 1}`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: /message?sessionId=${id}\n\n`);
      streams.set(id, new Stream(response, options));
      return;
    }
    const stream = streams.get(searchParams.get('sessionId') ?? '');
    if (request.method === 'POST' && stream) void take(request, response, stream);
    else response.writeHead(404).end('Not found');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sse`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  stream: Stream,
): Promise<void> {
  const message = JSON.parse(await readAll(request)) as Message;
  response.writeHead(202).end('Accepted');
  stream.take(message);
}

class Stream {
  readonly #response: ServerResponse;
  readonly #options: SlowSseServerOptions;
  #ready: Promise<void> | undefined;
  #era: 'modern' | 'legacy' | undefined;

  constructor(response: ServerResponse, options: SlowSseServerOptions) {
    this.#response = response;
    this.#options = options;
  }

  take(message: Message): void {
    this.#ready ??= new Promise((resolve) => {
      setTimeout(resolve, this.#options.firstAnswerMs);
    });
    if (message.id !== undefined) void this.#ready.then(() => this.#answer(message));
  }

  #answer({ id, method = '' }: Message): void {
    const answer = this.#answerTo(method);
    this.#response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n\n`);
  }

  #answerTo(method: string): object {
    if (method === 'server/discover' && this.#era !== 'legacy') {
      this.#era = 'modern';
      return { result: DISCOVER_RESULT };
    }
    if (method === 'initialize') {
      if (this.#era === 'modern' && this.#options.initializeAfterDiscover === 'refused')
        return { error: { code: -32022, message: 'no', data: { supported: ['2026-07-28'] } } };
      this.#era = 'legacy';
      return { result: INITIALIZE_RESULT };
    }
    if (method === 'tools/list') return { result: this.#era === 'legacy' ? TOOLS : MODERN_LIST };
    if (method === 'ping' && this.#era === 'legacy') return { result: {} };
    return { error: { code: -32601, message: 'Method not found' } };
  }
}
