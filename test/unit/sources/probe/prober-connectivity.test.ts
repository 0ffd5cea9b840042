import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, setUpProber } from '../../../fakes/set-up-prober.ts';

const REMOTE = ['alpha.example', 'beta.example', 'gamma.example', 'delta.example'];
const remotes = (): ReturnType<typeof buildServer>[] =>
  REMOTE.map((host) => buildServer(host, { url: `https://${host}/mcp` }));

test('suspects our own network and changes no status when every remote host fails by dns or timeout at once', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let isCut = false;
  for (const host of REMOTE) connector.script(host, () => (isCut ? failing('dns') : {}));
  prober.apply([...remotes(), buildServer('local')]);
  await clock.advance(20_000);
  isCut = true;
  sink.clear();
  await clock.advance(300_000);
  expect(sink.of('status')).toEqual([]);
  expect(sink.of('connectivity')).toMatchObject([
    { suspected: true, servers: expect.arrayContaining(REMOTE.slice(0, 3)) },
  ]);
  expect(prober.connectivitySuspected()).toBe(true);
  expect(prober.detail('beta.example')).toMatchObject({
    status: 'healthy',
    reason: 'own connectivity suspected, verdict held: it was dns',
  });
  expect(prober.detail('local')?.consecutiveFailures).toBe(0);
});

test('suspects our own network before the first verdict, although the checks are an interval apart', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let isCut = false;
  const intervals = [20_000, 290_000, 290_000, 290_000];
  for (const host of REMOTE) connector.script(host, () => (isCut ? failing('timeout') : {}));
  prober.apply(
    remotes().map((server, index) => ({
      ...server,
      monitor: { ...server.monitor, intervalMs: intervals[index] ?? 0 },
    })),
  );
  await clock.advance(5_000);
  isCut = true;
  sink.clear();
  await clock.advance(60_000);
  expect(sink.of('connectivity')).toHaveLength(1);
  expect(sink.of('status')).toEqual([]);
});

test('lifts the suspicion when one remote host answers, and judges those that still fail', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let isCut = false;
  let isAlphaBack = false;
  for (const host of REMOTE)
    connector.script(host, () =>
      isCut && !(isAlphaBack && host === REMOTE[0]) ? failing('dns') : {},
    );
  prober.apply(remotes());
  await clock.advance(20_000);
  isCut = true;
  await clock.advance(100_000);
  isAlphaBack = true;
  await clock.advance(100_000);
  expect(sink.of('connectivity').map(({ suspected }) => suspected)).toEqual([true, false]);
  expect(prober.views().map(({ status }) => status)).toEqual([
    'healthy',
    'offline',
    'offline',
    'offline',
  ]);
});

test('does not count a removed server for the suspicion', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  for (const host of REMOTE) connector.script(host, () => failing('dns'));
  prober.apply(remotes().slice(0, 3));
  await clock.advance(20_000);
  expect(prober.connectivitySuspected()).toBe(true);
  prober.apply(remotes().slice(0, 2));
  expect(prober.connectivitySuspected()).toBe(false);
  expect(sink.of('connectivity').map(({ suspected }) => suspected)).toEqual([true, false]);
});

test('does not suspect our own network when remote hosts refuse', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  for (const host of REMOTE) connector.script(host, () => failing('refused'));
  prober.apply(remotes());
  await clock.advance(20_000);
  expect(prober.views().map(({ status }) => status)).toEqual(REMOTE.map(() => 'offline'));
  expect(sink.of('connectivity')).toEqual([]);
});

test('does not suspect our own network when servers on loopback time out', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  const names = Array.from({ length: 10 }, (_, index) => `s${index}`);
  for (const name of names) connector.script(name, () => failing('timeout'));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(20_000);
  expect(sink.of('connectivity')).toEqual([]);
  expect(new Set(prober.views().map(({ status }) => status))).toEqual(new Set(['offline']));
});
