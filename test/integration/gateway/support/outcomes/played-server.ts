import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A message as servers get it. */
export interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly _meta?: { readonly progressToken?: number | string };
  };
}

/** A server of one cell, which does what the test says with the call that it got. */
export interface PlayedServer {
  /** Resolves when the call is there. */
  readonly arrived: Promise<void>;
  /** Begins its answer with a notification of progress. */
  begin(): void;
  /** Leaves the stream of the answer open. */
  answer(): void;
  fail(): void;
  /** 404 with -32601. */
  lackMethod(): void;
  closeStream(): void;
  kill(): void;
  /** From here on it does not know the session. */
  lose(): void;
}

/** Takes the HTTP requests of one cell. */
export interface HttpSide extends PlayedServer {
  take(request: IncomingMessage, response: ServerResponse, message: Message | undefined): void;
}

/** Takes the lines of the child of one cell. */
export interface ChildSide extends PlayedServer {
  take(socket: Socket, pid: number, message: Message): void;
}

const SESSION = 'the-session';
const NO_SESSION = { id: null, error: { code: -32001, message: 'Session not found' } };
const INTERNAL_ERROR = { code: -32603, message: 'out of order' };

export function text(message: object): string {
  return JSON.stringify({ jsonrpc: '2.0', ...message });
}

/** The messages that answer what a server gets. */
class Call {
  readonly #arrival = Promise.withResolvers<void>();
  readonly arrived = this.#arrival.promise;
  message: Message | undefined;

  take(message: Message): void {
    this.message = message;
    this.#arrival.resolve();
  }

  get progress(): string {
    const progressToken = this.message?.params?.['_meta']?.progressToken;
    return text({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
  }

  get result(): string {
    return text({ id: this.message?.id, result: { content: [{ type: 'text', text: 'done' }] } });
  }

  get error(): string {
    return text({ id: this.message?.id, error: INTERNAL_ERROR });
  }
}

function opening({ id, params }: Message): string {
  const serverInfo = { name: 'played', version: '1' };
  const { protocolVersion } = params ?? {};
  return text({ id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
}

/** Streamable HTTP. Its events have ids if it is resumable. */
export class HttpServer implements HttpSide {
  readonly #call = new Call();
  readonly #isResumable: boolean;
  readonly #sockets = new Set<Socket>();
  #response: ServerResponse | undefined;
  #isLost = false;
  #isKilled = false;
  #hasClosed = false;
  #events = 0;

  constructor(isResumable: boolean) {
    this.#isResumable = isResumable;
  }

  get arrived(): Promise<void> {
    return this.#call.arrived;
  }

  take(request: IncomingMessage, response: ServerResponse, message: Message | undefined): void {
    this.#sockets.add(request.socket);
    const isResumption = request.method === 'GET' && request.headers['last-event-id'] !== undefined;
    if (this.#isKilled) {
      request.socket.destroy();
    } else if (isResumption && !this.#hasClosed) {
      this.#response = response;
      this.#beginEvents();
      response.flushHeaders();
    } else if (request.method === 'DELETE') {
      // As the SDKs do, the streams end before the answer.
      this.#response?.end();
      response.writeHead(200).end();
    } else if (message?.method === 'initialize') {
      this.#isLost = false;
      reply(response, 200, opening(message), { 'mcp-session-id': SESSION });
    } else if (request.method !== 'POST') {
      response.writeHead(405).end();
    } else if (this.#isLost) {
      reply(response, 404, text(NO_SESSION));
    } else if (message?.id === undefined) {
      response.writeHead(202).end();
    } else if (message.method !== 'tools/call' || this.#call.message) {
      reply(response, 200, text({ id: message.id, result: {} }));
    } else {
      this.#response = response;
      this.#call.take(message);
    }
  }

  begin(): void {
    this.#beginEvents();
    this.#write(this.#call.progress);
  }

  answer(): void {
    if (this.#response?.headersSent) this.#write(this.#call.result);
    else if (this.#response) reply(this.#response, 200, this.#call.result);
  }

  fail(): void {
    if (this.#response?.headersSent) this.#write(this.#call.error);
    else if (this.#response) reply(this.#response, 200, this.#call.error);
  }

  lackMethod(): void {
    const error = { code: -32601, message: 'Method not found' };
    const { id } = this.#call.message ?? {};
    if (this.#response) reply(this.#response, 404, text({ id, error }));
  }

  closeStream(): void {
    this.#hasClosed = true;
    if (this.#response?.headersSent) this.#response.end();
    else this.#response?.destroy();
  }

  kill(): void {
    this.#isKilled = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  lose(): void {
    this.#isLost = true;
    if (this.#response && !this.#response.headersSent) reply(this.#response, 404, text(NO_SESSION));
  }

  #beginEvents(): void {
    this.#response?.writeHead(200, { 'content-type': 'text/event-stream' });
  }

  #write(message: string): void {
    const id = this.#isResumable ? `id: ${(this.#events += 1)}\n` : '';
    this.#response?.write(`${id}data: ${message}\n\n`);
  }
}

/** HTTP+SSE. */
export class SseServer implements HttpSide {
  readonly #call = new Call();
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  #stream: ServerResponse | undefined;
  #post: ServerResponse | undefined;

  /** @param path of its stream */
  constructor(path: string) {
    this.#path = path;
  }

  get arrived(): Promise<void> {
    return this.#call.arrived;
  }

  take(request: IncomingMessage, response: ServerResponse, message: Message | undefined): void {
    this.#sockets.add(request.socket);
    if (request.method === 'GET') {
      this.#stream = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${this.#path}/message\n\n`);
    } else if (message?.method === 'tools/call') {
      this.#post = response;
      this.#call.take(message);
    } else {
      response.writeHead(202).end();
      if (message?.method === 'initialize') this.#write(opening(message));
    }
  }

  begin(): void {
    this.#accept();
    this.#write(this.#call.progress);
  }

  answer(): void {
    this.#accept();
    this.#write(this.#call.result);
  }

  fail(): void {
    this.#accept();
    this.#write(this.#call.error);
  }

  lackMethod(): void {
    throw new Error('HTTP+SSE answers on its stream');
  }

  closeStream(): void {
    this.#stream?.end();
  }

  kill(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  lose(): void {
    if (this.#post) reply(this.#post, 404, 'Session not found');
  }

  #accept(): void {
    if (this.#post?.headersSent === false) this.#post.writeHead(202).end();
  }

  #write(message: string): void {
    this.#stream?.write(`data: ${message}\n\n`);
  }
}

/** A stdio server; its child passes its lines on to this process. */
export class StdioServer implements ChildSide {
  readonly #call = new Call();
  #socket: Socket | undefined;
  #pid: number | undefined;

  get arrived(): Promise<void> {
    return this.#call.arrived;
  }

  take(socket: Socket, pid: number, message: Message): void {
    this.#socket = socket;
    this.#pid = pid;
    if (message.method === 'initialize') this.#write(opening(message));
    if (message.method === 'tools/call') this.#call.take(message);
  }

  begin(): void {
    this.#write(this.#call.progress);
  }

  answer(): void {
    this.#write(this.#call.result);
  }

  fail(): void {
    this.#write(this.#call.error);
  }

  lackMethod(): void {
    throw new Error('there is no 404 on a pipe');
  }

  closeStream(): void {
    this.#socket?.end();
  }

  kill(): void {
    if (this.#pid !== undefined) process.kill(this.#pid, 'SIGKILL');
  }

  lose(): void {
    throw new Error('the session is the process');
  }

  #write(message: string): void {
    this.#socket?.write(`${message}\n`);
  }
}

function reply(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}
