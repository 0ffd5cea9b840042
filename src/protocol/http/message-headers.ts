import type { IncomingHttpHeaders } from 'node:http';
import { encodeHeaderValue } from '../header-values.ts';

/** The session that a request belongs to, and the revision that was agreed on; what is absent gets no header. */
export interface SessionContext {
  readonly sessionId?: string;
  readonly protocolVersion?: string;
}

/** What the headers of a message say beside its media type. */
export interface MessageContext extends SessionContext {
  /** Parts of the body that revision 2026-07-28 repeats in headers; absent in revisions with a handshake. */
  readonly repeated?: RepeatedParts;
}

export interface RepeatedParts {
  /** Of the JSON-RPC message, for `Mcp-Method`. */
  readonly method?: string | undefined;
  /** `params.name` or `params.uri`, for `Mcp-Name`. */
  readonly target?: string | undefined;
  /** Arguments that the tool wants repeated, as headers `mcp-param-*`. */
  readonly params?: Readonly<Record<string, string>>;
}

/** A session id is visible ASCII (2025-11-25, Streamable HTTP, Session Management); anything else is not sent back. */
const SESSION_ID = /^[\x21-\x7E]{1,1024}$/;
/** Compressed answers are read all the same: some servers compress whatever the client asks for. */
const IDENTITY = 'identity';

/** Headers of a POST that carries a JSON-RPC message (Streamable HTTP, Sending Messages to the Server). */
export function messageHeaders(context: MessageContext): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': IDENTITY,
  };
  addSession(headers, context);
  const { repeated } = context;
  if (repeated === undefined) return headers;
  const { method, target, params } = repeated;
  if (method !== undefined) headers['mcp-method'] = encodeHeaderValue(method);
  if (target !== undefined) headers['mcp-name'] = encodeHeaderValue(target);
  return params === undefined ? headers : Object.assign(headers, params);
}

/**
 * Headers of a GET for a stream of events.
 *
 * @param lastEventId where the stream is to go on (Streamable HTTP, Resumability and Redelivery)
 */
export function eventsHeaders(
  context: SessionContext,
  lastEventId?: string,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    accept: 'text/event-stream',
    'accept-encoding': IDENTITY,
    'cache-control': 'no-store',
  };
  addSession(headers, context);
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
  return headers;
}

/** Headers of a request without content, such as the DELETE that ends a session. */
export function sessionHeaders(context: SessionContext): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  addSession(headers, context);
  return headers;
}

/** The session that an answer names, if it may be sent back. */
export function sessionIdOf(headers: IncomingHttpHeaders | undefined): string | undefined {
  const id = headers?.['mcp-session-id'];
  return typeof id === 'string' && SESSION_ID.test(id) ? id : undefined;
}

function addSession(
  headers: Record<string, string>,
  { sessionId, protocolVersion }: SessionContext,
): void {
  if (sessionId !== undefined) headers['mcp-session-id'] = sessionId;
  if (protocolVersion !== undefined) headers['mcp-protocol-version'] = protocolVersion;
}
