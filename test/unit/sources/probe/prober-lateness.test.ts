import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { setUpProber } from '../../../fakes/set-up-prober.ts';

const BY_US = {
  outcome: 'timeout',
  detail: 'No answer',
  durationMs: 5_000,
  lateMs: 4_000,
} as const;

test('a server whose checks time out because the exporter is late does not go Offline', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) => (kind === 'steady' && count > 0 ? { ...BY_US } : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(120_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy' });
  expect(prober.detail('a')?.reason).toContain('the exporter itself was late, verdict held');
});

test('a server that hangs goes Offline although the exporter is a little late', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count > 0 ? { ...BY_US, lateMs: 2_000 } : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(120_000);
  expect(prober.detail('a')).toMatchObject({ status: 'offline' });
});

test('publishes once that the exporter is late, and once that it is on time again', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let lateMs = 0;
  connector.script('a', () => ({ lateMs }));
  prober.apply([buildServer('a')]);
  await clock.advance(60_000);
  expect(prober.isLate()).toBe(false);
  lateMs = 900;
  await clock.advance(120_000);
  expect(prober.isLate()).toBe(true);
  lateMs = 0;
  await clock.advance(180_000);
  expect(prober.isLate()).toBe(false);
  expect(sink.of('lateness').map(({ isLate }) => isLate)).toEqual([true, false]);
});
