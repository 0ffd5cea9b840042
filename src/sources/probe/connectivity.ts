import type { ProbeOutcome } from '../../facts/probe-outcome.ts';
import type { HttpTarget, StdioTarget } from '../../facts/server.ts';
import type { MonotonicMs } from '../../facts/time.ts';

/**
 * Whether our own network is the suspect. Design: only when at least three different non-loopback hosts fail at once, all
 * by dns or timeout.
 *
 * "At once" means: newly failing, within `WINDOW_MS`, with no evidence to the contrary in between. An answer of any
 * non-loopback host, or a failure of another kind, clears the record and lifts the suspicion. Hosts of servers that are
 * already Offline are no evidence: otherwise three dead servers among a few others would keep the suspicion up for ever.
 * A suspicion does not expire, because hosts with long intervals may not have been checked again yet.
 */
export interface ConnectivityState {
  readonly isSuspected: boolean;
  /** Lost hosts, by name, least recent first; at most `HOSTS_MAX`. */
  readonly lost: ReadonlyMap<string, LostHost>;
}

interface LostHost {
  readonly server: string;
  readonly atMs: MonotonicMs;
}

export interface ConnectivityEvidence {
  readonly host: string;
  readonly server: string;
  readonly outcome: ProbeOutcome;
  readonly isOffline: boolean;
  readonly atMs: MonotonicMs;
}

const HOSTS_MIN = 3;
const HOSTS_MAX = 16;
const WINDOW_MS = 60_000;

export const INITIAL_CONNECTIVITY: ConnectivityState = { isSuspected: false, lost: new Map() };

export function weighConnectivity(
  state: ConnectivityState,
  evidence: ConnectivityEvidence,
): ConnectivityState {
  if (!pointsAtUs(evidence.outcome)) return state.lost.size === 0 ? state : INITIAL_CONNECTIVITY;
  if (evidence.isOffline) return state;
  const kept = [...state.lost].filter(([host, { atMs }]) => {
    return host !== evidence.host && (state.isSuspected || evidence.atMs - atMs <= WINDOW_MS);
  });
  const entry = [evidence.host, { server: evidence.server, atMs: evidence.atMs }] as const;
  return settle(new Map([...kept, entry].slice(-HOSTS_MAX)), state.isSuspected);
}

/** Drops the evidence of a server that was removed from the configuration. */
export function forgetServer(state: ConnectivityState, server: string): ConnectivityState {
  const lost = new Map([...state.lost].filter(([, host]) => host.server !== server));
  return lost.size === state.lost.size ? state : settle(lost, false);
}

/** The failures that a broken network on our side would cause. */
export function pointsAtUs(outcome: ProbeOutcome): boolean {
  return outcome === 'dns' || outcome === 'timeout';
}

/** The host whose reachability a check of `target` proves; `undefined` for children, loopback and unreadable URLs. */
export function remoteHostOf(target: HttpTarget | StdioTarget): string | undefined {
  if (target.kind === 'stdio') return undefined;
  const host = URL.parse(target.url)?.hostname;
  return host === undefined || host === '' || isLoopback(host) ? undefined : host;
}

const LOOPBACK =
  /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\])\.?$/;

function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

function settle(lost: ReadonlyMap<string, LostHost>, isHeld: boolean): ConnectivityState {
  return { isSuspected: isHeld || lost.size >= HOSTS_MIN, lost };
}
