import type { IncomingHttpHeaders } from 'node:http';
import { resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { deleteSession } from './delete-session.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { type SessionContext, sessionIdOf } from './message-headers.ts';

/**
 * Sessions that nobody asked for any more: a server that takes longer for `initialize` than a check may last begins one
 * all the same, and keeps it for as long as nobody ends it. One per check adds up.
 */
export interface LateSessions {
  /** Ends the session that these headers name, as soon as they are there. */
  adopt(headers: Promise<IncomingHttpHeaders | undefined>): void;
  /** Ends a session, without waiting for it. */
  end(session: SessionContext): void;
  /** Resolves when all are ended, or after a short while. */
  settled(): Promise<void>;
}

const SETTLE_MS_MAX = 1_000;

export function createLateSessions(endpoint: HttpEndpoint, clock: Clock): LateSessions {
  const ending = new Set<Promise<void>>();

  async function endLate(late: Promise<IncomingHttpHeaders | undefined>): Promise<void> {
    const id = sessionIdOf(await late);
    if (id !== undefined) await deleteSession(endpoint, { sessionId: id }, clock);
  }

  function track(ended: Promise<void>): void {
    ending.add(ended);
    void ended.finally(() => ending.delete(ended));
  }

  return {
    adopt: (late) => track(endLate(late)),
    end: (session) => track(deleteSession(endpoint, session, clock)),
    async settled() {
      if (ending.size === 0) return;
      await resultWithin(clock, SETTLE_MS_MAX, Promise.all(ending));
    },
  };
}
