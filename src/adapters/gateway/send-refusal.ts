import { STATUS_CODES, type ServerResponse } from 'node:http';
import { renderRefusal, REFUSALS, type RefusalName } from '../../domain/refusal.ts';

export interface RefusalDetails {
  /** JSON text of the request's id, where there is exactly one. */
  readonly id?: string | undefined;
  readonly detail?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Answers in the server's place with a well-formed JSON-RPC error; does nothing where an answer has begun. */
export function sendRefusal(
  response: ServerResponse,
  name: RefusalName,
  { id, detail, headers }: RefusalDetails,
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
  response.end(body);
}

/** The whole answer as text, where a request could not be read and so has no response. */
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
