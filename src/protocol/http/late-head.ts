import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import { isSuccess } from './http-status.ts';

/** How long the head of an answer is waited for after its request was aborted. */
const LATE_HEAD_MS = 5_000;

export interface LateHead {
  readonly headers: Promise<IncomingHttpHeaders | undefined>;
  /** Waits no longer. */
  cut(): void;
}

/** The body of such an answer interests nobody, so the connection goes with it. */
export function awaitLateHead(outgoing: ClientRequest, clock: Clock): LateHead {
  const { promise: headers, resolve } = Promise.withResolvers<IncomingHttpHeaders | undefined>();
  const end = (found?: IncomingHttpHeaders): void => {
    timer.cancel();
    resolve(found);
    outgoing.destroy();
  };
  const timer = clock.after(LATE_HEAD_MS, end);
  outgoing.once('response', (response) => {
    response.on('error', () => undefined);
    end(isSuccess(response.statusCode ?? 0) ? response.headers : undefined);
  });
  outgoing.once('close', () => end());
  return { headers, cut: end };
}
