import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import { type RefusalName, REFUSALS, renderRefusal } from '../../facts/refusal.ts';

export interface RefusalDetails {
  /** JSON text of the request's id, if there is exactly one. */
  readonly id?: string | undefined;
  readonly detail?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Nobody reads the body: what the client still sends is discarded for a moment, so that it gets to read the answer. */
  readonly isUnread?: boolean | undefined;
}

const LINGER_MS_MAX = 500;

/** Answers in the server's place with a well-formed JSON-RPC error; does nothing if an answer has begun. */
export function sendRefusal(
  clock: Clock,
  response: ServerResponse,
  name: RefusalName,
  { id, detail, headers, isUnread = false }: RefusalDetails,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = renderRefusal(name, id, detail);
  response.writeHead(REFUSALS[name].status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    // What is left of the body is not read: the connection cannot be used again.
    ...(response.req.complete ? {} : { connection: 'close' }),
    ...headers,
  });
  if (!isUnread || response.req.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  linger(clock, response);
}

/** A connection that is closed with unread bytes is reset, and takes the answer with it. */
function linger(clock: Clock, response: ServerResponse): void {
  const end = (): void => {
    timer.cancel();
    response.end();
  };
  const timer = clock.after(LINGER_MS_MAX, end);
  response.req.once('end', end).once('close', end).resume();
}

/** The whole answer as text, for a request that could not be read and so has no response. */
export function renderRefusalAnswer(name: RefusalName): string {
  const body = renderRefusal(name, undefined);
  const { status } = REFUSALS[name];
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
