import type { Clock } from '../../facts/ports/clock.ts';

/** Whether `work` ends within `waitMs`. It goes on running if not; a rejection counts as an end and is left to others. */
export function settlesWithin(
  work: Promise<unknown>,
  waitMs: number,
  clock: Clock,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(waitMs, () => resolve(false));
    const settle = (): void => {
      timer.cancel();
      resolve(true);
    };
    work.then(settle, settle);
  });
}
