import type { RefusalName } from '../facts/refusal.ts';

/** A two-way conversation in JSON texts with a server: a child's pipes, or an HTTP+SSE connection. */
export interface MessageChannel {
  /** @returns whether it was accepted: not after the end, nor while the other side leaves too much unread */
  send(text: string): boolean;
  close(): Promise<void>;
}

export interface ChannelListener {
  /** One JSON text, without line breaks. */
  onMessage(text: string): void;
  /** Once, unless `close` was called first. */
  onClose(failure: ChannelFailure): void;
  /**
   * A request that did not reach the server, or that the server will not answer.
   * @param id as JSON text; undefined if it cannot be told which request it is
   */
  onRequestFailed(id: string | undefined, failure: AnswerFailure): void;
}

export interface AnswerFailure {
  readonly refusal: ChannelFailure['refusal'] | Extract<RefusalName, 'message_too_large'>;
  /** For a person; no secrets. */
  readonly detail: string;
}

export interface FailedRequest extends AnswerFailure {
  /** As JSON text; undefined if it cannot be told which request it is. */
  readonly id: string | undefined;
}

export interface ChannelFailure {
  readonly refusal: Extract<RefusalName, 'child_exit' | 'unreachable' | 'session_not_found'>;
  /** For a person; no secrets. */
  readonly detail: string;
}

export type ChannelOpening =
  | { readonly ok: true; readonly channel: MessageChannel }
  | { readonly ok: false; readonly failure: ChannelFailure };

/** Never rejects. */
export type OpenChannel = (listener: ChannelListener) => Promise<ChannelOpening>;
