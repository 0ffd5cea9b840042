import type { CallRecord } from '../../facts/call-record.ts';
import type { FactListener } from '../../facts/hub.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import {
  type CallTally,
  compareWithChecks,
  countCall,
  createCallTally,
  mustBeWeighedAgain,
  takeEvidence,
  viewCalls,
} from './call-tally.ts';
import type { ExpediteReason } from './schedule.ts';
import { noteCallEvidence, type ServerRecord, type StatusChange } from './server-record.ts';

export interface CallWatchOptions {
  readonly record: ServerRecord;
  readonly clock: Clock;
  readonly publish: FactListener;
  readonly historyMax: () => number;
  /** A call asks for the next check to come sooner. */
  readonly expedite: (reason: ExpediteReason) => void;
}

/**
 * Evidence from the real calls of one server: it feeds the server's health, brings checks forward and is compared with
 * the results of the checks.
 *
 * Noting a call only counts it. A timer that only a call starts evaluates the count a second later, and is set again only
 * while something is in force that must end once the window has moved on. A server without calls costs nothing.
 */
export interface CallWatch {
  note(call: CallRecord): void;
  /** A steady check was evaluated. */
  noteCheck(change: StatusChange | undefined): void;
  view(): Pick<ServerView, 'errorRate' | 'disagreement'>;
  stop(): void;
}

const WEIGH_AFTER_MS = 1_000;

export function createCallWatch(options: CallWatchOptions): CallWatch {
  const { record, clock, expedite } = options;
  const tally = createCallTally(record.spec.monitor);
  let timer: Timer | undefined;

  function onTimer(): void {
    weigh(tally, options);
    const isDone = !tally.window || !mustBeWeighedAgain(tally, record.health);
    timer = isDone
      ? undefined
      : clock.after(Math.max(WEIGH_AFTER_MS, tally.window?.stepMs ?? 0), onTimer);
  }

  return {
    note(call) {
      const reason = countCall(tally, call, clock.monotonicMs());
      timer ??= clock.after(WEIGH_AFTER_MS, onTimer);
      if (reason) expedite(reason);
    },
    noteCheck(change) {
      // What was counted before belongs to the previous verdict.
      if (change && (change.to === 'offline' || change.from === 'offline')) tally.window?.clear();
      weigh(tally, options);
    },
    view: () => viewCalls(tally, clock.monotonicMs()),
    stop() {
      timer?.cancel();
    },
  };
}

function weigh(tally: CallTally, { record, clock, publish, historyMax }: CallWatchOptions): void {
  const monotonicMs = clock.monotonicMs();
  const evidence = takeEvidence(tally, monotonicMs);
  if (!evidence) return;
  const server = record.spec.name;
  const moment = { epochMs: clock.nowMs(), monotonicMs, historyMax: historyMax() };
  const change = noteCallEvidence(record, evidence, moment);
  if (change) publish({ fact: 'status', server, ...change });
  const disagreement = compareWithChecks(tally, record.health, monotonicMs);
  if (!disagreement) return;
  const { disagrees, detail } = disagreement;
  publish({ fact: 'disagreement', server, disagrees, detail });
}
