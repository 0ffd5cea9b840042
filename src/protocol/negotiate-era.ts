import type { Era } from '../facts/server.ts';
import { assessDiscover } from './assess-discover.ts';
import { classifyFailure, type FailureFacts } from './classify-failure.ts';
import { discoverAnswerOf } from './discover-answer.ts';

/** `isLimited`: the server may never answer, and `initialize` needs the rest of the time. */
export type HandshakeRequest =
  | { readonly request: 'discover'; readonly isLimited: boolean }
  | { readonly request: 'initialize' };

/** A handshake request that failed. */
export interface FailedRequest {
  readonly request: HandshakeRequest['request'];
  readonly facts: FailureFacts;
}

/**
 * With which request a session of a remote server is opened next, given those that failed so far; undefined if the last
 * failure is the result.
 */
export function nextHandshakeRequest(
  knownEra: Era | undefined,
  failed: readonly FailedRequest[],
): HandshakeRequest | undefined {
  const [first, second, third] = failed;
  if (!first) {
    return knownEra === 'legacy'
      ? { request: 'initialize' }
      : { request: 'discover', isLimited: knownEra === undefined };
  }
  if (knownEra !== undefined || third) return undefined;
  if (!second) {
    const verdict = assessDiscover(discoverAnswerOf(first.facts));
    return verdict.kind === 'try_initialize' ? { request: 'initialize' } : undefined;
  }
  // A modern server that was merely slow refuses `initialize` and says so.
  const wasTooSlow = first.facts.kind === 'timeout';
  return wasTooSlow && classifyFailure(second.facts).outcome === 'protocol_version'
    ? { request: 'discover', isLimited: false }
    : undefined;
}
