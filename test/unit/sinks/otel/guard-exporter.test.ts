import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { guardExporter } from '../../../../src/sinks/otel/guard-exporter.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

type Answer = (result: ExportResult) => void;
const WORKED: ExportResult = { code: 0 };
const TIMEOUT_MS = 5_000;

function guard(exportSpans: SpanExporter['export']) {
  const clock = createFakeClock();
  const events: string[] = [];
  const results: ExportResult[] = [];
  const guarded = guardExporter(
    { export: exportSpans, shutdown: async () => {} },
    {
      clock,
      timeoutMs: TIMEOUT_MS,
      onTaken: (count) => events.push(`taken ${count}`),
      onWorked: () => events.push('worked'),
      onFailed: (count, reason) => events.push(`failed ${count}: ${reason}`),
    },
  );
  const send = (count: number): void =>
    guarded.export(Array<ReadableSpan>(count), (result) => results.push(result));
  return { clock, events, results, send };
}

test('an export that works is told of once, and leaves no timer', () => {
  const { clock, events, results, send } = guard((_, done) => done(WORKED));

  send(3);

  expect(events).toEqual(['taken 3', 'worked']);
  expect(results).toEqual([WORKED]);
  expect(clock.pendingCount()).toBe(0);
});

test.each<[string, Error | undefined, string]>([
  ['its message', new Error('Bad Gateway'), 'Bad Gateway'],
  ['its code where the message is empty', Object.assign(new Error(''), { code: 'EX' }), 'EX'],
  ['a sentence where there is no error', undefined, 'the export failed'],
])('a failed export is told of with %s', (_, error, reason) => {
  const { events, send } = guard((_spans, done) => done({ code: 1, ...(error && { error }) }));

  send(2);

  expect(events).toEqual(['taken 2', `failed 2: ${reason}`]);
});

test('an exporter that throws has failed', () => {
  const { events, results, send } = guard(() => {
    throw new Error('broken');
  });

  send(1);

  expect(events).toEqual(['taken 1', 'failed 1: broken']);
  // The SDK has nothing to do with failures.
  expect(results).toEqual([WORKED]);
});

test('an exporter that answers twice is heard once', () => {
  const { results, events, send } = guard((_, done) => {
    done({ code: 1 });
    done(WORKED);
  });

  send(1);

  expect(results).toHaveLength(1);
  expect(events).toHaveLength(2);
});

test('an export without an answer fails in time, and a late answer changes nothing', async () => {
  const answers: Answer[] = [];
  const { clock, events, results, send } = guard((_, done) => answers.push(done));

  send(1);
  await clock.advance(TIMEOUT_MS);
  answers[0]?.(WORKED);

  expect(events).toEqual(['taken 1', 'failed 1: the collector does not answer']);
  expect(results).toHaveLength(1);
});

test('a collector that never answers holds 32 batches, and gets more once it answers', async () => {
  const answers: Answer[] = [];
  const { clock, events, send } = guard((_, done) => answers.push(done));

  for (let index = 0; index < 40; index += 1) {
    send(1);
    await clock.advance(TIMEOUT_MS);
  }
  expect(answers).toHaveLength(32);
  expect(events.at(-1)).toBe('failed 1: the collector has not answered earlier exports');

  answers[0]?.(WORKED);
  send(1);
  expect(answers).toHaveLength(33);
});
