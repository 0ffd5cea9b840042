import type { CallOutcome } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import { NAMING_OPERATIONS, shorten, shortenKnown } from './call-row.ts';
import { addCall, addFigures, beginOfSum, noFigures, type SumFigures } from './call-sums.ts';
import type { WriteResult } from './entry-queue.ts';

/** Calls of five minutes with the same names and outcome, on their way to the thread. */
export interface CallSumRow {
  readonly atMs: number;
  readonly isFromServer: boolean;
  readonly server: string;
  readonly operation: string;
  /** Name of a tool or prompt. */
  readonly target: string | null;
  readonly client: string | null;
  readonly user: string | null;
  readonly outcome: CallOutcome;
  readonly errorType: string | null;
  readonly figures: SumFigures;
  /** Calls among them that are not kept one by one. */
  summedOnly: number;
}

/**
 * What became of a call: it is in the sums, it is in them and has to be kept one by one as well, or it has to be kept and its
 * row has to be summed up by the thread, because there are too many sums.
 */
export type TakenCall = 'summed_only' | 'summed' | 'unsummed';

export interface CallSummer {
  take(call: CallRecord): TakenCall;
  /** Writes what has been summed up. */
  flush(): Promise<void>;
  /** Calls that were only summed up and could not be written. */
  droppedCount(): number;
  /** Writes what has been summed up if possible; afterwards no call is taken. */
  drain(): Promise<void>;
}

export interface CallSummerOptions {
  readonly clock: Clock;
  /** Successful calls per second that are kept one by one. */
  readonly perSecondMax: number;
  /** Never rejects. */
  readonly write: (rows: readonly CallSumRow[]) => Promise<WriteResult>;
}

/** The more sums wait, the longer they do, since writing one costs the same whether it has one call or a thousand. */
const FLUSH_MS = 1_000;
const FLUSH_MS_PER_SUM = 10;
const FLUSH_MS_MAX = 30_000;
const RETRY_MS = 5_000;
/** Sums of one transaction: if there is no time for all, only the last ones are lost. */
const PART_MAX = 1_000;
/** Combinations of names in five minutes; calls of more are kept one by one. */
const SUMS_MAX = 20_000;

/**
 * Sums up calls before they are sent to the thread: adding to a row of the table costs it more than all else about a call.
 * Successful calls beyond a number per second are only summed up: one by one, a busy gateway's calls would cost a fifth of
 * its processor time, and fill the file within minutes. The first call of each combination of names in five minutes is
 * kept in any case, so that a rare tool or user is found beside a busy one.
 */
export function createCallSummer(options: CallSummerOptions): CallSummer {
  return new Summer(options);
}

class Summer implements CallSummer {
  readonly #options: CallSummerOptions;
  readonly #sums = new Map<string, CallSumRow>();
  #unwrittenCount = 0;
  #unwrittenSinceMs = 0;
  #slotMs = 0;
  #second = 0;
  #inSecond = 0;
  #droppedCount = 0;
  #timer: Timer | undefined;
  #flushing: Promise<void> | undefined;
  #isDrained = false;

  constructor(options: CallSummerOptions) {
    this.#options = options;
  }

