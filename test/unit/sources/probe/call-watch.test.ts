import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

const LOST = { outcome: 'transport_error', status: 502, errorType: 'connection' } as const;
const FAILED = { outcome: 'rpc_error', status: 500, errorType: 'internal_error' } as const;
const TOOL_ERROR = { outcome: 'tool_error', status: 500, errorType: 'tool_error' } as const;

// Status.

test('changes the status within a second when calls fail, and names the reason', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  sink.clear();
  call('a', {}, 111);
  call('a', FAILED, 9);
  await clock.advance(1_000);
  const reason = '7.5 % of 120 calls failed in 5 m, most often rpc_error';
  expect(sink.of('status')).toMatchObject([{ from: 'healthy', to: 'critical', reason }]);
  expect(prober.detail('a')).toMatchObject({
    status: 'critical',
    reason,
    errorRate: { ratio: 0.075, requests: 120, windowMs: 300_000 },
  });
});

test('is no worse than Warning when tools answer with errors', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  sink.clear();
  call('a', TOOL_ERROR, 500);
  await clock.advance(1_000);
  const reason = '100 % of 500 calls failed in 5 m, most often tool_error';
  expect(sink.of('status')).toMatchObject([{ from: 'healthy', to: 'warning', reason }]);
});

test('recovers the status by itself when the window has moved on, even without a check or a call', async () => {
  const { clock, prober, sink, call } = setUpProber();
  const hour = 3_600_000;
  prober.apply([buildServer('a', { monitor: { intervalMs: hour, unhealthyIntervalMs: hour } })]);
  await clock.advance(10_000);
  sink.clear();
  call('a', FAILED, 30);
  await clock.advance(311_000);
  expect(sink.of('status').map(({ to, reason }) => [to, reason])).toEqual([
    ['critical', '100 % of 30 calls failed in 5 m, most often rpc_error'],
    ['healthy', 'no calls in 5 m'],
  ]);
  expect(prober.detail('a')).not.toHaveProperty('errorRate');
});

test('publishes Critical once, however many calls fail', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let second = 0; second < 60; second += 1) {
    call('a', FAILED, 5);
    await clock.advance(1_000);
  }
  expect(sink.of('status').map(({ to }) => to)).toEqual(['healthy', 'critical']);
});

test.each(['client_error', 'cancelled', 'denied', 'rate_limited', 'input_required'] as const)(
  'stays Healthy and expedites no check when calls end in %s',
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

test('ignores requests that a server sends to its client', async () => {
  const { clock, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  call('a', { ...LOST, direction: 'server_to_client' }, 100);
  await clock.advance(2_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy' });
  expect(prober.detail('a')).not.toHaveProperty('errorRate');
});

test('ignores calls of servers that are unknown, not checked, or another one', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a'), buildServer('off', { monitor: { enabled: false } })]);
  await clock.advance(10_000);
  call('nobody', LOST, 100);
  call('off', LOST, 100);
  await clock.advance(2_000);
  expect(prober.views().map(({ status }) => status)).toEqual(['healthy', 'disabled']);
  expect(connector.startsOf('off')).toEqual([]);
});

test('counts the latency of tool calls only if the configuration says so', async () => {
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

test('sets no timer for a server without calls', async () => {
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

test('finds a dead server Offline within ten seconds under traffic, with an interval of thirty', async () => {
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

test('expedites the check when a server answers its first call again', async () => {
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

test('recovers a server that only checks had found Offline when a call is answered', async () => {
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

test('does not make a recovered server Critical for calls that failed before and during Offline', async () => {
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
  expect(prober.detail('a')?.errorRate).toEqual({ ratio: 1, requests: 140, windowMs: 300_000 });
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

test('checks a server at most once per retry interval when checks succeed, however many calls fail', async () => {
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

test('expedites no check when a call reached the server and failed there', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(34_000);
  call('a', FAILED, 19);
  await clock.advance(5_000);
  expect(connector.startsOf('a')).toHaveLength(3);
});

test('keeps the back-off while Offline, whatever calls fail', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  for (let second = 0; second < 200; second += 1) {
    call('a', LOST);
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 96]);
});

test('expedites one check per interval when calls are answered while checks fail', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  for (let second = 0; second < 130; second += 1) {
    call('a');
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 66, 96, 126]);
});

test('waits for Retry-After, whatever calls say', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('rate_limited', { retryAfterMs: 100_000 }));
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  call('a', LOST);
  call('a');
  await clock.advance(140_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 100]);
});

test('expedites no further check when a call fails during a check', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', (_kind, count) => ({ durationMs: count === 2 ? 400 : 0 }));
  prober.apply([buildServer('a')]);
  await clock.advance(33_200);
  call('a', LOST);
  await clock.advance(20_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33]);
});

test('expedites the first check when a call fails before it', async () => {
  const { clock, connector, prober, call } = setUpProber();
  const names = Array.from({ length: 400 }, (_, index) => `s${index}`);
  prober.apply(names.map((name) => buildServer(name)));
  call('s399', LOST);
  await clock.advance(100);
  expect(seconds(connector.startsOf('s399'))).toEqual([0]);
});

test('finds a dead server on the ordinary schedule without traffic', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => (count < 2 ? {} : failing('refused')));
  prober.apply([buildServer('a')]);
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 36, 39, 69]);
});

// Checks against calls.

test('publishes a disagreement once, and its end once, when checks succeed while most calls fail', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let second = 0; second < 60; second += 1) {
    call('a', FAILED, 2);
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

test('publishes a disagreement when calls succeed while checks find the server Offline', async () => {
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

test('publishes no disagreement when a server dies and recovers under traffic', async () => {
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

test('publishes nothing for a removed server and leaves no timer', async () => {
  const { clock, prober, sink, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  call('a', FAILED, 100);
  prober.apply([]);
  call('a', FAILED, 100);
  sink.clear();
  await clock.advance(400_000);
  expect(sink.facts).toEqual([]);
  expect(clock.pendingCount()).toBe(0);
});

test('ignores calls after stop', async () => {
  const { clock, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  await prober.stop();
  call('a', LOST, 100);
  expect(clock.pendingCount()).toBe(0);
});
