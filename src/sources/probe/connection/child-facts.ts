import type { ChildExited, ChildStarted } from '../../../facts/child-facts.ts';
import type { ProcessUsage } from '../../../facts/ports/process-usage.ts';
import type { Child } from '../../../protocol/stdio/child-process.ts';
import { createProcessMeter, type ProcessTable } from '../../../protocol/stdio/process-usage.ts';
import type { ChildObserver } from '../../../protocol/stdio/stdio-client.ts';

/** One walk over `/proc` serves all servers of a scrape. */
const USAGE_AGE_MS_MAX = 1_000;

/** Measures the children of one server and publishes their starts and ends as facts. */
export interface ChildWatch extends ChildObserver {
  onFirstMessage(child: Child, startMs: number): void;
  /** Undefined if nothing runs. CPU time includes the children before. */
  usageOf(running: Child | undefined): ProcessUsage | undefined;
}

export function watchChildren(
  server: string,
  table: ProcessTable,
  publish: (fact: ChildExited | ChildStarted) => void,
): ChildWatch {
  const meter = createProcessMeter(table, USAGE_AGE_MS_MAX);
  return {
    onFirstMessage({ pid }, startMs) {
      publish({ fact: 'child_start', server, pid, startMs });
    },
    onStartFailed(restartInMs) {
      const nothing = { code: null, signal: null, stderrTail: '' };
      publish({ fact: 'child_exit', server, reason: 'spawn_failed', ...nothing, restartInMs });
    },
    onEnd({ code, signal, stderrTail }, reason, restartInMs) {
      const ended = { fact: 'child_exit', server, reason, code, signal, stderrTail } as const;
      publish(restartInMs === undefined ? ended : { ...ended, restartInMs });
    },
    onClosing({ pid }) {
      meter.measure(pid);
    },
    usageOf: (running) => running && meter.measure(running.pid),
  };
}
