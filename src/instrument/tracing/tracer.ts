import { runInSpan } from './run-in-span.ts';

/** Spans of your own, for what happens within a call. */
export const tracer = {
  /** Runs a function in a span; see `runInSpan`. */
  span: runInSpan,
} as const;
