import type { Clock } from './ports/clock.ts';

/** Waiting with a limit: every wait in the service that may take too long uses one of these. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether the limit passed; `false` if `parent` aborted first. */
  hasPassed(): boolean;
  /** Releases timer and listener; must be called in the end. */
  end(): void;
}

/** The abort reason of a signal whose time limit passed, so that messages can name the configured limit. */
export class LimitPassed extends Error {
  override readonly name = 'LimitPassed';
  /** Milliseconds. */
  readonly limitMs: number;

  constructor(limitMs: number) {
    super('the time limit passed');
    this.limitMs = limitMs;
  }
}

/** A signal that aborts after `limitMs` or with `parent`. One listener and one timer: `AbortSignal.any` costs more. */
export function startDeadline(clock: Clock, limitMs: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  let hasPassed = false;
  const onParentAbort = (): void => controller.abort(parent?.reason);
  const timer = clock.after(limitMs, () => {
    hasPassed = true;
    controller.abort(new LimitPassed(limitMs));
  });
  if (parent?.aborted) onParentAbort();
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

/** What `work` resolves to, or `undefined` if it takes longer than `limitMs`, in which case it continues to run. */
export async function resultWithin<Result>(
  clock: Clock,
  limitMs: number,
  work: Promise<Result>,
): Promise<Result | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = clock.after(limitMs, () => resolve(undefined));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}

/** Whether `work` ends within `limitMs`. If not, it continues to run. A rejection counts as an end. */
export function endsWithin(
  clock: Clock,
  limitMs: number,
  work: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(limitMs, () => resolve(false));
    const end = (): void => {
      timer.cancel();
      resolve(true);
    };
    work.then(end, end);
  });
}

/** Resolves after `delayMs`, or early if `signal` aborts. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(delayMs, end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

/** What `work` resolves to, or `undefined` if `signal` aborts first; it goes on running then. */
export async function resultUnlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = (): void => resolve(undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
