import type { OtelSpan } from './otel.ts';

/** The span of a call that goes on. */
export interface CallSpan {
  readonly span: OtelSpan;
  /** Runs `run` with the span as the active one. */
  runIn<Result>(run: () => Result): Result;
}
