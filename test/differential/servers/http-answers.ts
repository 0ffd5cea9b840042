import type { JsonObject } from '../../../src/facts/json-object.ts';
import type { HttpAnswer, Piece, Pieces } from './odd-server.ts';

export const EMPTY: HttpAnswer = { status: 202, headers: {}, body: [] };

export function text(status: number, contentType: string, body: Buffer | string): HttpAnswer {
  return { status, headers: { 'Content-Type': contentType }, body: [{ bytes: body }] };
}

export function json(message: unknown, status = 200): HttpAnswer {
  return text(status, 'application/json', JSON.stringify(message));
}

export function event(message: unknown): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}

/** A stream of events that ends after these pieces. */
export function events(body: Pieces | string): HttpAnswer {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' },
    body: typeof body === 'string' ? [{ bytes: body }] : body,
    framing: 'chunked',
  };
}

export function withHeaders(
  answer: HttpAnswer,
  headers: Readonly<Record<string, string>>,
): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** The body of an answer that is written at once. */
export function bodyOf({ body }: HttpAnswer): Buffer {
  if (!Array.isArray(body)) return Buffer.alloc(0);
  return Buffer.concat((body as readonly Piece[]).map(({ bytes }) => Buffer.from(bytes)));
}

export function redirect(status: number, location: string): HttpAnswer {
  return { status, headers: { Location: location }, body: [] };
}

export function request(id: string, method: string): JsonObject {
  return { jsonrpc: '2.0', id, method };
}

export function notification(text: string): JsonObject {
  const params = { level: 'info', data: text };
  return { jsonrpc: '2.0', method: 'notifications/message', params };
}
