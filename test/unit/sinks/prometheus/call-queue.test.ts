import { expect, test } from 'vitest';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { createCallQueue } from '../../../../src/sinks/prometheus/call-queue.ts';
import { buildCall } from '../../../fakes/build-call.ts';

test('calls are counted once each and in order, when asked for or when many wait', () => {
  const counted: CallRecord[] = [];
  const queue = createCallQueue((call) => counted.push(call));
  const calls = Array.from({ length: 200 }, (_, i) => buildCall({ requestId: String(i) }));
  for (const call of calls) queue.add(call);
  expect(counted).toHaveLength(128);
  queue.flush();
  queue.flush();
  expect(counted).toEqual(calls);
});

test('an exception is reported and costs the other calls nothing', () => {
  const counted: string[] = [];
  const queue = createCallQueue(({ requestId }) => {
    if (requestId === 'bad') throw new Error('a mistake');
    counted.push(requestId);
  });
  for (const requestId of ['a', 'bad', 'b']) queue.add(buildCall({ requestId }));
  expect(() => queue.flush()).toThrow('a mistake');
  expect(counted).toEqual(['a', 'b']);
});
