import { expect, test } from 'vitest';
import {
  FIRST_STREAM,
  reopenSessionStream,
  REOPEN_MS_FIRST,
  resumeAnswer,
  type Resumption,
  retrySessionStream,
} from '../../../../src/protocol/http/resumption.ts';

const NOTHING = { lastEventId: undefined, retryMs: undefined };
const AT_E1: Resumption = { lastEventId: 'e1', pauseMs: 50, emptyTries: 0 };

test.each([
  ['without an event id, there is no rest', FIRST_STREAM, NOTHING, undefined],
  [
    'the first event id is where it goes on, after the usual pause',
    FIRST_STREAM,
    { lastEventId: 'e1', retryMs: undefined },
    { lastEventId: 'e1', pauseMs: REOPEN_MS_FIRST, emptyTries: 0 },
  ],
  [
    'an empty event id is one',
    FIRST_STREAM,
    { lastEventId: '', retryMs: undefined },
    { lastEventId: '', pauseMs: REOPEN_MS_FIRST, emptyTries: 0 },
  ],
  ['the server names the pause', FIRST_STREAM, { lastEventId: 'e1', retryMs: 50 }, AT_E1],
  [
    'a rest without news is asked for again, after the same pause',
    AT_E1,
    NOTHING,
    { ...AT_E1, emptyTries: 1 },
  ],
  [
    'the same id again is no news',
    { ...AT_E1, emptyTries: 1 },
    { lastEventId: 'e1', retryMs: 70 },
    { lastEventId: 'e1', pauseMs: 70, emptyTries: 2 },
  ],
  ['the third time in vain is the last', { ...AT_E1, emptyTries: 2 }, NOTHING, undefined],
  [
    'news begin the count anew',
    { ...AT_E1, emptyTries: 2 },
    { lastEventId: 'e2', retryMs: undefined },
    { lastEventId: 'e2', pauseMs: 50, emptyTries: 0 },
  ],
] as const)('a stream with an answer: %s', (_, before, end, expected) => {
  expect(resumeAnswer(before, end)).toEqual(expected);
});

test('the stream of a session is opened again whatever it said, as the server asks', () => {
  expect(reopenSessionStream(FIRST_STREAM, NOTHING)).toEqual(FIRST_STREAM);
  expect(reopenSessionStream(FIRST_STREAM, { lastEventId: 'e1', retryMs: 50 })).toEqual(AT_E1);
  expect(reopenSessionStream(AT_E1, NOTHING)).toEqual({
    lastEventId: 'e1',
    pauseMs: REOPEN_MS_FIRST,
    emptyTries: 0,
  });
});

test('as long as it cannot be opened, the pauses double up to half a minute', () => {
  const pausesMs: number[] = [];
  let resumption: Resumption = AT_E1;
  for (let round = 0; round < 7; round += 1) {
    resumption = retrySessionStream(resumption);
    pausesMs.push(resumption.pauseMs);
  }
  expect(pausesMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(resumption.lastEventId).toBe('e1');
});
