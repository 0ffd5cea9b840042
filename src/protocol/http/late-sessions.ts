import type { IncomingHttpHeaders } from 'node:http';
import { resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { deleteSession } from './delete-session.ts';
import type { HttpEndpoint } from './http-endpoint.ts';

/**
 * Sessions that nobody asked for any more: a server that takes longer for `initialize` than a check may last begins one
 * all the same, and keeps it for as long as nobody ends it. One per check adds up.
 */
export interface LateSessions {
  /** Ends the session that these headers name, as soon as they are there. */
  adopt(headers: Promise<IncomingHttpHeaders | undefined>): void;
  /** Ends the session of these request headers, without waiting for it. */
  end(headers: Readonly<Record<string, string>>): void;
  /** Resolves when all are ended, or after a short while. */
  settled(): Promise<void>;
}

/** A session id is visible ASCII (2025-11-25, Streamable HTTP, Session Management); anything else is not sent back. */
const SESSION_ID = /^[\x21-\x7E]{1,1024}$/;
const SETTLE_MS_MAX = 1_000;

export function createLateSessions(endpoint: HttpEndpoint, clock: Clock): LateSessions {
  const ending = new Set<Promise<void>>();

  async function endLate(late: Promise<IncomingHttpHeaders | undefined>): Promise<void> {
    const id = sessionIdOf(await late);
    if (id !== undefined) await deleteSession(endpoint, { 'mcp-session-id': id }, clock);
  }

  function track(ended: Promise<void>): void {
    ending.add(ended);
    void ended.finally(() => ending.delete(ended));
  }

  return {
    adopt: (late) => track(endLate(late)),
    end: (headers) => track(deleteSession(endpoint, headers, clock)),
    async settled() {
      if (ending.size === 0) return;
      await resultWithin(clock, SETTLE_MS_MAX, Promise.all(ending));
    },
  };
}

/** The session that an answer names, if it may be sent back. */
export function sessionIdOf(headers: IncomingHttpHeaders | undefined): string | undefined {
  const id = headers?.['mcp-session-id'];
  return typeof id === 'string' && SESSION_ID.test(id) ? id : undefined;
}
