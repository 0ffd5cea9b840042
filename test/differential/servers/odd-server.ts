import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../../../src/facts/json-object.ts';

/** `sessions`: 2024-10-07 … 2025-11-25, `stateless`: 2026-07-28, `both`: whichever the client speaks. */
export type ServerEra = 'sessions' | 'stateless' | 'both';

/** What is written at once, after a pause if there is one. */
export interface Piece {
  readonly bytes: Buffer | string;
  readonly afterMs?: number;
}

export type Pieces = readonly Piece[] | AsyncIterable<Piece>;

/** A JSON-RPC message that a client sent. */
export interface Asked {
  readonly message: JsonObject;
  /** Empty for a response to a request of the server, and for a request without a body. */
  readonly method: string;
  /** The usual reply, after `reply` of the server has changed it; `undefined` for a notification or a response. */
  readonly reply: JsonObject | undefined;
  /** Messages with this method that came earlier. */
  readonly before: number;
  /** Whether this is after the first check: `forget` was called. */
  readonly isLater: boolean;
  /** Resolves when the client has answered the server's request with this id. */
  answered(id: string): Promise<void>;
}

/** What is odd in the messages, whatever the transport. */
export interface OddMessages {
  /** In kebab-case, unique in the corpus. */
  readonly name: string;
  /** What is odd about it, for the table. */
  readonly what: string;
  readonly era: ServerEra;
  /** What `initialize` answers; default: 2025-11-25. */
  readonly revision?: string;
  /** Changes the usual reply to a request; `undefined`: there is none. */
  readonly reply?: (asked: Asked, usual: JsonObject) => JsonObject | undefined;
  /** Some attempts wait: a few seconds for a late answer, or until the limit for one that never comes. */
  readonly waits?: 'seconds' | 'for ever';
  /** Words that the prober's reason must contain if no official client can list the tools. */
  readonly reason?: string;
}

export interface HttpAsked extends Asked {
  readonly verb: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether this is the first request of its connection. */
  readonly isFirstOfConnection: boolean;
  /** Scheme, host and port of the server. */
  readonly origin: string;
  /** The same server at another port. */
  readonly otherOrigin: string;
  /** Writes to every open GET stream. */
  push(bytes: string): void;
}

export interface HttpAnswer {
  readonly status: number;
  /** Written as they are spelled. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Pieces;
  /** `close`: the end of the connection ends the body; default: `length` if nothing else is said. */
  readonly framing?: 'length' | 'chunked' | 'close' | 'http-1.0';
  /** `open`: the server never ends the body; `reset`: it resets the connection after the body. */
  readonly end?: 'open' | 'reset';
}

/** `hang`: no answer, the connection stays; `reset`: the connection is reset instead. */
export type HttpReaction = HttpAnswer | 'hang' | 'reset';
export type React = (asked: HttpAsked, usual: HttpAnswer) => HttpReaction | Promise<HttpReaction>;

/** What happens after the first check, before the later ones. */
export type Forgetting =
  /** Sessions and streams are gone, as after a restart. */
  | 'sessions'
  /** A middlebox has dropped all idle connections without a sign: nothing that is sent over them is answered. */
  | 'connections';

export interface OddHttpServer extends OddMessages {
  readonly transport: 'http';
  /** Default: `/mcp`. */
  readonly path?: string;
  /** Whether `initialize` opens a session; default: true. */
  readonly hasSessions?: boolean;
  readonly forgets?: Forgetting;
  /** Answers in place of the usual answer, which is JSON with a content length. */
  readonly answer?: React;
}

export interface OddSseServer extends OddMessages {
  readonly transport: 'sse';
  readonly forgets?: Forgetting;
  /** Whether the configuration leaves the transport open, as a bare URL does. */
  readonly isUndeclared?: boolean;
  /** The answer to GET; its stream stays open after the pieces. */
  readonly stream?: React;
  /** The answer to POST; the usual one is 202. */
  readonly posted?: React;
  /** What the stream brings for a message; the usual piece is one event. */
  readonly event?: (asked: HttpAsked, usual: Piece) => Pieces;
}

export interface OddStdioServer extends OddMessages {
  readonly transport: 'stdio';
  /** On standard output before anything is read. */
  readonly banner?: readonly Piece[];
  readonly stderr?: string;
  /** Before it reads anything. */
  readonly startMs?: number;
  /** What is written for a message; the usual piece is one line. */
  readonly line?: (asked: Asked, usual: Piece) => Pieces;
  /** Exits with code 1 at a message with this method instead of answering. */
  readonly exitsAt?: string;
  /** Exits with code 0 a little after the answer to this method. */
  readonly exitsAfter?: string;
  /** Ignores the end of its input and SIGTERM. */
  readonly isStubborn?: boolean;
}

export type OddServer = OddHttpServer | OddSseServer | OddStdioServer;

export interface RunningServer {
  readonly url: string;
  /** Does what `forgets` says. */
  forget(): void;
  /** Sessions that were opened and not ended. */
  openSessions(): number;
  close(): Promise<void>;
}
