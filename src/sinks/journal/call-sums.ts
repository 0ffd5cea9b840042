import type { DatabaseSync } from 'node:sqlite';
import { CALL_SUM_MS } from '../../facts/call-log.ts';
import { UNCOUNTED_OUTCOMES, type CallOutcome } from '../../facts/call-outcome.ts';

/** Upper bounds of the buckets of durations; one more has the rest. */
export const BUCKET_BOUNDS_MS = [
  2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 120_000,
] as const;
export const BUCKET_COLUMNS: readonly string[] = [...BUCKET_BOUNDS_MS, Infinity].map(
  (_, index) => `b${index}`,
);

/** A call by the numbers of its names; 0 stands for none. */
export interface SummedCall {
  readonly atMs: number;
  readonly serverId: number;
  readonly operationId: number;
  readonly targetId: number;
  readonly clientId: number;
  readonly userId: number;
  readonly errorTypeId: number;
  readonly outcome: CallOutcome;
  readonly durationMs: number;
  readonly tokens: number;
  readonly costUsd: number;
}

/** What calls with the same names and outcome add up to, within `CALL_SUM_MS`. */
export interface SumFigures {
  calls: number;
  durationMs: number;
  tokens: number;
  costUsd: number;
  lastAtMs: number;
  readonly buckets: number[];
}

type SumKey = Omit<SummedCall, 'durationMs' | 'tokens' | 'costUsd'>;

interface Sum extends SumFigures {
  readonly first: SumKey;
  readonly atMs: number;
}

/** Sums up calls while a batch is written, so that a batch changes each row of the table once. */
export interface CallSums {
  add(call: SummedCall): void;
  /** Adds what was summed up elsewhere. */
  addFigures(key: SumKey, figures: SumFigures): void;
  /** Writes what was added, within a transaction of the caller. */
  flush(): void;
  /** Forgets what was added, because the transaction was rolled back. */
  forget(): void;
}

const KEYS =
  'at_ms, server_id, operation_id, target_id, client_id, user_id, error_type_id, outcome';
const SUMMED = ['calls', 'duration_ms', 'tokens', 'cost_usd', ...BUCKET_COLUMNS];

export function createCallSums(database: DatabaseSync): CallSums {
  const sums = new Map<string, Sum>();
  const columns = [...KEYS.split(', '), 'last_at_ms', ...SUMMED];
  const upsert = database.prepare(`
    INSERT INTO call_sums (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
    ON CONFLICT (${KEYS}) DO UPDATE SET last_at_ms = max(last_at_ms, excluded.last_at_ms),
      ${SUMMED.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`);

  function sumOf(key: SumKey): Sum {
    const atMs = beginOfSum(key.atMs);
    const text = `${atMs} ${key.serverId} ${key.operationId} ${key.targetId} ${key.clientId} ${key.userId} ${key.errorTypeId} ${key.outcome}`;
    let sum = sums.get(text);
    if (sum === undefined) {
      sum = { first: key, atMs, ...noFigures() };
      sums.set(text, sum);
    }
    return sum;
  }

  return {
    add(call) {
      addCall(sumOf(call), call);
    },
    addFigures(key, figures) {
      addFigures(sumOf(key), figures);
    },
    flush() {
      for (const { first, ...sum } of sums.values())
        upsert.run(
          sum.atMs,
          first.serverId,
          first.operationId,
          first.targetId,
          first.clientId,
          first.userId,
          first.errorTypeId,
          first.outcome,
          sum.lastAtMs,
          sum.calls,
          sum.durationMs,
          sum.tokens,
          sum.costUsd,
          ...sum.buckets,
        );
      sums.clear();
    },
    forget: () => sums.clear(),
  };
}

export function beginOfSum(atMs: number): number {
  return atMs - (atMs % CALL_SUM_MS);
}

export function noFigures(): SumFigures {
  const buckets = BUCKET_COLUMNS.map(() => 0);
  return { calls: 0, durationMs: 0, tokens: 0, costUsd: 0, lastAtMs: 0, buckets };
}

export function addFigures(sum: SumFigures, more: SumFigures): void {
  sum.calls += more.calls;
  sum.durationMs += more.durationMs;
  sum.tokens += more.tokens;
  sum.costUsd += more.costUsd;
  sum.lastAtMs = Math.max(sum.lastAtMs, more.lastAtMs);
  for (const [index, count] of more.buckets.entries())
    sum.buckets[index] = (sum.buckets[index] ?? 0) + count;
}

type AddedCall = Pick<SummedCall, 'atMs' | 'outcome' | 'durationMs' | 'tokens' | 'costUsd'>;

export function addCall(sum: SumFigures, call: AddedCall): void {
  sum.calls += 1;
  sum.tokens += call.tokens;
  sum.costUsd += call.costUsd;
  sum.lastAtMs = Math.max(sum.lastAtMs, call.atMs);
  // How long a refused or cancelled call took says nothing about the server.
  if (isUncounted(call.outcome)) return;
  sum.durationMs += call.durationMs;
  const found = BUCKET_BOUNDS_MS.findIndex((bound) => call.durationMs <= bound);
  const bucket = found === -1 ? BUCKET_BOUNDS_MS.length : found;
  sum.buckets[bucket] = (sum.buckets[bucket] ?? 0) + 1;
}

function isUncounted(outcome: CallOutcome): boolean {
  return (UNCOUNTED_OUTCOMES as readonly CallOutcome[]).includes(outcome);
}
