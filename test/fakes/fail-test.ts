/** For callbacks that report an error of ours: an uncaught exception fails the run, whoever caught the error before. */
export function failTest(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
