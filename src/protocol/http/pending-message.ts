import { findAnsweredId, isRequest, isResponse, type MessageFacts } from '../message-facts.ts';
import type { MessageKind } from '../message-order.ts';
import { createWrittenIds } from '../written-ids.ts';

/** One message of a client, or a batch, on its way to the server. */
export class PendingMessage {
  readonly text: string;
  readonly facts: readonly MessageFacts[];
  readonly kind: MessageKind;
  /** Requests without an answer, by id as JSON text. */
  readonly waiting: Set<string>;
  readonly cancelling = new AbortController();
  /** The gateway stops, and refused it without passing it on. */
  isTurnedAway = false;
  readonly #taken = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  constructor(text: string, facts: readonly MessageFacts[]) {
    this.text = text;
    this.facts = facts;
    this.kind = kindOf(facts);
    this.waiting = new Set(facts.filter(isRequest).map(({ id }) => id ?? ''));
  }

  /** Resolves when the server has the message; if it is an opening, with its answer. */
  get taken(): Promise<void> {
    return this.#taken.promise;
  }

  /** Resolves when nothing more is done for the message. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get first(): MessageFacts | undefined {
    return this.facts[0];
  }

  /** For sentences. */
  get method(): string {
    return this.first?.method ?? 'message';
  }

  get isUnanswered(): boolean {
    return this.waiting.size === this.facts.length;
  }

  /** The head of an answer is there, or a request has its answer. */
  noteProgress(): void {
    if (this.kind !== 'opening' || this.waiting.size === 0) this.#taken.resolve();
  }

  end(): void {
    this.#taken.resolve();
    this.#ended.resolve();
  }

  /** The ids of the requests that wait, as JSON text that the client wrote. */
  writtenIds(): readonly string[] {
    const ids = createWrittenIds({ messages: this.facts, body: Buffer.from(this.text) });
    return [...this.waiting].map((id) => ids.of(id) ?? 'null');
  }

  /** @returns the answers among `messages`, whose requests wait no longer */
  noteAnswers(messages: readonly MessageFacts[]): readonly MessageFacts[] {
    return messages.filter((each) => {
      const id = isResponse(each) ? findAnsweredId(this.waiting, each.id) : undefined;
      return id !== undefined && this.waiting.delete(id);
    });
  }
}

function kindOf(facts: readonly MessageFacts[]): MessageKind {
  if (facts.some(({ method }) => method === 'initialize')) return 'opening';
  return facts.length > 0 && facts.every((each) => !isRequest(each) && each.method !== undefined)
    ? 'notification'
    : 'other';
}
