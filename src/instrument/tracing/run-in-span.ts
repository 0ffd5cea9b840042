import { observeResult } from '../manual/observe-result.ts';
import { findOtel, failSpan, type OtelSpan, type SpanAttributes } from './otel.ts';

/** What a function can do with its span; all of it does nothing if no OpenTelemetry provider is registered. */
export type AuthorSpan = Pick<
  OtelSpan,
  'setAttribute' | 'setAttributes' | 'addEvent' | 'recordException' | 'updateName' | 'spanContext'
>;

/** `INTERNAL` of the API. */
const KIND_INTERNAL = 0;

/**
 * Runs `run` in a span: the parent of the spans that it starts, ended when it returns or its promise settles, failed if it throws.
 * @returns what `run` returns, unchanged
 */
export function runInSpan<Result>(
  name: string,
  run: (span: AuthorSpan) => Result,
  attributes: SpanAttributes = {},
): Result {
  const otel = findOtel();
  if (!otel) return run(createIdleSpan());
  const span = otel.tracer.startSpan(name, { kind: KIND_INTERNAL, attributes }, otel.active);
  return observeResult(() => otel.runIn(span, otel.active, () => run(span)), {
    returned: () => span.end(),
    failed(error) {
      const { message } = error;
      span.recordException({ name: error.name, message });
      span.setAttribute('error.type', error.name);
      failSpan(span, message);
      span.end();
    },
  });
}

function createIdleSpan(): AuthorSpan {
  const nothing = (): void => {};
  return {
    setAttribute: nothing,
    setAttributes: nothing,
    addEvent: nothing,
    recordException: nothing,
    updateName: nothing,
    spanContext: () => ({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }),
  };
}
