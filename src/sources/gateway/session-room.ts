import type { MonotonicMs } from '../../facts/time.ts';
import { RESERVED_RATIO } from './fair-share.ts';

/** A session that a client has open, or is opening. */
export interface HeldSession {
  readonly client: string;
  readonly isBusy: boolean;
  readonly usedMs: MonotonicMs;
}

export type SessionRoom<Session> =
  | { readonly kind: 'free' }
  /** A session that is idle has to make room. */
  | { readonly kind: 'end'; readonly session: Session }
  | { readonly kind: 'full' };

/** A session that was used since is not ended for another one. */
const IDLE_MS_MIN = 5_000;

/**
 * Whether a client may open one more session of a server, so that no client can take them all: up to seven eighths everybody
 * may; beyond that only who has less than a fair share. Otherwise an idle session makes room: one of the client's own, or, for a
 * client below its share, one of the client that has the most.
 *
 * @param max sessions of all clients
 */
export function findSessionRoom<Session extends HeldSession>(
  sessions: readonly Session[],
  client: string,
  max: number,
  nowMs: MonotonicMs,
): SessionRoom<Session> {
  const held = countByClient(sessions);
  const own = held.get(client) ?? 0;
  const share = max / (held.size + (own === 0 ? 1 : 0));
  const isCommon = sessions.length < max - Math.floor(max * RESERVED_RATIO);
  if (isCommon || (sessions.length < max && own < share / 2)) return { kind: 'free' };
  const isBelow = own < share;
  const session = sessions
    .filter((each) => !each.isBusy && nowMs - each.usedMs > IDLE_MS_MIN)
    .filter((each) => each.client === client || (isBelow && (held.get(each.client) ?? 0) > own))
    .toSorted((a, b) => rankOf(b) - rankOf(a) || a.usedMs - b.usedMs)
    .at(0);
  return session ? { kind: 'end', session } : { kind: 'full' };

  function rankOf(each: Session): number {
    return held.get(each.client) ?? 0;
  }
}

function countByClient(sessions: readonly HeldSession[]): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const { client } of sessions) held.set(client, (held.get(client) ?? 0) + 1);
  return held;
}
