import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

test('returns the process usage per child', async () => {
  const { clock, prober } = setUpProber();
  prober.apply([
    buildServer('a'),
    buildServer('child', { target: { kind: 'stdio', command: 'node', args: [], env: {} } }),
  ]);
  await clock.advance(100);
  expect(prober.processUsage()).toEqual([
    { server: 'child', usage: { pid: 4_242, cpuSeconds: 1, residentBytes: 2 } },
  ]);
});

const EXIT = {
  fact: 'child_exit',
  server: 'a',
  reason: 'exit_nonzero',
  code: 1,
  signal: null,
  stderrTail: '',
} as const;

test('expedites the next check to the end of the back-off when a child ends between checks', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  connector.emitChild('a', { ...EXIT, restartInMs: 1_000 });
  await clock.advance(35_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 11.1, 41.1]);
});

test('expedites no check into the back-off of a child when a call fails', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  connector.emitChild('a', { ...EXIT, restartInMs: 2_000 });
  call('a', { outcome: 'transport_error' });
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 12.1]);
});

test('expedites at most one check per retry interval when a child ends again and again', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let exit = 0; exit < 10; exit += 1) {
    connector.emitChild('a', { ...EXIT, restartInMs: 0 });
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 10.1, 13.1, 16.1, 19.1]);
});

test('expedites no check when we ended the child or the server is Offline', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => (count < 3 ? failing('exit') : {}));
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(20_000);
  connector.emitChild('a', { ...EXIT, restartInMs: 0 });
  connector.emitChild('b', { ...EXIT, server: 'b', reason: 'stopped' });
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6]);
  expect(connector.startsOf('b')).toHaveLength(2);
});

test('publishes when a child starts', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(100);
  connector.emitChild('a', { fact: 'child_start', server: 'a', pid: 1, startMs: 20 });
  expect(sink.of('child_start')).toHaveLength(1);
});
