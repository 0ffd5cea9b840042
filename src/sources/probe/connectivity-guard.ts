import {
  type ConnectivityEvidence,
  type ConnectivityState,
  forgetServer,
  INITIAL_CONNECTIVITY,
  pointsAtUs,
  weighConnectivity,
} from './connectivity.ts';
import type { FactListener } from '../../facts/hub.ts';
import type { Clock } from '../../facts/ports/clock.ts';

/** Keeps `connectivity.ts` for all servers together and tells when it changes its mind. */
export interface ConnectivityGuard {
  /** Weighs one steady check of a remote host; whether its failure is to be taken for ours. */
  judge(evidence: Omit<ConnectivityEvidence, 'atMs'>): boolean;
  /** The same for a check that is no evidence of its own. */
  isSuspect(outcome: ConnectivityEvidence['outcome']): boolean;
  forget(server: string): void;
  isSuspected(): boolean;
}

export function createConnectivityGuard(clock: Clock, publish: FactListener): ConnectivityGuard {
  let state = INITIAL_CONNECTIVITY;

  function enter(next: ConnectivityState): void {
    const involved = next.isSuspected ? next.lost : state.lost;
    const hasChanged = next.isSuspected !== state.isSuspected;
    state = next;
    if (!hasChanged) return;
    const servers = [...involved.values()].map(({ server }) => server);
    publish({ fact: 'connectivity', suspected: state.isSuspected, atMs: clock.nowMs(), servers });
  }

  const isSuspect = (outcome: ConnectivityEvidence['outcome']): boolean =>
    state.isSuspected && pointsAtUs(outcome);

  return {
    judge(evidence) {
      enter(weighConnectivity(state, { ...evidence, atMs: clock.monotonicMs() }));
      return isSuspect(evidence.outcome);
    },
    isSuspect,
    forget: (server) => enter(forgetServer(state, server)),
    isSuspected: () => state.isSuspected,
  };
}
