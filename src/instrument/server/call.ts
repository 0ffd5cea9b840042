import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { Transport } from '../../facts/server.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import type { CallSpan } from '../tracing/call-span.ts';

/** A request that a server received, or that it sent to its client, until it is answered. */
export interface Call {
  readonly facts: MessageFacts;
  readonly isToClient: boolean;
  /** Of a list: whether the request has no cursor. */
  readonly isFirstPage: boolean;
  readonly startedMs: number;
  readonly requestBytes: number;
  readonly connection: ConnectionFacts;
  readonly traced: CallSpan | undefined;
}

/** What is known of the client and of the way to it. */
export interface ConnectionFacts {
  readonly transport: Transport;
  readonly sessionId: string | undefined;
  readonly client: { readonly name: string; readonly version: string } | undefined;
  readonly protocolVersion: string | undefined;
}

/** A call that has ended. */
export interface EndedCall extends Call {
  readonly verdict: CallVerdict;
  readonly durationMs: number;
  /** The response, if there was one. */
  readonly answer: MessageFacts | undefined;
  readonly responseBytes: number;
}