  take(call: CallRecord): TakenCall {
    if (this.#isDrained) return 'unsummed';
    const hasRoom = call.outcome !== 'success' || this.#hasRoom();
    const names = namesOf(call);
    const key = keyOf(names);
    const known = this.#sums.get(key);
    const sum = known ?? this.#begin(key, names);
    if (sum === undefined) return 'unsummed';
    if (sum.figures.calls === 0) this.#noteUnwritten();
    addCall(sum.figures, {
      atMs: Math.round(call.startedAtMs),
      outcome: call.outcome,
      durationMs: call.durationMs,
      tokens: (call.tokens?.input ?? 0) + (call.tokens?.output ?? 0),
      costUsd: call.costUsd ?? 0,
    });
    if (hasRoom || known === undefined) return 'summed';
    sum.summedOnly += 1;
    return 'summed_only';
  }

  flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  droppedCount(): number {
    return this.#droppedCount;
  }

  async drain(): Promise<void> {
    this.#isDrained = true;
    this.#timer?.cancel();
    // A write in progress may not include the latest calls.
    await this.#flushing;
    await this.flush();
    for (const { summedOnly } of this.#sums.values()) this.#droppedCount += summedOnly;
  }

  /** Takes the first calls of each second. */
  #hasRoom(): boolean {
    const second = Math.floor(this.#options.clock.monotonicMs() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    return this.#inSecond <= this.#options.perSecondMax;
  }

  /** @returns `undefined` if there are too many */
  #begin(key: string, names: NamesOfSum): CallSumRow | undefined {
    this.#removeOld(names.atMs);
    if (this.#sums.size >= SUMS_MAX) return undefined;
    const sum = { ...names, figures: noFigures(), summedOnly: 0 };
    this.#sums.set(key, sum);
    return sum;
  }

  #noteUnwritten(): void {
    if (this.#unwrittenCount === 0) this.#unwrittenSinceMs = this.#options.clock.monotonicMs();
    this.#unwrittenCount += 1;
    this.#wake(FLUSH_MS);
  }

  #wake(delayMs: number): void {
    this.#timer ??= this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      if (this.#isDue()) void this.flush();
      else this.#wake(FLUSH_MS);
    });
  }

  #isDue(): boolean {
    const waitedMs = this.#options.clock.monotonicMs() - this.#unwrittenSinceMs;
    return waitedMs >= Math.min(this.#unwrittenCount * FLUSH_MS_PER_SUM, FLUSH_MS_MAX);
  }

  async #write(): Promise<void> {
    const written = [...this.#sums].filter(([, { figures }]) => figures.calls > 0);
    this.#unwrittenCount = 0;
    if (written.length === 0) return;
    for (const [key, row] of written)
      this.#sums.set(key, { ...row, figures: noFigures(), summedOnly: 0 });
    // All are sent at once, ahead of any question that comes next.
    const parts = Array.from({ length: Math.ceil(written.length / PART_MAX) }, (_, part) =>
      written.slice(part * PART_MAX, (part + 1) * PART_MAX),
    );
    await Promise.all(parts.map((part) => this.#writePart(part)));
  }

  async #writePart(sums: readonly KeyedSum[]): Promise<void> {
    const result = await this.#options.write(sums.map(([, row]) => row));
    if (result === 'later') this.#putBack(sums);
    if (result === 'never') for (const [, row] of sums) this.#droppedCount += row.summedOnly;
  }

  #putBack(unwritten: readonly KeyedSum[]): void {
    for (const [key, row] of unwritten) {
      const current = this.#sums.get(key);
      if (current) {
        addFigures(current.figures, row.figures);
        current.summedOnly += row.summedOnly;
      } else this.#sums.set(key, row);
    }
    if (this.#isDrained) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wake(RETRY_MS);
  }

  /** Forgets combinations of earlier minutes, once they are written. */
  #removeOld(slotMs: number): void {
    if (slotMs <= this.#slotMs) return;
    this.#slotMs = slotMs;
    for (const [key, { atMs, figures }] of this.#sums)
      if (atMs < slotMs && figures.calls === 0) this.#sums.delete(key);
  }
}

type KeyedSum = readonly [key: string, row: CallSumRow];
type NamesOfSum = Omit<CallSumRow, 'figures' | 'summedOnly'>;

function namesOf(call: CallRecord): NamesOfSum {
  return {
    atMs: beginOfSum(call.startedAtMs),
    isFromServer: call.direction === 'server_to_client',
    server: shorten(call.server),
    operation: shorten(call.operation),
    target: NAMING_OPERATIONS.has(call.operation) ? shortenKnown(call.target) : null,
    client: shortenKnown(call.client?.name),
    user: shortenKnown(call.user),
    outcome: call.outcome,
    errorType: call.errorType ?? null,
  };
}

/** Names may hold any character: with their lengths no two lists of names have the same key. */
function keyOf(names: NamesOfSum): string {
  const { atMs, isFromServer, server, operation, target, client, user, outcome, errorType } = names;
  return `${atMs} ${isFromServer} ${outcome} ${server.length} ${operation.length} ${target?.length} ${client?.length} ${user?.length} ${server}${operation}${target}${client}${user}${errorType}`;
}
