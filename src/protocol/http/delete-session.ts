import type { Clock } from '../../facts/ports/clock.ts';
import { startDeadline } from '../../facts/deadline.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { type SessionContext, sessionHeaders } from './message-headers.ts';
import { readBody } from './read-body.ts';

const DELETE_MS_MAX = 2_000;

/**
 * Ends a session. Neither SDK does it on close, and servers keep what is not ended. Whatever the answer, 405 included
 * (the server ends sessions by itself), there is nothing to do about it. Has a limit of its own, since it also comes
 * after a check that ran out of time.
 */
export async function deleteSession(
  endpoint: HttpEndpoint,
  session: SessionContext,
  clock: Clock,
  limitMs = DELETE_MS_MAX,
): Promise<void> {
  const deadline = startDeadline(clock, limitMs);
  const { signal } = deadline;
  const sent = await endpoint.send({
    method: 'DELETE',
    headers: sessionHeaders(session),
    waitedFor: 'answer to DELETE',
    signal,
    isRepeatable: true,
  });
  if (sent.ok) await readBody(sent.response, signal);
  deadline.end();
}
