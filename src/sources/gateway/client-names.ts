import { isForwarded } from '../../facts/rules/request-origin.ts';
import { later, type MonotonicMs } from '../../facts/time.ts';
import type { SessionOpening } from './describe-call.ts';
import type { Carrier } from './exchange.ts';

type Caller = Pick<Carrier, 'request' | 'user'>;

/**
 * The names of clients of a legacy server without session ids: what `initialize` said, for the requests after it. They are found
 * by the authenticated user, else by the address and `User-Agent` of a connection without a proxy. If two different clients have
 * these in common, neither is named.
 *
 * Not by the connection alone: clients open several, and those of one process, or behind a proxy that adds no header, share them,
 * so that the call of one would get the name of the other.
 */
export interface ClientNames {
  /** After an `initialize` that succeeded. */
  remember(caller: Caller, opening: SessionOpening, atMs: MonotonicMs): void;
  find(caller: Caller, atMs: MonotonicMs): SessionOpening | undefined;
}

interface Remembered {
  readonly opening: SessionOpening;
  /** Another client has the same user, or address and `User-Agent`. */
  readonly isShared: boolean;
  expiresMs: MonotonicMs;
}

/** Of one server; past it the caller that was not seen for longest is forgotten. */
const CALLERS_MAX = 10_000;

/** @param idleMs without a request, after which a caller is forgotten */
export function createClientNames(idleMs: number): ClientNames {
  const callers = new Map<string, Remembered>();

  function keep(key: string, remembered: Remembered): void {
    // Deleted first, so that the map stays in the order of use.
    callers.delete(key);
    callers.set(key, remembered);
    const [oldest] = callers.keys();
    if (callers.size > CALLERS_MAX && oldest !== undefined) callers.delete(oldest);
  }

  function findBy(key: string | undefined, atMs: MonotonicMs): Remembered | undefined {
    const remembered = key === undefined ? undefined : callers.get(key);
    return remembered && remembered.expiresMs > atMs ? remembered : undefined;
  }

  return {
    remember(caller, opening, atMs) {
      const key = keyOf(caller);
      if (key === undefined) return;
      const former = findBy(key, atMs);
      const isShared =
        former !== undefined && (former.isShared || !isSame(former.opening, opening));
      keep(key, { opening, isShared, expiresMs: later(atMs, idleMs) });
    },
    find(caller, atMs) {
      if (callers.size === 0) return undefined;
      const key = keyOf(caller);
      const remembered = findBy(key, atMs);
      if (key === undefined || !remembered) return undefined;
      remembered.expiresMs = later(atMs, idleMs);
      keep(key, remembered);
      return remembered.isShared ? undefined : remembered.opening;
    },
  };
}

function isSame({ client: one }: SessionOpening, { client: other }: SessionOpening): boolean {
  return one?.name === other?.name && one?.version === other?.version;
}

function keyOf({ request, user }: Caller): string | undefined {
  if (user !== undefined) return `user ${user}`;
  if (!request || isForwarded(request)) return undefined;
  const { socket, headers } = request;
  return `address ${socket.remoteAddress ?? ''} ${String(headers['user-agent'])}`;
}
