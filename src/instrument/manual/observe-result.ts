export interface ResultObserver {
  returned(value: unknown): void;
  failed(error: Error): void;
}

/** Tells how `run` ends, now or when its promise settles. The result is returned as it is, the same promise included. */
export function observeResult<Result>(run: () => Result, observer: ResultObserver): Result {
  let result: Result;
  try {
    result = run();
  } catch (error) {
    observer.failed(asError(error));
    throw error;
  }
  if (!isThenable(result)) {
    observer.returned(result);
    return result;
  }
  // The rejection is handled here, and remains the caller's to handle.
  void result.then(
    (value) => observer.returned(value),
    (error: unknown) => observer.failed(asError(error)),
  );
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
