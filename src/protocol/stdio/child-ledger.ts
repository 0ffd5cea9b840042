import { classifyFailure, type FailureFacts } from '../classify-failure.ts';
import type { ChildExited, ChildStarted, ExitReason } from '../../facts/child-facts.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import { NO_RESTARTS, rememberEnd, restartDelayMs } from './child-backoff.ts';
import { type ChildChannel, type ChildEnd, exitFacts } from './child-channel.ts';
import { createProcessMeter, type ProcessTable } from './process-usage.ts';
import type { WireFailure } from '../wire.ts';

/** One walk over `/proc` serves all servers of a scrape. */
const USAGE_AGE_MS_MAX = 1_000;

export interface ChildLedgerOptions {
  readonly server: string;
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly onChild: (fact: ChildExited | ChildStarted) => void;
}

/** Knows all children that one server has and had: who runs, how they ended, what they used, when the next may start. */
export interface ChildLedger {
  /** From now on `closeAll` and `killAll` reach it, until all that it started is gone. */
  track(channel: ChildChannel): void;
  noteFirstMessage(pid: number, startMs: number): void;
  noteSpawnFailure(facts: FailureFacts): void;
  /** @param reason told instead of what the end looks like */
  noteEnd(end: ChildEnd, reason?: ExitReason): void;
  /** Ends a child that is of no use. Counts as a failed start. */
  discard(channel: ChildChannel, failure: WireFailure): void;
  /** Why the last child that failed did so. */
  lastFailure(): WireFailure;
  /** Until the next child may be started. */
  delayMs(): number;
  usage(): ProcessUsage | undefined;
  /** Resolves when everything is gone. An end in it is no failure. */
  closeAll(): Promise<void>;
  killAll(): void;
}

export function createChildLedger(options: ChildLedgerOptions): ChildLedger {
  const { clock, onChild, server } = options;
  const meter = createProcessMeter(options.table, USAGE_AGE_MS_MAX);
  /** At most two: one that ends, one that starts. */
  const channels = new Set<ChildChannel>();
  let history = NO_RESTARTS;
  let lastFailure: WireFailure = { outcome: 'exit', detail: 'The process was ended.' };

  function blame(failure: WireFailure, livedMs: number): void {
    lastFailure = failure;
    history = rememberEnd(history, { livedMs, atMs: clock.monotonicMs() });
  }

  function close(channel: ChildChannel): Promise<void> {
    // The last moment to see what it used.
    if (!channel.end()) meter.measure(channel.pid);
    return channel.close();
  }

  return {
    track(channel) {
      channels.add(channel);
      void channel.gone.then(() => channels.delete(channel));
    },
    noteFirstMessage(pid, startMs) {
      onChild({ fact: 'child_start', server, pid, startMs });
    },
    noteSpawnFailure(facts) {
      const nothing = { code: null, signal: null, stderrTail: '' };
      blame(classifyFailure(facts), 0);
      const restartInMs = restartDelayMs(history, clock.monotonicMs());
      onChild({ fact: 'child_exit', server, reason: 'spawn_failed', ...nothing, restartInMs });
    },
    noteEnd(end, reason = exitReasonOf(end)) {
      const { code, signal, stderrTail } = end;
      const ended = { fact: 'child_exit', server, reason, code, signal, stderrTail } as const;
      if (end.wasStopped || reason === 'stopped') return onChild(ended);
      blame(classifyFailure(exitFacts(end)), end.livedMs);
      onChild({ ...ended, restartInMs: restartDelayMs(history, clock.monotonicMs()) });
    },
    discard(channel, failure) {
      if (channel.end()) return;
      blame(failure, 0);
      void close(channel);
    },
    lastFailure: () => lastFailure,
    delayMs: () => restartDelayMs(history, clock.monotonicMs()),
    usage() {
      const running = [...channels].findLast((channel) => !channel.end());
      return running && meter.measure(running.pid);
    },
    async closeAll() {
      await Promise.all([...channels].map(close));
    },
    killAll() {
      for (const channel of channels) channel.killGroup();
    },
  };
}

function exitReasonOf(end: ChildEnd): ExitReason {
  if (end.wasStopped) return 'stopped';
  if (end.signal !== null) return 'signal';
  return end.code === 0 ? 'exit_zero' : 'exit_nonzero';
}
