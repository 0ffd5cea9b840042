/** Pause before a stream of events is opened again, unless the server names one by `retry`. */
export const REOPEN_MS_FIRST = 1_000;
const REOPEN_MS_MAX = 30_000;
/** How often in succession a stream may be opened again without a new event id. */
const EMPTY_TRIES_MAX = 3;

/** How a stream of events that ended is continued. */
export interface Resumption {
  /** Undefined as long as no event had an id. */
  readonly lastEventId: string | undefined;
  /** Pause before it is opened again. */
  readonly pauseMs: number;
  readonly emptyTries: number;
}

/** The last event id and the last `retry` of a stream that ended. */
export interface StreamEnd {
  readonly lastEventId: string | undefined;
  readonly retryMs: number | undefined;
}

export const FIRST_STREAM: Resumption = Object.freeze({
  lastEventId: undefined,
  pauseMs: REOPEN_MS_FIRST,
  emptyTries: 0,
});

/**
 * What follows when the stream with an answer ended before the answer. Undefined if the rest cannot be asked for, or if
 * the last requests for it brought nothing new.
 */
export function resumeAnswer(before: Resumption, end: StreamEnd): Resumption | undefined {
  const lastEventId = end.lastEventId ?? before.lastEventId;
  const emptyTries = lastEventId === before.lastEventId ? before.emptyTries + 1 : 0;
  if (lastEventId === undefined || emptyTries >= EMPTY_TRIES_MAX) return undefined;
  return { lastEventId, pauseMs: end.retryMs ?? before.pauseMs, emptyTries };
}

/** The same for the stream that a session has of its own: it is opened for as long as the session lasts. */
export function reopenSessionStream(before: Resumption, end: StreamEnd): Resumption {
  return {
    lastEventId: end.lastEventId ?? before.lastEventId,
    pauseMs: end.retryMs ?? REOPEN_MS_FIRST,
    emptyTries: 0,
  };
}

/** What follows when it could not be opened: the pauses double. */
export function retrySessionStream({ lastEventId, pauseMs, emptyTries }: Resumption): Resumption {
  const nextPauseMs = emptyTries === 0 ? REOPEN_MS_FIRST : Math.min(pauseMs * 2, REOPEN_MS_MAX);
  return { lastEventId, pauseMs: nextPauseMs, emptyTries: emptyTries + 1 };
}
