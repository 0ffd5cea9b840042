import * as api from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { runInSpan } from '../../../../src/instrument/tracing/run-in-span.ts';
import { setUpOtel, tearDownOtel } from './set-up-otel.ts';

afterEach(tearDownOtel);

test('a span lasts as long as its function, and is the parent of those within', async () => {
  const exporter = setUpOtel(api);
  const result = await runInSpan('database_query', async (span) => {
    span.setAttribute('query_type', 'select');
    span.addEvent('query_completed');
    await Promise.resolve();
    return runInSpan('inner', () => 42);
  });
  expect(result).toBe(42);
  const [inner, query] = exporter.getFinishedSpans();
  expect(query).toMatchObject({
    name: 'database_query',
    attributes: { query_type: 'select' },
    events: [{ name: 'query_completed' }],
    status: { code: api.SpanStatusCode.UNSET },
  });
  expect(inner?.parentSpanContext?.spanId).toBe(query?.spanContext().spanId);
});

test.each([
  [
    'throws',
    () => {
      throw new RangeError('too far');
    },
  ],
  ['rejects', () => Promise.reject(new RangeError('too far'))],
])('a function that %s fails its span, and its error stays', async (_title, run) => {
  const exporter = setUpOtel(api);
  await expect((async () => runInSpan('work', run))()).rejects.toThrow(RangeError);
  expect(exporter.getFinishedSpans()[0]).toMatchObject({
    status: { code: api.SpanStatusCode.ERROR, message: 'too far' },
    attributes: { 'error.type': 'RangeError' },
    events: [{ name: 'exception' }],
  });
});

test('without a provider, the function runs all the same, and its promise is its own', () => {
  const promise = Promise.resolve(1);
  const result = runInSpan('work', (span) => {
    span.setAttribute('a', 1);
    span.setAttributes({ b: 2 });
    span.addEvent('c');
    span.updateName('d');
    span.recordException(new Error('e'));
    expect(span.spanContext().traceFlags).toBe(0);
    return promise;
  });
  expect(result).toBe(promise);
});
