import { pause } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { readEvents } from '../sse/read-events.ts';
import { createSseDecoder } from '../sse/sse-decoder.ts';
import type { HttpResult } from './http-endpoint.ts';
import { isEventStream } from './read-answer.ts';
import { BRIDGE_LIMITS, ERROR_LIMITS, readBody } from './read-body.ts';
import { FIRST_STREAM, reopenSessionStream, retrySessionStream } from './resumption.ts';

export interface SessionStreamOptions {
  open(lastEventId: string | undefined): Promise<HttpResult>;
  /** Whether the session is still the one whose stream this is. */
  isWanted(): boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  onText(text: string): void;
}

/**
 * Follows the stream of a session for what the server sends on its own, and opens it again for as long as the session
 * lasts. A server without such a stream answers 405. Never rejects.
 */
export async function followSessionStream(options: SessionStreamOptions): Promise<void> {
  const { signal, clock } = options;
  let resumption = FIRST_STREAM;
  while (options.isWanted() && !signal.aborted) {
    const opened = await options.open(resumption.lastEventId);
    if (opened.ok && isEventStream(opened.response)) {
      const decoder = createSseDecoder(BRIDGE_LIMITS);
      await readEvents(opened.response, signal, decoder, ({ event, data }) => {
        if (event === 'message') options.onText(data);
        return true;
      });
      const end = { lastEventId: decoder.lastEventId(), retryMs: decoder.retryMs() };
      resumption = reopenSessionStream(resumption, end);
    } else {
      if (opened.ok) {
        await readBody(opened.response, signal, ERROR_LIMITS);
        if ((opened.response.statusCode ?? 0) < 500) return;
      }
      resumption = retrySessionStream(resumption);
    }
    await pause(clock, resumption.pauseMs, signal);
  }
}
