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

/** Keeps the state of `connectivity.ts` for all servers and publishes each change of its verdict. */
export interface ConnectivityGuard {
  /** Evaluates one steady check of a remote host. Returns whether its failure counts as a failure of our own network. */
  judge(evidence: Omit<ConnectivityEvidence, 'atMs'>): boolean;
  /** The same for a check that is not evidence in itself. */
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
