import type { CallRecord } from '../../facts/call-record.ts';
import type { FactListener } from '../../facts/hub.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import {
  type CallTally,
  changeTally,
  compareWithChecks,
  countCall,
  mustBeWeighedAgain,
  takeEvidence,
  viewCalls,
} from './call-tally.ts';
import type { ExpediteReason } from './schedule.ts';
import { noteCallEvidence, type ServerRecord, type StatusChange } from './server-record.ts';

export interface CallWatchOptions {
  readonly record: ServerRecord;
  /** Outlives the watch if another watch takes over. */
  readonly tally: CallTally;
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
  /** The settings of the record changed. */
  reconfigure(): void;
  stop(): void;
}

const WEIGH_AFTER_MS = 1_000;

export function createCallWatch(options: CallWatchOptions): CallWatch {
  const { record, tally, clock, expedite } = options;
  let timer: Timer | undefined;

  function onTimer(): void {
    weigh(options);
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
      weigh(options);
    },
    view: () => viewCalls(tally, clock.monotonicMs()),
    reconfigure() {
      changeTally(tally, record.spec.monitor);
    },
    stop() {
      timer?.cancel();
    },
  };
}

function weigh({ record, tally, clock, publish, historyMax }: CallWatchOptions): void {
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
