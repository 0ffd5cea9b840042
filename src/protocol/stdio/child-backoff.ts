/** A child that ran this long did not fail to start: the back-off begins again. */
const STABLE_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const RESTART_DELAY_MS_MAX = 60_000;

/** How the children of one server ended so far. Immutable. */
export interface RestartHistory {
  /** Children in a row that ended soon after their start. */
  readonly failures: number;
  /** When the last one ended; monotonic. */
  readonly endedAtMs: number;
}

export const NO_RESTARTS: RestartHistory = { failures: 0, endedAtMs: 0 };

/** @param ended `livedMs` is zero for a child that could not be started at all. */
export function rememberEnd(
  history: RestartHistory,
  ended: { readonly livedMs: number; readonly atMs: number },
): RestartHistory {
  return {
    failures: ended.livedMs >= STABLE_AFTER_MS ? 1 : history.failures + 1,
    endedAtMs: ended.atMs,
  };
}

/**
 * How long to wait until the next child may be started: 1 s after a first failure, doubling, at most one minute; 0: at once.
 * @param delayMsMax a shorter limit than one minute
 */
export function restartDelayMs(
  history: RestartHistory,
  nowMs: number,
  delayMsMax = RESTART_DELAY_MS_MAX,
): number {
  if (history.failures === 0) return 0;
  const delayMs = Math.min(
    FIRST_DELAY_MS * 2 ** Math.min(history.failures - 1, 16),
    RESTART_DELAY_MS_MAX,
    delayMsMax,
  );
  return Math.max(0, history.endedAtMs + delayMs - nowMs);
}
