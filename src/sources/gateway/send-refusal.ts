import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import { type RefusalName, REFUSALS, renderRefusal } from '../../facts/refusal.ts';

export interface RefusalDetails {
  /** JSON text of the request's id, if there is exactly one. */
  readonly id?: string | undefined;
  readonly detail?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Of the transports of MCP. */
const ALLOWED_METHODS = 'GET, POST, DELETE';
/** Measured from the answer. */
const LINGER_MS_MAX = 500;
/** A client that sends more has to wait until the connection is closed. */
const LINGER_BYTES_MAX = 8 * 1024 * 1024;

/** Answers in the server's place with a well-formed JSON-RPC error; does nothing if an answer has begun. */
export function sendRefusal(
  clock: Clock,
  response: ServerResponse,
  name: RefusalName,
  { id, detail, headers }: RefusalDetails,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = renderRefusal(name, id, detail);
  const { status } = REFUSALS[name];
  // The reason phrase is given, since a head that could not be written may have left its own.
  response.writeHead(status, STATUS_CODES[status], {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(status === 405 && { allow: ALLOWED_METHODS }),
    // What is left of the body is not read: the connection cannot be used again.
    ...(response.req.complete ? {} : { connection: 'close' }),
    ...headers,
  });
  if (response.req.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  linger(clock, response);
}

/**
 * Discards what the client still sends of a body that nobody wants. A connection that is closed with unread bytes is reset, and
 * a client that is still sending never gets to read the answer (RFC 9112 §9.6).
 */
function linger(clock: Clock, response: ServerResponse): void {
  const { req: request } = response;
  let bytes = 0;
  const end = (): void => {
    timer.cancel();
    request.off('data', discard);
    response.end();
  };
  const discard = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES_MAX) request.pause();
  };
  const timer = clock.after(LINGER_MS_MAX, end);
  // To the server it must never look whole.
  request.unpipe();
  request.on('data', discard).once('end', end).once('close', end).resume();
}

/** The whole answer as text, for a request that has no response: it could not be read, or is for a tunnel. */
export function renderRefusalAnswer(name: RefusalName): string {
  const body = renderRefusal(name, undefined);
  const { status } = REFUSALS[name];
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(status === 405 ? [`allow: ${ALLOWED_METHODS}`] : []),
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
