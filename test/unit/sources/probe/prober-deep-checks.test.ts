import { expect, test } from 'vitest';
import type { CapabilitySnapshot } from '../../../../src/facts/capability-snapshot.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

const snapshotOf = (hashes: Record<string, string>): CapabilitySnapshot => ({
  takenAtMs: asEpochMs(0),
  lists: {
    tools: {
      definitions: Object.entries(hashes).map(([name, hash]) => ({ name, hash, description: '' })),
      bytes: 10,
    },
  },
});

test('runs a deep check after the first success, and then on its own interval', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(1_250_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 600, 1_200]);
});

test('runs no deep check of a server that never answers', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  await clock.advance(2_000_000);
  expect(connector.startsOf('a', 'deep')).toEqual([]);
});

test('delays a deep check that falls due while Offline until the server recovers', async () => {
  const { clock, connector, prober } = setUpProber();
  let isDown = false;
  connector.script('a', () => (isDown ? failing('refused') : {}));
  prober.apply([buildServer('a', { monitor: { offlineIntervalMsMax: 30_000 } })]);
  await clock.advance(300_000);
  isDown = true;
  await clock.advance(600_000);
  expect(connector.startsOf('a', 'deep')).toHaveLength(1);
  isDown = false;
  await clock.advance(60_000);
  expect(connector.startsOf('a', 'deep')).toHaveLength(2);
});

test('runs no deep check after a single answer of an Offline server', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && (count < 3 || count === 4) ? failing('refused') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(45_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 39]);
  expect(connector.startsOf('a', 'deep')).toEqual([]);
});

test('runs a deep check after recovery from Offline, since the server may have been replaced', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count >= 2 && count < 5 ? failing('refused') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 72]);
});

test('runs a deep check when the version changes', async () => {
  const { clock, connector, prober } = setUpProber();
  const identity = {
    transport: 'http',
    era: 'legacy',
    protocolVersion: '2025-06-18',
    implementation: 'files',
  } as const;
  connector.script('a', (kind, count) => {
    const isNew = count >= (kind === 'steady' ? 4 : 1);
    return { identity: { ...identity, version: isNew ? '1.1.0' : '1.0.0' } };
  });
  prober.apply([buildServer('a')]);
  await clock.advance(200_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 93]);
});

test('runs at most one deep check a minute when the version alternates', async () => {
  const { clock, connector, prober } = setUpProber();
  const identity = {
    transport: 'http',
    era: 'legacy',
    protocolVersion: '2025-06-18',
    implementation: 'files',
  } as const;
  connector.script('a', (_kind, count) => ({ identity: { ...identity, version: `${count % 2}` } }));
  prober.apply([buildServer('a', { monitor: { intervalMs: 5_000 } })]);
  await clock.advance(150_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 60, 120]);
});

test('publishes definitions that changed between two deep checks', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'deep'
      ? { snapshot: snapshotOf(count === 0 ? { read: '1' } : { read: '2', write: '3' }) }
      : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(500_000);
  expect(sink.of('definitions')).toEqual([]);
  await clock.advance(200_000);
  expect(sink.of('definitions')).toMatchObject([
    {
      server: 'a',
      changes: [
        { kind: 'tools', change: 'changed', name: 'read' },
        { kind: 'tools', change: 'added', name: 'write' },
      ],
    },
  ]);
});

test('keeps the last snapshot and reports no removal when a deep check fails to list', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) => {
    if (kind === 'steady') return {};
    return count === 0 ? { snapshot: snapshotOf({ read: '1' }) } : failing('rpc_error');
  });
  prober.apply([buildServer('a')]);
  await clock.advance(700_000);
  expect(prober.detail('a')?.snapshot?.lists.tools?.definitions).toHaveLength(1);
  expect(sink.of('definitions')).toEqual([]);
});

test('makes a server Critical when a deep check fails, and repeats it sooner than its interval', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'deep' && count < 2 ? failing('rpc_error') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(60_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 15, 45]);
  expect(sink.of('status').map(({ to, reason }) => [to, reason])).toEqual([
    ['healthy', 'answered'],
    ['critical', 'deep check failed: it was rpc_error'],
    ['healthy', 'answered'],
  ]);
});

test('delays a deep check while a steady check runs', async () => {
  const { clock, connector, prober } = setUpProber();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) {
    connector.script(name, (kind, count) => {
      if (kind === 'deep') return { durationMs: 3_500 };
      return { durationMs: name === 'e' && count === 1 ? 2_000 : 0 };
    });
  }
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('e'))).toEqual([0.1, 3.1]);
  expect(seconds(connector.startsOf('e', 'deep'))).toEqual([5.1]);
});

test('runs at most four deep checks at a time', async () => {
  const { clock, connector, prober } = setUpProber();
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  for (const name of names)
    connector.script(name, (kind) => (kind === 'deep' ? { durationMs: 3_000 } : {}));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(2_900);
  expect(connector.checks.filter(({ kind }) => kind === 'deep')).toHaveLength(4);
});
