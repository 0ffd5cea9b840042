import { expect, test } from 'vitest';
import { activityAt, type Rhythm } from '../../../src/demo/fleet/daily-rhythm.ts';
import { nextCall, nextServer, PERSONAS } from '../../../src/demo/fleet/personas.ts';
import { fateOf, lifetimeOf, type TroubleKind } from '../../../src/demo/fleet/trouble.ts';

const RHYTHMS: readonly Rhythm[] = ['office', 'always', 'night'];
const KINDS: readonly TroubleKind[] = ['slow', 'flaky', 'mortal'];

/** Evenly over what `Math.random` gives. */
function evenly(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n / count);
}

test.each(RHYTHMS)(
  'the rhythm %s never stops, and has its peak at 1 on a working day',
  (rhythm) => {
    const week = evenly(7 * 24 * 60).map((share) =>
      activityAt(rhythm, new Date(Date.UTC(2026, 0, 5) + share * 7 * 86_400_000)),
    );
    expect(Math.min(...week)).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...week)).toBe(1);
  },
);

test.each<readonly [rhythm: Rhythm, busy: string, quiet: string]>([
  ['office', '2026-01-07T10:00:00Z', '2026-01-07T03:00:00Z'],
  ['office', '2026-01-07T10:00:00Z', '2026-01-10T10:00:00Z'],
  ['night', '2026-01-07T01:30:00Z', '2026-01-07T12:00:00Z'],
])('in the rhythm %s %s is busier than %s', (rhythm, busy, quiet) => {
  expect(activityAt(rhythm, new Date(busy))).toBeGreaterThan(
    2 * activityAt(rhythm, new Date(quiet)),
  );
});

test.each<readonly [kind: TroubleKind, delayMsMin: number, failures: number]>([
  ['slow', 500, 0],
  ['flaky', 0, 50],
  ['mortal', 0, 0],
])('of a thousand requests to a %s server each waits %i ms or more, and %i fail', (...expected) => {
  const [kind, delayMsMin, failures] = expected;
  const fates = evenly(1_000).map((share) => fateOf(kind, () => share));
  expect(Math.min(...fates.map(({ delayMs }) => delayMs))).toBeGreaterThanOrEqual(delayMsMin);
  expect(fates.filter(({ end }) => end !== 'answer')).toHaveLength(failures);
});

test('only a mortal server dies, and stays dead long enough for an alert', () => {
  const mortal = KINDS.filter((kind) => lifetimeOf(kind, () => 0) !== undefined);
  expect(mortal).toEqual(['mortal']);
  expect(lifetimeOf('mortal', () => 0)?.downMs).toBeGreaterThanOrEqual(120_000);
});

test.each(PERSONAS)('$name uses each of its servers, the first one most', (persona) => {
  const used = evenly(1_000).map((share) => nextServer(persona, () => share));
  expect(new Set(used)).toEqual(new Set(persona.servers));
  const [first, second] = persona.servers;
  const count = (server: string | undefined) => used.filter((name) => name === server).length;
  expect(count(first)).toBeGreaterThan(count(second));
});

test.each(PERSONAS.flatMap(({ servers }) => servers))('%s is asked for tools', (server) => {
  const tools = new Set(evenly(100).map((share) => nextCall(server, () => share).name));
  expect(tools.size).toBeGreaterThan(2);
});
