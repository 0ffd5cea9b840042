import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, setUpProber } from '../../../fakes/set-up-prober.ts';

test('counts checks and failures, and keeps failures longer than successes', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count === 1 ? failing('reset') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(30_000 * 150);
  const detail = prober.detail('a');
  expect(detail?.checks).toBeGreaterThan(145);
  expect(detail?.failures).toBe(1);
  expect(detail?.recentChecks).toHaveLength(100);
  expect(detail?.recentChecks.some(({ outcome }) => outcome === 'reset')).toBe(false);
  expect(detail?.recentFailures.map(({ outcome }) => outcome)).toEqual(['reset']);
  expect(detail?.recentChecks[0]?.startedAtMs).toBeGreaterThan(
    detail?.recentChecks[1]?.startedAtMs ?? Infinity,
  );
});

test('keeps a shorter history per server when there are many', async () => {
  const { clock, prober } = setUpProber();
  const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
  prober.apply(names.map((name) => buildServer(name, { monitor: { enabled: name === 's0' } })));
  await clock.advance(30_000 * 30);
  expect(prober.detail('s0')?.recentChecks).toHaveLength(20);
});

test('calculates the uptime as the share of time in which the server was not Offline', async () => {
  const { clock, connector, prober } = setUpProber();
  let isDown = false;
  connector.script('a', () => (isDown ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  expect(prober.detail('a')).not.toHaveProperty('uptimeRatio');
  await clock.advance(87_000);
  expect(prober.detail('a')?.uptimeRatio).toBe(1);
  isDown = true;
  await clock.advance(99_000 - 87_000);
  expect(prober.detail('a')).toMatchObject({ status: 'offline', uptimeRatio: 1 });
  await clock.advance(99_000);
  expect(prober.detail('a')?.uptimeRatio).toBeCloseTo(0.5);
});

test('publishes no secret of the configuration in clear text', async () => {
  const { clock, prober, sink } = setUpProber();
  prober.apply([buildServer('a', { secrets: [new Secret('hunter-2-hunter')] })]);
  await clock.advance(40_000);
  prober.apply([]);
  expect(JSON.stringify(sink.facts)).not.toContain('hunter');
});
