import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { isJsonObject, type JsonObject } from '../../../src/facts/json-object.ts';
import { createExchangeState, parseMessage, takeMessage } from './exchange-state.ts';
import { EMPTY, event, events, json, text, withHeaders } from './http-answers.ts';
import type {
  HttpAnswer,
  HttpAsked,
  HttpReaction,
  OddHttpServer,
  OddSseServer,
  RunningServer,
} from './odd-server.ts';
import { sendAnswer, writePieces } from './send-answer.ts';
import { errorOf, isModernRequest } from './usual-replies.ts';

type OddRemoteServer = OddHttpServer | OddSseServer;

/** A server over Streamable HTTP or HTTP+SSE, on loopback, without any SDK: everything that it does can be odd. */
export async function startRemote(odd: OddRemoteServer): Promise<RunningServer> {
  const remote = new Remote(odd);
  await remote.listen();
  return remote;
}

class Remote implements RunningServer {
  readonly #odd: OddRemoteServer;
  readonly #state: ReturnType<typeof createExchangeState>;
  readonly #servers: readonly Server[];
  readonly #sockets = new Map<Socket, number>();
  /** Sessions of Streamable HTTP, by id. */
  readonly #sessions = new Set<string>();
  /** GET streams, by the id of their session. */
  readonly #streams = new Map<string, ServerResponse>();
  #created = 0;

  constructor(odd: OddRemoteServer) {
    this.#odd = odd;
    this.#state = createExchangeState(odd);
    this.#servers = [this.#createServer(), this.#createServer()];
  }

