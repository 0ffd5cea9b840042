import type { FactListener } from '../../facts/hub.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import {
  describeLateness,
  type LatenessEvidence,
  ON_TIME,
  weighLateness,
} from '../../facts/rules/lateness.ts';

/** Keeps the state of `lateness.ts` for all servers and publishes each change of its verdict. */
export interface LatenessGuard {
  /** A steady check ended. */
  note(evidence: Omit<LatenessEvidence, 'atMs'>): void;
  isLate(): boolean;
}

export function createLatenessGuard(clock: Clock, publish: FactListener): LatenessGuard {
  let state = ON_TIME;
  return {
    note(evidence) {
      const before = state.isLate;
      state = weighLateness(state, { ...evidence, atMs: clock.monotonicMs() });
      if (state.isLate === before) return;
      const detail = describeLateness(state);
      publish({ fact: 'lateness', isLate: state.isLate, atMs: clock.nowMs(), detail });
    },
    isLate: () => state.isLate,
  };
}
