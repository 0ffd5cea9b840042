import { expect, test } from 'vitest';
import { createLineBatch } from '../../../../src/sinks/log/line-batch.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

function start() {
  const clock = createFakeClock();
  const written: (readonly [string, number])[] = [];
  const batch = createLineBatch(clock, (text, lineCount) => written.push([text, lineCount]));
  return { clock, batch, written };
}

test('lines are made when they are written, a few milliseconds after the first, in order', async () => {
  const { clock, batch, written } = start();
  let madeCount = 0;
  for (const text of ['a\n', 'b\n']) {
    batch.add(() => {
      madeCount += 1;
      return text;
    });
  }
  expect([madeCount, written]).toEqual([0, []]);
  await clock.advance(10);
  expect([madeCount, written]).toEqual([2, [['a\nb\n', 2]]]);
});

test('many lines do not wait, and none is written twice', async () => {
  const { clock, batch, written } = start();
  for (let i = 0; i < 300; i += 1) batch.add(() => `${i}\n`);
  expect(written.map(([, lineCount]) => lineCount)).toEqual([128, 128]);
  batch.flush();
  await clock.advance(20);
  const all = written.map(([text]) => text).join('');
  expect(all).toBe(Array.from({ length: 300 }, (_, i) => `${i}\n`).join(''));
});
