import { expect, test } from 'vitest';
import {
  createInputRounds,
  INPUT_ROUND_MS_MAX,
} from '../../../../src/sinks/prometheus/input-rounds.ts';

test('a round that is answered in time is not abandoned, one that is not counts once', () => {
  const rounds = createInputRounds();
  rounds.asked('a', 0);
  rounds.asked('b', 0);
  rounds.answered('a');
  expect(rounds.takeAbandoned(INPUT_ROUND_MS_MAX)).toBe(0);
  expect(rounds.takeAbandoned(INPUT_ROUND_MS_MAX + 1)).toBe(1);
  expect(rounds.takeAbandoned(INPUT_ROUND_MS_MAX + 1)).toBe(0);
});

test('a state that is asked again waits anew', () => {
  const rounds = createInputRounds();
  rounds.asked('a', 0);
  rounds.asked('a', INPUT_ROUND_MS_MAX);
  expect(rounds.takeAbandoned(INPUT_ROUND_MS_MAX + 1)).toBe(0);
});

test('an unknown state changes nothing', () => {
  const rounds = createInputRounds();
  rounds.answered('never asked');
  expect(rounds.takeAbandoned(Number.MAX_SAFE_INTEGER)).toBe(0);
});

test('past the bound the oldest is forgotten without being counted', () => {
  const rounds = createInputRounds(2);
  for (const state of ['a', 'b', 'c']) rounds.asked(state, 0);
  expect(rounds.takeAbandoned(INPUT_ROUND_MS_MAX + 1)).toBe(2);
});

test('states of a megabyte that differ at the end of their first kilobyte or in length are told apart', () => {
  const rounds = createInputRounds();
  const long = 'x'.repeat(1_000_000);
  rounds.asked(`${'y'.repeat(1_000)}a${long}`, 0);
  rounds.answered(`${'y'.repeat(1_000)}b${long}`);
  rounds.asked(long, 0);
  rounds.answered(`${long}x`);
  expect(rounds.takeAbandoned(INPUT_ROUND_MS_MAX + 1)).toBe(2);
});
