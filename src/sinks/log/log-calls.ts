import { isFailure } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { AuthAttempted, RateLimitExceeded, SessionEnded } from '../../facts/gateway-facts.ts';
import type { Hub } from '../../facts/hub.ts';
import { createCallLines } from './call-lines.ts';
import type { ServiceLog } from './create-log.ts';

export interface CallLogOptions {
  /** A line per exchange. */
  readonly access: boolean;
  /** A line per run of a tool. */
  readonly plugin: boolean;
  /** A line per tool call; with the arguments where the record has them. */
  readonly audit: boolean;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

/** Refusals come as fast as a client likes: each kind is a line a minute, with the number of those left out. */
const REPEAT_MS = 60_000;
const REPEATS_MAX = 1_000;
const USER_CHARS_MAX = 256;

/**
 * Writes what passes the gateway: `access`, `plugin` and `audit` at info, the failures of servers (`error`) at warn, each with
 * server, request, session, trace and user. Lines that cannot be written in time are dropped and counted by the log.
 * @returns a function that ends it
 */
export function logCalls(
  hub: Pick<Hub, 'subscribe'>,
  log: Pick<ServiceLog, 'warn' | 'debug' | 'lines' | 'labels'>,
  { access, plugin, audit, clock }: CallLogOptions,
): () => void {
  const lines = createCallLines(log.labels.text);
  const repeats = createRepeatGuard(() => clock.monotonicMs());

  function logCall(call: CallRecord): void {
    const atMs = clock.nowMs();
    // A level that is off costs nothing: no line is made.
    if (log.lines.isEnabled('info')) {
      if (access) log.lines.write(() => lines.access(call, atMs));
      const isToolCall = call.operation === 'tools/call';
      if (plugin && isToolCall) log.lines.write(() => lines.plugin(call, atMs));
      if (audit && isToolCall) log.lines.write(() => lines.audit(call, atMs));
    }
    if (isFailure(call.outcome) && log.lines.isEnabled('warn'))
      log.lines.write(() => lines.error(call, atMs));
  }

  function logAuthFailure({ method }: AuthAttempted): void {
    repeats.pass(`auth ${method}`, (leftOutCount) =>
      log.warn({ channel: 'access', method, leftOutCount }, 'authentication failed'),
    );
  }

  function logRateLimit(fact: RateLimitExceeded): void {
    const { server } = fact;
    const user = fact.user.slice(0, USER_CHARS_MAX);
    repeats.pass(`rate ${server} ${user}`, (leftOutCount) =>
      log.warn({ channel: 'access', server, user, leftOutCount }, 'rate limit exceeded'),
    );
  }

  function logSessionEnd({ server, transport, protocolVersion, durationMs }: SessionEnded): void {
    const fields = { channel: 'access', server, transport, protocolVersion, durationMs } as const;
    log.debug(fields, 'session ended');
  }

  return hub.subscribe((fact) => {
    if (fact.fact === 'call') logCall(fact);
    else if (fact.fact === 'auth' && fact.status === 'failure') logAuthFailure(fact);
    else if (fact.fact === 'rate_limit') logRateLimit(fact);
    else if (fact.fact === 'session') logSessionEnd(fact);
  });
}

interface RepeatGuard {
  /** Runs `write` for the first of its key, and again a minute later at the earliest. */
  pass(key: string, write: (leftOutCount: number) => void): void;
}

function createRepeatGuard(monotonicMs: () => number): RepeatGuard {
  const seen = new Map<string, { readonly atMs: number; leftOutCount: number }>();
  return {
    pass(key, write) {
      const nowMs = monotonicMs();
      const last = seen.get(key);
      if (last && nowMs - last.atMs < REPEAT_MS) {
        last.leftOutCount += 1;
        return;
      }
      // Deleted first, so that the map stays in the order of time and the oldest one makes room.
      seen.delete(key);
      const [oldest] = seen.keys();
      if (seen.size >= REPEATS_MAX && oldest !== undefined) seen.delete(oldest);
      seen.set(key, { atMs: nowMs, leftOutCount: 0 });
      write(last?.leftOutCount ?? 0);
    },
  };
}
