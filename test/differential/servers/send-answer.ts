import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf } from './http-answers.ts';
import type { HttpAnswer, HttpReaction, Pieces } from './odd-server.ts';

/** Resolves when everything is written, or the client has gone. */
export async function sendAnswer(response: ServerResponse, reaction: HttpReaction): Promise<void> {
  const { socket } = response;
  if (reaction === 'hang' || !socket) return;
  if (reaction === 'reset') {
    socket.resetAndDestroy();
    return;
  }
  if (reaction.framing === 'close' || reaction.framing === 'http-1.0') {
    await sendBare(socket, reaction);
    return;
  }
  const isChunked = reaction.framing === 'chunked';
  const length = { 'Content-Length': String(bodyOf(reaction).length) };
  response.writeHead(reaction.status, { ...(!isChunked && length), ...reaction.headers });
  response.flushHeaders();
  await writePieces(response, reaction.body);
  if (reaction.end === 'reset') socket.resetAndDestroy();
  else if (reaction.end !== 'open') response.end();
}

/** A body that ends with the connection, which Node's own server does not write. */
async function sendBare(
  socket: Socket,
  { status, headers, body, framing, end }: HttpAnswer,
): Promise<void> {
  const version = framing === 'http-1.0' ? 'HTTP/1.0' : 'HTTP/1.1';
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = [`${version} ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''];
  socket.write(head.join('\r\n'));
  await writePieces(socket, body);
  if (end === 'reset') socket.resetAndDestroy();
  else if (end !== 'open') socket.end();
}

export async function writePieces(
  target: Pick<NodeJS.WritableStream, 'write'> & { readonly destroyed?: boolean },
  pieces: Pieces,
): Promise<void> {
  for await (const { bytes, afterMs } of pieces) {
    if (afterMs !== undefined) await delay(afterMs);
    if (target.destroyed === true) return;
    target.write(bytes);
  }
}
