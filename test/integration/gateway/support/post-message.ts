import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createRawClient } from './raw-client.ts';
import { type RawHeader, type RawMessage, renderHead } from './raw-http.ts';

export interface Posting {
  readonly port: number;
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers?: readonly RawHeader[];
}

export function call(id: number | string, name = 'echo', meta: object = {}): string {
  const params = { name, arguments: {}, ...meta };
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
}

export function result(id: number | string, text = 'ok'): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
}

/** Posts on a connection of its own and waits for the whole answer, or for what there is of it. */
export async function post(posting: Posting): Promise<RawMessage> {
  const client = createRawClient(posting.port);
  try {
    return await client.exchange('POST', [renderPost(posting)]);
  } finally {
    client.close();
  }
}

/** Posts, and leaves the answer to the caller. */
export async function beginPost(posting: Posting): Promise<Socket> {
  const socket = connect({ port: posting.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(renderPost(posting));
  return socket;
}

export function renderPost({ port, path, body, headers = [] }: Posting): Buffer {
  const bytes = Buffer.from(body);
  const head = renderHead(`POST ${path} HTTP/1.1`, [
    ['Host', `127.0.0.1:${port}`],
    ['Accept', 'application/json, text/event-stream'],
    ['Content-Type', 'application/json'],
    ...headers,
    ['Content-Length', String(bytes.length)],
  ]);
  return Buffer.concat([head, bytes]);
}

/** A whole answer with a length. */
export function renderAnswer(body: string | Buffer, type = 'application/json'): Buffer {
  const bytes = Buffer.from(body);
  const head = renderHead('HTTP/1.1 200 OK', [
    ['Content-Type', type],
    ['Content-Length', String(bytes.length)],
  ]);
  return Buffer.concat([head, bytes]);
}

/** The head of an answer that is a stream. */
export const STREAM_HEAD = renderHead('HTTP/1.1 200 OK', [
  ['Content-Type', 'text/event-stream'],
  ['Transfer-Encoding', 'chunked'],
]);

export function chunk(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}

export const LAST_CHUNK = Buffer.from('0\r\n\r\n');
