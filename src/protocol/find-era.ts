import type { Clock, Timer } from '../facts/ports/clock.ts';
import type { EraVerdict } from './assess-discover.ts';
import { type FailureFacts, formatLimit } from './classify-failure.ts';
import { type EraNegotiation, type EraQuestion, nextEraStep, UNASKED } from './negotiate-era.ts';

/** The requests of one transport by which `findEra` finds out the era of a server. */
export interface EraQuestions<Reply> {
  /** Sends the request. Must resolve, at the latest when the time for the whole handshake is over. */
  ask(question: EraQuestion): Promise<Reply>;
  /** What an answer to `server/discover` says. */
  readDiscover(reply: Reply): EraVerdict;
  readInitialize(reply: Reply): 'accepted' | FailureFacts;
  /** Whether another request can be sent. */
  canAsk(): boolean;
  /** `server/discover` was not answered within its own limit, so `initialize` is sent as well. */
  onOverdue(): void;
}

export interface FindEraOptions {
  readonly clock: Clock;
  /** How long `server/discover` may stay unanswered before `initialize` is sent as well. */
  readonly discoverLimitMs: number;
}

export interface EraFinding<Reply> {
  readonly by: EraQuestion;
  /** The answer that decided, or the failure that no other request can change. */
  readonly reply: Reply;
  /** The server accepted `initialize` but did not answer `server/discover`. */
  readonly isAssumed: boolean;
  /** Every question that was asked, answered or not. */
  readonly asked: ReadonlyMap<EraQuestion, Promise<Reply>>;
}

/** Servers that handle requests concurrently may answer `initialize` a moment before `server/discover`. */
const GRACE_MS_MAX = 1_000;

/** Describes the step of a check in which `server/discover` was not answered in time. */
export function silenceDetail(discoverLimitMs: number): string {
  return `No answer within ${formatLimit(discoverLimitMs)}: initialize is tried as well.`;
}

/** Asks a server for its era, by the rules of `nextEraStep`. Never rejects. */
export function findEra<Reply>(
  questions: EraQuestions<Reply>,
  options: FindEraOptions,
): Promise<EraFinding<Reply>> {
  return new EraSearch(questions, options).run();
}

class EraSearch<Reply> {
  readonly #questions: EraQuestions<Reply>;
  readonly #options: FindEraOptions;
  readonly #asked = new Map<EraQuestion, Promise<Reply>>();
  readonly #replies = new Map<EraQuestion, Reply>();
  readonly #finding = Promise.withResolvers<EraFinding<Reply>>();
  #negotiation: EraNegotiation = UNASKED;
  #overdueTimer: Timer | undefined;
  #graceTimer: Timer | undefined;
  #isOver = false;

  constructor(questions: EraQuestions<Reply>, options: FindEraOptions) {
    this.#questions = questions;
    this.#options = options;
  }

  run(): Promise<EraFinding<Reply>> {
    this.#advance();
    return this.#finding.promise;
  }

  #advance(): void {
    if (this.#isOver) return;
    const step = nextEraStep(this.#negotiation, this.#questions.canAsk());
    if (step.kind === 'ask') this.#ask(step.question);
    else if (step.kind === 'conclude') this.#conclude(step.by, step.isAssumed);
    else if (step.limit === 'grace') this.#startGrace();
  }

  #ask(question: EraQuestion): void {
    const key = question === 'discover_again' ? 'discoverAgain' : question;
    this.#negotiation = { ...this.#negotiation, [key]: 'pending' };
    if (question === 'discover') this.#startLimit();
    const reply = this.#questions.ask(question);
    this.#asked.set(question, reply);
    void reply.then((received) => this.#note(question, received));
  }

  #note(question: EraQuestion, reply: Reply): void {
    const { readDiscover, readInitialize } = this.#questions;
    this.#replies.set(question, reply);
    if (question === 'initialize')
      this.#negotiation = { ...this.#negotiation, initialize: readInitialize(reply) };
    else if (question === 'discover')
      this.#negotiation = { ...this.#negotiation, discover: readDiscover(reply) };
    else this.#negotiation = { ...this.#negotiation, discoverAgain: readDiscover(reply) };
    this.#advance();
  }

  #startLimit(): void {
    const { clock, discoverLimitMs } = this.#options;
    this.#overdueTimer = clock.after(discoverLimitMs, () => {
      if (this.#negotiation.discover !== 'pending') return;
      this.#negotiation = { ...this.#negotiation, discover: 'overdue' };
      this.#questions.onOverdue();
      this.#advance();
    });
  }

  #startGrace(): void {
    const { clock, discoverLimitMs } = this.#options;
    this.#graceTimer ??= clock.after(Math.min(discoverLimitMs, GRACE_MS_MAX), () => {
      this.#negotiation = { ...this.#negotiation, isGraceOver: true };
      this.#advance();
    });
  }

  #conclude(by: EraQuestion, isAssumed: boolean): void {
    const reply = this.#replies.get(by);
    // The time is over, and the question is about to fail for that reason.
    if (reply === undefined) return;
    this.#isOver = true;
    this.#overdueTimer?.cancel();
    this.#graceTimer?.cancel();
    this.#finding.resolve({ by, reply, isAssumed, asked: this.#asked });
  }
}
