import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

const LOST = { outcome: 'transport_error', status: 502, errorType: 'connection' } as const;
const TOOL_ERROR = { outcome: 'tool_error', status: 500, errorType: 'tool_error' } as const;

// Status.

test('failing calls change the status within a second, with their reason', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  sink.clear();
  call('a', {}, 111);
  call('a', TOOL_ERROR, 9);
  await clock.advance(1_000);
  const reason = '7.5 % of 120 calls failed in 5 m, most often tool_error';
  expect(sink.of('status')).toMatchObject([{ from: 'healthy', to: 'critical', reason }]);
  expect(prober.detail('a')).toMatchObject({
    status: 'critical',
    reason,
    errorRate: { ratio: 0.075, requests: 120 },
  });
});

test('the status comes back by itself when the window has moved on, also without a check or a call', async () => {
  const { clock, prober, sink, call } = setUpProber();
  const hour = 3_600_000;
  prober.apply([buildServer('a', { monitor: { intervalMs: hour, unhealthyIntervalMs: hour } })]);
  await clock.advance(10_000);
  sink.clear();
  call('a', TOOL_ERROR, 30);
  await clock.advance(311_000);
  expect(sink.of('status').map(({ to, reason }) => [to, reason])).toEqual([
    ['critical', '100 % of 30 calls failed in 5 m, most often tool_error'],
    ['healthy', 'no calls in 5 m'],
  ]);
  expect(prober.detail('a')).not.toHaveProperty('errorRate');
});

test('a Critical server is not told Critical again with every call that fails', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let second = 0; second < 60; second += 1) {
    call('a', TOOL_ERROR, 5);
    await clock.advance(1_000);
  }
  expect(sink.of('status').map(({ to }) => to)).toEqual(['healthy', 'critical']);
});

test.each(['client_error', 'cancelled', 'denied', 'rate_limited', 'input_required'] as const)(
  'any number of calls that end in %s leave the server Healthy and ask for no check',
  async (outcome) => {
    const { clock, connector, prober, call } = setUpProber();
    prober.apply([buildServer('a')]);
    await clock.advance(10_000);
    call('a', { outcome }, 500);
    await clock.advance(10_000);
    expect(prober.detail('a')?.status).toBe('healthy');
    expect(connector.startsOf('a')).toHaveLength(2);
  },
);

test('requests of a server to its client say nothing of the server', async () => {
  const { clock, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  call('a', { ...LOST, direction: 'server_to_client' }, 100);
  await clock.advance(2_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy' });
  expect(prober.detail('a')).not.toHaveProperty('errorRate');
});

test('calls of one server are nothing to another, nor to one that is not configured or not checked', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a'), buildServer('off', { monitor: { enabled: false } })]);
  await clock.advance(10_000);
  call('nobody', LOST, 100);
  call('off', LOST, 100);
  await clock.advance(2_000);
  expect(prober.views().map(({ status }) => status)).toEqual(['healthy', 'disabled']);
  expect(connector.startsOf('off')).toEqual([]);
});

test('the latency of tool calls counts only where the configuration says so', async () => {
  const { clock, prober, call } = setUpProber();
  prober.apply([buildServer('a'), buildServer('b', { monitor: { callLatency: true } })]);
  await clock.advance(10_000);
  for (const name of ['a', 'b']) {
    call(name, { durationMs: 3_000 }, 10);
    call(name, { durationMs: 60_000, operation: 'tools/list' }, 10);
    call(name, { durationMs: 60_000, outcome: 'client_error' }, 10);
  }
  await clock.advance(1_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy', responseTimeMs: 0 });
  expect(prober.detail('b')).toMatchObject({ status: 'critical' });
  expect(prober.detail('b')?.responseTimeMs).toBeCloseTo(30_000 / 11);
});

test('a server without calls sets no timer for them', async () => {
  const { clock, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const before = clock.pendingCount();
  call('a', {}, 1_000);
  expect(clock.pendingCount()).toBe(before + 1);
  await clock.advance(1_000);
  expect(clock.pendingCount()).toBe(before);
});

// Checks before their time.

test('under traffic a server that died is Offline within ten seconds of an interval of thirty', async () => {
  const { clock, connector, prober, sink, call } = setUpProber();
  let isDead = false;
  connector.script('a', () => (isDead ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  isDead = true;
  for (let second = 0; second < 60; second += 1) {
    call('a', LOST);
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 40, 43, 46, 76]);
  expect(sink.of('status').at(-1)).toMatchObject({ to: 'offline' });
  expect(sink.of('status').at(-1)?.atMs).toBe(clock.nowMs() - 54_000);
});

test('the first call that a server answers again brings the check that finds it, soon', async () => {
  const { clock, connector, prober, sink, call } = setUpProber();
  let isDead = false;
  connector.script('a', () => (isDead ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  isDead = true;
  call('a', LOST);
  await clock.advance(60_000);
  isDead = false;
  const backAtMs = clock.nowMs();
  call('a');
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 40, 43, 46, 76, 100, 103]);
  expect(sink.of('status').at(-1)).toMatchObject({ to: 'healthy', atMs: backAtMs + 3_000 });
});

test('an answered call finds a server that only checks had found Offline', async () => {
  const { clock, connector, prober, call } = setUpProber();
  let isDead = true;
  connector.script('a', () => (isDead ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(110_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 96]);
  isDead = false;
  call('a');
  await clock.advance(30_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 96, 126, 129]);
});

test('calls that failed before and while a server was Offline do not make it Critical when it is back', async () => {
  const { clock, connector, prober, sink, call } = setUpProber();
  let isDead = false;
  connector.script('a', () => (isDead ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  isDead = true;
  for (let second = 0; second < 20; second += 1) {
    call('a', LOST, 10);
    await clock.advance(1_000);
  }
  expect(prober.detail('a')?.errorRate).toEqual({ ratio: 1, requests: 140 });
  isDead = false;
  call('a', {}, 10);
  await clock.advance(60_000);
  expect(sink.of('status').map(({ to }) => to)).toEqual([
    'healthy',
    'critical',
    'offline',
    'healthy',
  ]);
  expect(prober.detail('a')).not.toHaveProperty('errorRate');
});

test('however many calls fail, a server that checks find well is checked once per retry interval', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  for (let tenth = 0; tenth < 100; tenth += 1) {
    call('a', { outcome: 'timeout' });
    call('a');
    await clock.advance(100);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 40, 43, 46, 49]);
});

test('calls that fail for another reason than the way to the server bring no check', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(34_000);
  call('a', TOOL_ERROR, 19);
  await clock.advance(5_000);
  expect(connector.startsOf('a')).toHaveLength(3);
});

test('while Offline failing calls leave the back-off alone', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  for (let second = 0; second < 200; second += 1) {
    call('a', LOST);
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 96]);
});

test('calls that are answered while checks fail ask for one check per interval, past the back-off', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  for (let second = 0; second < 130; second += 1) {
    call('a');
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 66, 96, 126]);
});

