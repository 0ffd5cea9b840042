import type { Clock } from '../../facts/ports/clock.ts';
import type { RpcId } from '../json-rpc.ts';
import type { SendOptions } from '../probe-client.ts';
import { isRepeatable } from '../repeatable-methods.ts';
import type { HttpEndpoint, HttpResult } from './http-endpoint.ts';
import { eventsHeaders, type MessageContext, messageHeaders } from './message-headers.ts';

export interface OutgoingMessage {
  /** Absent for a notification or an answer: then no answer is waited for. */
  readonly id?: RpcId;
  /** Method of the message, for sentences. */
  readonly method: string;
  /** The message, or the batch, as JSON. */
  readonly text: string;
  readonly context: MessageContext;
  /** The address that an `endpoint` event named: it carries the session. */
  readonly url?: URL;
  /** See `HttpRequest`. */
  readonly awaitsLateHead?: boolean;
  /** Whether it may be sent twice. Default: what holds for its method. */
  readonly isRepeatable?: boolean;
}

/** One message, with what is needed to send it and to read its answer. */
export interface MessageExchange extends SendOptions {
  readonly endpoint: HttpEndpoint;
  readonly clock: Clock;
  readonly message: OutgoingMessage;
  /** For sentences: when the message was sent. */
  readonly startedAtMs: number;
  /** See `HttpRequest`. */
  readonly onWritten?: () => void;
}

/** An answer whose body is still to be read. */
export type OpenAnswer = Extract<HttpResult, { ok: true }>;

/** Posts the message. Resolves with the head of the answer. Never rejects. */
export function sendMessage(exchange: MessageExchange): Promise<HttpResult> {
  const { endpoint, message, signal, measurement, onWritten } = exchange;
  return endpoint.send({
    method: 'POST',
    ...(message.url !== undefined && { url: message.url }),
    headers: messageHeaders(message.context),
    body: message.text,
    waitedFor: `answer to ${message.method}`,
    signal,
    isRepeatable: message.isRepeatable ?? isRepeatable(message.method),
    ...(measurement !== undefined && { measurement }),
    ...(message.awaitsLateHead !== undefined && { awaitsLateHead: message.awaitsLateHead }),
    ...(onWritten !== undefined && { onWritten }),
  });
}

/**
 * Asks for a stream of events: the rest of one that ended early, what a server has to say on its own, or the one stream
 * of HTTP+SSE. Never rejects.
 */
export function openEvents(
  endpoint: HttpEndpoint,
  context: MessageContext,
  { signal, measurement }: SendOptions,
  lastEventId?: string,
): Promise<HttpResult> {
  return endpoint.send({
    method: 'GET',
    headers: eventsHeaders(context, lastEventId),
    waitedFor: 'answer to GET',
    signal,
    isRepeatable: true,
    ...(measurement !== undefined && { measurement }),
  });
}
