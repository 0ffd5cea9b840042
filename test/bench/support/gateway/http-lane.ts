/**
 * One kept connection that sends a prepared HTTP request and waits for the end of its answer, over a bare socket: an HTTP
 * client would cost more than most of what is measured.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface Answer {
  readonly status: number;
  readonly session: string | undefined;
  readonly bodyBytes: number;
  /** The first pieces of the body, enough to tell a result from an error. */
  readonly start: Buffer;
}

interface Connection {
  /** Sends one request; one at a time. Rejects when the connection breaks. */
  send(request: Buffer, onPiece?: (piece: Buffer) => void): Promise<Answer>;
  close(): void;
}

export interface HttpLane extends Connection {
  /** Before a new run. */
  refresh(): Promise<void>;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const NOTHING: Buffer = Buffer.alloc(0);
const START_BYTES = 512;

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly onPiece: ((piece: Buffer) => void) | undefined;
}

/** Servers close connections that nobody uses, Node's after five seconds: a lane that rested so long takes a new one. */
const REST_MS_MAX = 2_000;

export async function openHttpLane(port: number): Promise<HttpLane> {
  let connection = await openConnection(port);
  let usedMs = performance.now();
  return {
    async refresh() {
      if (performance.now() - usedMs < REST_MS_MAX) return;
      connection.close();
      connection = await openConnection(port);
    },
    async send(request, onPiece) {
      const answer = await connection.send(request, onPiece);
      usedMs = performance.now();
      return answer;
    },
    close: () => connection.close(),
  };
}

async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return createConnection(socket);
}

function createConnection(socket: Socket): Connection {
  let pending: Pending | undefined;
  let head: Buffer = NOTHING;
  let isInBody = false;
  let status = 0;
  let session: string | undefined;
  let leftBytes = 0;
  let isChunked = false;
  let bodyBytes = 0;
  let start: Buffer = NOTHING;
  let tail: Buffer = NOTHING;

  function readHead(data: Buffer): Buffer | undefined {
    head = head.length === 0 ? data : Buffer.concat([head, data]);
    const end = head.indexOf(HEAD_END);
    if (end === -1) return undefined;
    const text = head.toString('latin1', 0, end);
    status = Number(text.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    isChunked = length === undefined && /\r\ntransfer-encoding: *chunked/i.test(text);
    leftBytes = Number(length ?? 0);
    session = /\r\nmcp-session-id: *(.+?)(?:\r\n|$)/i.exec(text)?.[1];
    isInBody = true;
    bodyBytes = 0;
    start = NOTHING;
    tail = NOTHING;
    const body = head.subarray(end + HEAD_END.length);
    head = NOTHING;
    return body;
  }

  /** Nothing follows an answer before the next request, so that the last chunk is always at the end of what came. */
  function isOver(piece: Buffer): boolean {
    if (!isChunked) {
      leftBytes -= piece.length;
      return leftBytes <= 0;
    }
    tail =
      piece.length >= LAST_CHUNK.length
        ? piece.subarray(-LAST_CHUNK.length)
        : Buffer.concat([tail, piece]).subarray(-LAST_CHUNK.length);
    return tail.equals(LAST_CHUNK);
  }

  socket.on('data', (data: Buffer) => {
    const piece = isInBody ? data : readHead(data);
    if (!piece || !pending) return;
    bodyBytes += piece.length;
    if (start.length < START_BYTES)
      start = start.length === 0 ? piece : Buffer.concat([start, piece]);
    if (piece.length > 0) pending.onPiece?.(piece);
    if (!isOver(piece)) return;
    isInBody = false;
    const { resolve } = pending;
    pending = undefined;
    resolve({ status, session, bodyBytes, start });
  });
  const fail = (error: Error): void => {
    const waiting = pending;
    pending = undefined;
    waiting?.reject(error);
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection was closed')));

  return {
    send(request, onPiece) {
      return new Promise((resolve, reject) => {
        if (socket.destroyed) {
          reject(new Error('the connection was closed'));
          return;
        }
        pending = { resolve, reject, onPiece };
        socket.write(request);
      });
    },
    close: () => socket.destroy(),
  };
}

export interface HttpRequestParts {
  readonly path: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly method?: 'POST' | 'GET';
  readonly body?: string;
}

/** An HTTP request as bytes. */
export function serializeRequest({ path, port, headers, method, body }: HttpRequestParts): Buffer {
  const all = {
    Host: `127.0.0.1:${port}`,
    Accept: 'application/json, text/event-stream',
    ...(body === undefined
      ? {}
      : {
          'Content-Type': 'application/json',
          'Content-Length': String(Buffer.byteLength(body)),
        }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method ?? 'POST'} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}
