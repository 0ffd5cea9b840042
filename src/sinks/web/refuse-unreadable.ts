import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpLog } from './ports.ts';
import { problemText } from './problem-text.ts';

interface ReadFailure {
  readonly status: number;
  readonly detail: string;
}

/** By the code of Node.js' error. */
const READ_FAILURES: Readonly<Record<string, ReadFailure>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The address and the headers are too long.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
};
const UNREADABLE: ReadFailure = { status: 400, detail: 'The request is not valid HTTP.' };

/** Answers what is no request that a route could answer as the routes do; by itself, Node.js sends no body. */
export function refuseUnreadable(server: Server, log: Pick<HttpLog, 'debug'> | undefined): void {
  const answered = new WeakSet<Duplex>();
  server.on('request', ({ socket }, response) => {
    answered.add(socket);
    response.once('close', () => answered.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Anything written now would become part of the answer that is on its way.
    if (!socket.writable || answered.has(socket)) {
      socket.destroy();
      return;
    }
    const { status, detail } = READ_FAILURES[error.code ?? ''] ?? UNREADABLE;
    const id = randomUUID();
    log?.debug({ id, status, err: error }, 'request refused');
    socket.end(answerOf(status, problemText(status, detail, id)), () => socket.destroy());
  });
}

function answerOf(status: number, body: string): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
