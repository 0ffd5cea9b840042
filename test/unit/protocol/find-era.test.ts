import { expect, test } from 'vitest';
import type { EraVerdict } from '../../../src/protocol/assess-discover.ts';
import type { FailureFacts } from '../../../src/protocol/classify-failure.ts';
import { type EraFinding, findEra } from '../../../src/protocol/find-era.ts';
import type { EraQuestion } from '../../../src/protocol/negotiate-era.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';

type Reply = 'modern' | 'not_modern' | 'dropped' | 'accepted' | 'refused';

const VERDICTS: Readonly<Record<Reply, EraVerdict>> = {
  modern: { kind: 'modern' },
  not_modern: { kind: 'try_initialize', isAnswer: true },
  dropped: { kind: 'try_initialize', isAnswer: false },
  accepted: { kind: 'none' },
  refused: { kind: 'none' },
};
const REFUSED: FailureFacts = {
  kind: 'rpc',
  method: 'initialize',
  error: { code: -32022, message: '' },
};

/** A server that gives each answer so long after its question; a question without an answer is never answered. */
type Script = Partial<Record<EraQuestion, readonly [afterMs: number, reply: Reply]>>;

async function find(script: Script, waitMs: number) {
  const clock = createFakeClock();
  const startedAtMs = clock.monotonicMs();
  const asked: string[] = [];
  let finding: EraFinding<Reply> | undefined;
  void findEra<Reply>(
    {
      ask(question) {
        asked.push(`${question} at ${clock.monotonicMs() - startedAtMs}`);
        const { promise, resolve } = Promise.withResolvers<Reply>();
        const answer = script[question];
        if (answer) clock.after(answer[0], () => resolve(answer[1]));
        return promise;
      },
      readDiscover: (reply) => VERDICTS[reply],
      readInitialize: (reply) => (reply === 'accepted' ? 'accepted' : REFUSED),
      canAsk: () => true,
      onOverdue: () => asked.push('overdue'),
    },
    { clock, discoverLimitMs: 2_000 },
  ).then((found) => (finding = found));
  let tookMs = 0;
  while (finding === undefined && tookMs < waitMs) {
    await clock.advance(100);
    tookMs += 100;
  }
  const { by, isAssumed } = finding ?? {};
  return { by, isAssumed, tookMs, asked, timers: clock.pendingCount() };
}

test('an answer within the limit decides at once', async () => {
  expect(await find({ discover: [500, 'modern'] }, 10_000)).toEqual({
    by: 'discover',
    isAssumed: false,
    tookMs: 500,
    asked: ['discover at 0'],
    timers: 0,
  });
});

test('a first answer after three seconds wins over an initialize that was sent meanwhile', async () => {
  const script: Script = { discover: [3_000, 'modern'], initialize: [1_500, 'refused'] };
  expect(await find(script, 10_000)).toMatchObject({
    by: 'discover',
    tookMs: 3_000,
    asked: ['discover at 0', 'overdue', 'initialize at 2000'],
  });
});

test('a first answer that comes a moment after that to initialize wins', async () => {
  const script: Script = { discover: [3_000, 'modern'], initialize: [900, 'accepted'] };
  expect(await find(script, 10_000)).toMatchObject({ by: 'discover', tookMs: 3_000, timers: 0 });
});

test('a server that accepts initialize and stays silent is assumed to be legacy', async () => {
  const script: Script = { initialize: [100, 'accepted'] };
  expect(await find(script, 10_000)).toMatchObject({
    by: 'initialize',
    isAssumed: true,
    tookMs: 3_100,
    timers: 0,
  });
});

test('a legacy server that starts slowly is known to be one', async () => {
  const script: Script = { discover: [3_000, 'not_modern'], initialize: [1_000, 'accepted'] };
  expect(await find(script, 10_000)).toMatchObject({ by: 'initialize', isAssumed: false });
});

test('a modern server that lost the first question is asked again when it refuses initialize', async () => {
  const script: Script = { initialize: [100, 'refused'], discover_again: [100, 'modern'] };
  expect(await find(script, 10_000)).toMatchObject({
    by: 'discover_again',
    tookMs: 2_200,
    asked: ['discover at 0', 'overdue', 'initialize at 2000', 'discover_again at 2100'],
  });
});

test('a modern server that is slow to answer is waited for after it refused initialize', async () => {
  const script: Script = { discover: [20_000, 'modern'], initialize: [100, 'refused'] };
  expect(await find(script, 30_000)).toMatchObject({ by: 'discover', tookMs: 20_000, timers: 0 });
});