test('Retry-After is waited for, whatever calls say', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('rate_limited', { retryAfterMs: 100_000 }));
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  call('a', LOST);
  call('a');
  await clock.advance(140_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 100]);
});

test('a call that fails while a check runs brings none after it', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', (_kind, count) => ({ durationMs: count === 2 ? 400 : 0 }));
  prober.apply([buildServer('a')]);
  await clock.advance(33_200);
  call('a', LOST);
  await clock.advance(20_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33]);
});

test('calls to a server whose first check is yet to come bring it forward', async () => {
  const { clock, connector, prober, call } = setUpProber();
  const names = Array.from({ length: 400 }, (_, index) => `s${index}`);
  prober.apply(names.map((name) => buildServer(name)));
  call('s399', LOST);
  await clock.advance(100);
  expect(seconds(connector.startsOf('s399'))).toEqual([0]);
});

test('without traffic a server that died is found as before', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => (count < 2 ? {} : failing('refused')));
  prober.apply([buildServer('a')]);
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 36, 39, 69]);
});

// Checks against calls.

test('checks that succeed while most calls fail are told once as a disagreement, and once as its end', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let second = 0; second < 60; second += 1) {
    call('a', TOOL_ERROR, 2);
    await clock.advance(1_000);
  }
  expect(sink.of('disagreement')).toMatchObject([
    {
      server: 'a',
      disagrees: true,
      detail: expect.stringMatching(/^checks succeed while 100 % of \d+ calls failed in 5 m/),
    },
  ]);
  expect(prober.detail('a')?.disagreement).toMatch(/^checks succeed while 100 % of 120 calls/);
  await clock.advance(400_000);
  expect(sink.of('disagreement').map(({ disagrees, detail }) => [disagrees, detail])).toEqual([
    [true, expect.any(String)],
    [false, 'checks succeed, no calls in 5 m'],
  ]);
  expect(prober.detail('a')).not.toHaveProperty('disagreement');
});

test('calls that succeed while checks find the server Offline are a disagreement', async () => {
  const { clock, connector, prober, sink, call } = setUpProber();
  let isLost = false;
  connector.script('a', () => (isLost ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(20_000);
  isLost = true;
  for (let second = 0; second < 120; second += 1) {
    call('a', {}, 2);
    await clock.advance(1_000);
  }
  expect(sink.of('disagreement')).toMatchObject([
    { disagrees: true, detail: expect.stringMatching(/^checks fail while 100 % of/) },
  ]);
  expect(prober.detail('a')?.status).toBe('offline');
  isLost = false;
  for (let second = 0; second < 60; second += 1) {
    call('a', {}, 2);
    await clock.advance(1_000);
  }
  expect(sink.of('disagreement').map(({ disagrees }) => disagrees)).toEqual([true, false]);
});

test('a server that dies and comes back under traffic is at no time a disagreement', async () => {
  const { clock, connector, prober, sink, call } = setUpProber();
  let isDead = false;
  connector.script('a', () => (isDead ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  for (let second = 0; second < 900; second += 1) {
    isDead = second % 300 > 150;
    call('a', isDead ? LOST : {}, 5);
    await clock.advance(1_000);
  }
  expect(sink.of('disagreement')).toEqual([]);
  expect(sink.of('status').filter(({ to }) => to === 'offline')).toHaveLength(3);
});

// The end.

test('a removed server is told nothing more of, and leaves no timer', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  call('a', TOOL_ERROR, 100);
  prober.apply([]);
  call('a', TOOL_ERROR, 100);
  sink.clear();
  await clock.advance(400_000);
  expect(sink.facts).toEqual([]);
  expect(clock.pendingCount()).toBe(0);
});

test('after stop calls are not listened to', async () => {
  const { clock, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  await prober.stop();
  call('a', LOST, 100);
  expect(clock.pendingCount()).toBe(0);
});
