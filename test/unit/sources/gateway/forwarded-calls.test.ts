import { expect, test } from 'vitest';
import type { CallVerdict } from '../../../../src/facts/call-outcome.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { ForwardedCalls } from '../../../../src/sources/gateway/forwarded-calls.ts';
import { buildTracker, callsInto } from '../../../fakes/build-tracker.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

const BROKEN: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'connection' };
const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const NO_FACTS = { hasResult: false, isError: false };

function setUp(hasOwnAnswers: boolean) {
  const clock = createFakeClock();
  const records: CallRecord[] = [];
  let spans = 0;
  const tracker = buildTracker({
    clock,
    hub: callsInto(records),
    newSpanId: () => `span ${(spans += 1)}`,
    answerTimeoutMs: 30_000,
  });
  const calls = new ForwardedCalls({
    tracker,
    clock,
    carrier: {
      transport: hasOwnAnswers ? 'http' : 'sse',
      verb: 'POST',
      era: 'legacy',
      receivedAtMs: clock.nowMs(),
      receivedMs: clock.monotonicMs(),
      bytes: 10,
    },
    hasOwnAnswers,
  });
  const begin = (id: string, bytes?: number): void =>
    calls.perform(
      {
        kind: 'begin_call',
        facts: { ...NO_FACTS, id, method: 'tools/call' },
        ...(bytes !== undefined && { bytes }),
        ...(!hasOwnAnswers && { parkedAs: EXPIRED }),
      },
      clock.monotonicMs(),
    );
  const answer = (id: string): void =>
    calls.perform(
      {
        kind: 'answer_call',
        facts: { ...NO_FACTS, id, hasResult: true },
        bytes: 5,
        session: undefined,
      },
      clock.monotonicMs(),
    );
  const endOpen = (): void =>
    calls.perform(
      { kind: 'end_open_calls', verdict: BROKEN, message: 'reset' },
      clock.monotonicMs(),
    );
  const ends = () => records.map(({ requestId, outcome }) => `${requestId} ${outcome}`);
  return { clock, records, calls, begin, answer, endOpen, ends };
}

test('a response in the answer to the same request ends its call, the rest end without one', () => {
  const { begin, answer, endOpen, ends } = setUp(true);
  begin('1');
  begin('2');
  answer('2');
  endOpen();
  expect(ends()).toEqual(['2 success', '1 transport_error']);
});

test('with HTTP+SSE the answer to a POST has no responses', () => {
  const { begin, answer, ends } = setUp(false);
  begin('1');
  answer('1');
  expect(ends()).toEqual([]);
});

test('with HTTP+SSE requests with one id all end when their POST fails', () => {
  const { begin, endOpen, ends } = setUp(false);
  begin('1');
  begin('1');
  endOpen();
  expect(ends()).toEqual(['1 transport_error', '1 transport_error']);
});

test('a call that never gets its response ends as it was parked', async () => {
  const { clock, begin, ends } = setUp(false);
  begin('1');
  await clock.advance(32_000);
  expect(ends()).toEqual(['1 timeout']);
});

test('of two requests with one id the first one ends alone, and the trace is that of the second', () => {
  const { clock, calls, records, begin } = setUp(true);
  begin('1');
  const message = 'another request of the batch has its id';
  calls.perform({ kind: 'end_call', id: '1', verdict: BROKEN, message }, clock.monotonicMs());
  begin('1');
  expect(records.map(({ trace, errorMessage }) => [trace.spanId, errorMessage])).toEqual([
    ['span 1', message],
  ]);
  expect(calls.first?.trace.spanId).toBe('span 2');
});

test('a call has the bytes of its own share, else those of the request', () => {
  const { records, begin, endOpen } = setUp(true);
  begin('1', 4);
  begin('2');
  endOpen();
  expect(records.map(({ requestBytes }) => requestBytes)).toEqual([4, 10]);
});

test('the time between a response and its end is overhead of the calls that are open', async () => {
  const { clock, calls, records, begin, answer, endOpen } = setUp(true);
  begin('1');
  begin('2');
  const sinceMs = clock.monotonicMs();
  await clock.advance(3);
  calls.noteOverhead(sinceMs);
  answer('1');
  await clock.advance(4);
  calls.noteOverhead(sinceMs);
  endOpen();
  expect(records.map(({ overheadMs }) => overheadMs)).toEqual([3, 10]);
});
