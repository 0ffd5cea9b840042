import type { FailureFacts } from './classify-failure.ts';
import type { Clock } from '../facts/ports/clock.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** The limit passed, and not the parent's abort. */
  hasPassed(): boolean;
  /** Frees timer and listener; must be called in the end. */
  end(): void;
}

/** A signal that aborts after `limitMs` or with `parent`. One listener and one timer: `AbortSignal.any` costs more. */
export function startDeadline(clock: Clock, limitMs: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  let hasPassed = false;
  const onParentAbort = (): void => controller.abort();
  const timer = clock.after(limitMs, () => {
    hasPassed = true;
    controller.abort();
  });
  if (parent?.aborted) controller.abort();
  parent?.addEventListener('abort', onParentAbort, { once: true });
  return {
    signal: controller.signal,
    hasPassed: () => hasPassed,
    end() {
      timer.cancel();
      parent?.removeEventListener('abort', onParentAbort);
    },
  };
}

/** What an aborted wait means. `waitedFor` completes "No …", for example `answer to ping`. */
export function timeoutFacts(waitedFor: string, waitedMs: number): FailureFacts {
  return { kind: 'timeout', waitedFor, limitMs: waitedMs };
}
