import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ERROR_SAMPLES_MAX } from '../../facts/error-log.ts';
import {
  errorFingerprint,
  type ErrorIdentity,
  errorPattern,
} from '../../facts/rules/error-fingerprint.ts';
import { numberOf } from './rows.ts';

/** One failed call. */
export interface ErrorEvent extends ErrorIdentity {
  readonly atMs: number;
  readonly message: string;
  readonly stack: string | null;
  readonly durationMs: number;
  readonly client: string | null;
  readonly clientVersion: string | null;
  readonly user: string | null;
  readonly session: string | null;
  readonly request: string;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
}

interface Group {
  readonly id: number;
  /** In this batch. */
  count: number;
  firstAtMs: number;
  lastAtMs: number;
  /** The newest of this batch. */
  readonly samples: ErrorEvent[];
}

/** Counts errors into their groups while a batch is written, so that a batch changes each group once. */
export interface ErrorWriter {
  /** @returns the id of its group */
  add(event: ErrorEvent): number;
  /** Writes counts and samples, within the transaction in which they were added. */
  flush(): void;
  /** Forgets what was added, because the transaction was rolled back. */
  forget(): void;
}

/** Messages whose pattern is remembered: most errors repeat. */
const PATTERNS_MAX = 1_000;

export function createErrorWriter(database: DatabaseSync): ErrorWriter {
  const statements = prepareStatements(database);
  const groups = new Map<string, Group>();
  const patterns = new Map<string, string>();

  function patternOf(message: string): string {
    const known = patterns.get(message);
    if (known !== undefined) return known;
    if (patterns.size >= PATTERNS_MAX) patterns.clear();
    const pattern = errorPattern(message);
    patterns.set(message, pattern);
    return pattern;
  }

  return {
    add(event) {
      const pattern = patternOf(event.message);
      const fingerprint = errorFingerprint(event, pattern);
      let group = groups.get(fingerprint);
      if (group === undefined) {
        const id = findOrInsert(statements, event, fingerprint, pattern);
        group = { id, count: 0, firstAtMs: event.atMs, lastAtMs: event.atMs, samples: [] };
        groups.set(fingerprint, group);
      }
      group.count += 1;
      group.firstAtMs = Math.min(group.firstAtMs, event.atMs);
      group.lastAtMs = Math.max(group.lastAtMs, event.atMs);
      group.samples.push(event);
      if (group.samples.length > ERROR_SAMPLES_MAX) group.samples.shift();
      return group.id;
    },
    flush() {
      for (const group of groups.values()) writeGroup(statements, group);
      groups.clear();
    },
    forget: () => groups.clear(),
  };
}

interface ErrorStatements {
  readonly find: StatementSync;
  readonly insert: StatementSync;
  readonly count: StatementSync;
  readonly insertSample: StatementSync;
  readonly removeSamples: StatementSync;
}

function prepareStatements(database: DatabaseSync): ErrorStatements {
  return {
    find: database.prepare('SELECT id FROM error_groups WHERE fingerprint = ?'),
    insert: database.prepare(`
      INSERT INTO error_groups (fingerprint, server, operation, target, outcome, error_type, message, pattern, count, first_at_ms, last_at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?) RETURNING id`),
    count: database.prepare(`
      UPDATE error_groups SET count = count + ?, first_at_ms = min(first_at_ms, ?), last_at_ms = max(last_at_ms, ?), message = ?
      WHERE id = ?`),
    insertSample: database.prepare(`
      INSERT INTO error_samples (group_id, at_ms, message, stack, rpc_code, duration_ms, client, client_version, user, session, request, trace_id, span_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    removeSamples: database.prepare(`
      DELETE FROM error_samples WHERE group_id = ?1 AND id <= (
        SELECT id FROM error_samples WHERE group_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${ERROR_SAMPLES_MAX})`),
  };
}

function findOrInsert(
  { find, insert }: ErrorStatements,
  event: ErrorEvent,
  fingerprint: string,
  pattern: string,
): number {
  const found = find.get(fingerprint);
  if (found) return numberOf(found, 'id');
  const { server, operation, target, outcome, errorType, message, atMs } = event;
  const values = [server, operation, target ?? null, outcome, errorType, message, pattern];
  return numberOf(insert.get(fingerprint, ...values, atMs, atMs), 'id');
}

function writeGroup({ count, insertSample, removeSamples }: ErrorStatements, group: Group): void {
  const { id, samples } = group;
  const newest = samples.at(-1)?.message ?? '';
  count.run(group.count, group.firstAtMs, group.lastAtMs, newest, id);
  for (const sample of samples)
    insertSample.run(
      id,
      sample.atMs,
      sample.message,
      sample.stack,
      sample.rpcCode ?? null,
      sample.durationMs,
      sample.client,
      sample.clientVersion,
      sample.user,
      sample.session,
      sample.request,
      sample.traceId,
      sample.spanId,
    );
  removeSamples.run(id);
}