  async listen(): Promise<void> {
    for (const server of this.#servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
  }

  get url(): string {
    const path = this.#odd.transport === 'sse' ? '/sse' : (this.#odd.path ?? '/mcp');
    return `${this.#originOf(0)}${path}`;
  }

  forget(): void {
    this.#state.isLater = true;
    const { forgets } = this.#odd;
    if (forgets === undefined) return;
    this.#sessions.clear();
    if (forgets === 'connections') for (const socket of this.#sockets.keys()) silence(socket);
    else for (const stream of this.#streams.values()) stream.destroy();
    this.#streams.clear();
  }

  openSessions(): number {
    return this.#sessions.size;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      const closed = once(server, 'close');
      server.close();
      for (const socket of this.#sockets.keys()) socket.destroy();
      await closed;
    }
  }

  #createServer(): Server {
    const server = createServer({ keepAliveTimeout: 60_000, joinDuplicateHeaders: true });
    server.on('connection', (socket: Socket) => {
      this.#sockets.set(socket, 0);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
    return server;
  }

  #originOf(index: number): string {
    const address = this.#servers[index]?.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = this.#ask(request, await readText(request));
    if (this.#odd.transport === 'sse') return this.#handleSse(this.#odd, asked, response);
    const usual = this.#usual(asked);
    const reaction = (await this.#odd.answer?.(asked, usual)) ?? usual;
    this.#noteSession(reaction);
    if (asked.verb === 'GET' && isOpen(reaction)) this.#addStream(sessionOf(asked), response);
    await sendAnswer(response, reaction);
  }

  #ask(request: IncomingMessage, body: string): HttpAsked {
    const earlier = this.#sockets.get(request.socket) ?? 0;
    this.#sockets.set(request.socket, earlier + 1);
    return {
      ...takeMessage(this.#state, parseMessage(body)),
      verb: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      isFirstOfConnection: earlier === 0,
      origin: this.#originOf(0),
      otherOrigin: this.#originOf(1),
      push: (bytes) => {
        for (const stream of this.#streams.values()) stream.write(bytes);
      },
    };
  }

  #usual(asked: HttpAsked): HttpAnswer {
    const { verb, method, message, reply } = asked;
    if (verb === 'DELETE') {
      const isKnown = this.#sessions.delete(sessionOf(asked));
      return isKnown ? { status: 200, headers: {}, body: [] } : lostSession(asked);
    }
    if (verb !== 'POST') return withHeaders(text(405, 'text/plain', ''), { Allow: 'POST, DELETE' });
    const { era, reply: changed } = this.#odd;
    const isModern = era !== 'sessions' && isModernRequest(message);
    if (isModern) return reply === undefined ? EMPTY : json(reply, modernStatus(reply));
    if (method === 'initialize' && reply !== undefined) return this.#initialize(reply);
    if (method === 'server/discover' && changed === undefined) {
      return json(errorOf(message['id'], -32000, 'Bad Request: Server not initialized'), 400);
    }
    if (
      this.#hasSessions() &&
      method !== 'server/discover' &&
      !this.#sessions.has(sessionOf(asked))
    )
      return lostSession(asked);
    return reply === undefined ? EMPTY : json(reply);
  }

  #hasSessions(): boolean {
    return (this.#odd as OddHttpServer).hasSessions !== false;
  }

  #initialize(reply: JsonObject): HttpAnswer {
    if (isJsonObject(reply['error'])) return json(reply, 400);
    if (!this.#hasSessions()) return json(reply);
    return withHeaders(json(reply), { 'Mcp-Session-Id': `session-${(this.#created += 1)}` });
  }

  /** A session is open once its id is on the way to the client, with a status that is a success. */
  #noteSession(reaction: HttpReaction): void {
    if (typeof reaction === 'string' || reaction.status >= 300 || !this.#hasSessions()) return;
    const id = reaction.headers['Mcp-Session-Id'];
    if (id?.startsWith('session-') === true) this.#sessions.add(id);
  }

  async #handleSse(odd: OddSseServer, asked: HttpAsked, response: ServerResponse): Promise<void> {
    if (asked.verb === 'GET') return this.#openStream(odd, asked, response);
    const id = new URL(asked.path, asked.origin).searchParams.get('sessionId') ?? '';
    const stream = this.#streams.get(id);
    const usual = text(stream ? 202 : 404, 'text/plain', stream ? 'Accepted' : 'Session not found');
    const isMessage = asked.verb === 'POST' && asked.path.startsWith('/messages');
    const refused = text(isMessage ? 404 : 405, 'text/plain', '');
    const reaction = (await odd.posted?.(asked, usual)) ?? (isMessage ? usual : refused);
    const isAccepted = typeof reaction === 'string' || reaction.status < 300;
    const sent = sendAnswer(response, reaction);
    if (isMessage && isAccepted && stream && asked.reply !== undefined) {
      const piece = { bytes: event(asked.reply) };
      await writePieces(stream, odd.event?.(asked, piece) ?? [piece]);
    }
    await sent;
  }

  async #openStream(odd: OddSseServer, asked: HttpAsked, response: ServerResponse): Promise<void> {
    const id = `stream-${(this.#created += 1)}`;
    const first = `event: endpoint\ndata: /messages?sessionId=${id}\n\n`;
    const usual: HttpAnswer = { ...events(first), end: 'open' };
    const reaction = (await odd.stream?.(asked, usual)) ?? usual;
    if (isOpen(reaction)) this.#addStream(id, response);
    await sendAnswer(response, reaction);
  }

  #addStream(id: string, response: ServerResponse): void {
    this.#streams.set(id, response);
    response.on('close', () => this.#streams.delete(id));
  }
}

function isOpen(reaction: HttpReaction): boolean {
  return typeof reaction !== 'string' && reaction.end === 'open';
}

function sessionOf({ headers }: HttpAsked): string {
  const id = headers['mcp-session-id'];
  return typeof id === 'string' ? id : '';
}

function lostSession({ message }: HttpAsked): HttpAnswer {
  return json(errorOf(message['id'] ?? null, -32001, 'Session not found'), 404);
}

function modernStatus({ error }: JsonObject): number {
  if (!isJsonObject(error)) return 200;
  return error['code'] === -32601 ? 404 : 400;
}

/** What is sent to it is acknowledged by the kernel and read by nobody, and no end comes. */
function silence(socket: Socket): void {
  socket.pause();
}
