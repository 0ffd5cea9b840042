import type { FailureFacts } from '../../domain/classify-failure.ts';
import type { Clock } from '../../probe/ports.ts';

/** The reason of a signal that a deadline aborted: tells our limit from the caller's abort. */
export class DeadlineExceeded extends Error {
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = 'DeadlineExceeded';
    this.limitMs = limitMs;
  }
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Frees timer and listener; must be called in the end. */
  end(): void;
}

/** A signal that aborts after `limitMs` or with `parent`. One listener and one timer: `AbortSignal.any` costs more. */
export function startDeadline(clock: Clock, limitMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  if (parent.aborted) controller.abort(parent.reason);
  const timer = clock.after(limitMs, () => controller.abort(new DeadlineExceeded(limitMs)));
  const onAbort = (): void => controller.abort(parent.reason);
  parent.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    end() {
      timer.cancel();
      parent.removeEventListener('abort', onAbort);
    },
  };
}

/** What an aborted signal means for whoever waited. `waitedFor` completes "No …". */
export function timeoutFacts(signal: AbortSignal, waitedFor: string): FailureFacts {
  const reason: unknown = signal.reason;
  return {
    kind: 'timeout',
    waitedFor,
    ...(reason instanceof DeadlineExceeded && { limitMs: reason.limitMs }),
  };
}
