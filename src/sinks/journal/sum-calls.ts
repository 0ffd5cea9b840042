import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import { NAMING_OPERATIONS, shorten, shortenKnown } from './call-row.ts';
import { addCall, addFigures, beginOfSum, noFigures, type SumFigures } from './call-sums.ts';
import type { WriteResult } from './entry-queue.ts';

/** Successful calls of five minutes with the same names, on their way to the thread. */
export interface CallSumRow {
  readonly atMs: number;
  readonly isFromServer: boolean;
  readonly server: string;
  readonly operation: string;
  /** Name of a tool or prompt. */
  readonly target: string | null;
  readonly client: string | null;
  readonly user: string | null;
  readonly figures: SumFigures;
}

export interface CallSummer {
  /** Sums up a call if there is no room for it one by one. @returns whether it was summed up */
  take(call: CallRecord): boolean;
  /** Writes what has been summed up. */
  flush(): Promise<void>;
  /** Calls that were summed up and could not be written. */
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

/** Longer than for calls: the fewer writes, the more calls each row of the table takes at once. */
const FLUSH_MS = 10_000;
const RETRY_MS = 5_000;
/** Combinations of names in five minutes; calls of more are kept one by one. */
const SUMS_MAX = 20_000;

/**
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

  take(call: CallRecord): boolean {
    if (call.outcome !== 'success' || this.#isDrained || this.#hasRoom()) return false;
    const row = rowOf(call);
    const key = keyOf(row);
    const sum = this.#sums.get(key);
    if (sum === undefined) {
      this.#removeOld(row.atMs);
      if (this.#sums.size < SUMS_MAX) this.#sums.set(key, { ...row, figures: noFigures() });
      return false;
    }
    addCall(sum.figures, {
      atMs: Math.round(call.startedAtMs),
      outcome: call.outcome,
      durationMs: call.durationMs,
      tokens: (call.tokens?.input ?? 0) + (call.tokens?.output ?? 0),
      costUsd: call.costUsd ?? 0,
    });
    this.#wake(FLUSH_MS);
    return true;
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
    for (const { figures } of this.#sums.values()) this.#droppedCount += figures.calls;
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

  #wake(delayMs: number): void {
    this.#timer ??= this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.flush();
    });
  }

  async #write(): Promise<void> {
    const written = [...this.#sums].filter(([, { figures }]) => figures.calls > 0);
    if (written.length === 0) return;
    for (const [key, row] of written) this.#sums.set(key, { ...row, figures: noFigures() });
    const result = await this.#options.write(written.map(([, row]) => row));
    if (result === 'later') this.#putBack(written);
    if (result === 'never')
      for (const [, { figures }] of written) this.#droppedCount += figures.calls;
  }

  #putBack(unwritten: readonly (readonly [key: string, row: CallSumRow])[]): void {
    for (const [key, row] of unwritten) {
      const current = this.#sums.get(key);
      if (current) addFigures(current.figures, row.figures);
      else this.#sums.set(key, row);
    }
    if (!this.#isDrained) this.#wake(RETRY_MS);
  }

  /** Forgets combinations of earlier minutes, once they are written. */
  #removeOld(slotMs: number): void {
    if (slotMs <= this.#slotMs) return;
    this.#slotMs = slotMs;
    for (const [key, { atMs, figures }] of this.#sums)
      if (atMs < slotMs && figures.calls === 0) this.#sums.delete(key);
  }
}

type NamesOfSum = Omit<CallSumRow, 'figures'>;

function rowOf(call: CallRecord): NamesOfSum {
  return {
    atMs: beginOfSum(call.startedAtMs),
    isFromServer: call.direction === 'server_to_client',
    server: shorten(call.server),
    operation: shorten(call.operation),
    target: NAMING_OPERATIONS.has(call.operation) ? shortenKnown(call.target) : null,
    client: shortenKnown(call.client?.name),
    user: shortenKnown(call.user),
  };
}

/** Names may hold any character: with their lengths no two lists of names have the same key. */
function keyOf({
  atMs,
  isFromServer,
  server,
  operation,
  target,
  client,
  user,
}: NamesOfSum): string {
  return `${atMs} ${isFromServer} ${server.length} ${operation.length} ${target?.length} ${client?.length} ${user?.length} ${server}${operation}${target}${client}${user}`;
}
