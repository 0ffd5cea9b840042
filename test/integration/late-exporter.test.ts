import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createHub } from '../../src/facts/hub.ts';
import { createProber } from '../../src/sources/probe/prober.ts';
import { createRecordingSink } from '../fakes/recording-sink.ts';
import { until } from './support/until.ts';
import { createSystemClock } from '../../src/app/system-clock.ts';
import type { CheckReport } from '../../src/facts/check-report.ts';
import { createLoopWatch } from '../../src/protocol/loop-watch.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { REAL_SERVERS } from './support/real-servers.ts';
import { serverSpec } from './support/server-spec.ts';
import { startServer } from './support/start-server.ts';

/*
 * Goal: time in which this process reads nothing is not taken for the time of a server. Method: the event loop is blocked,
 * by itself and during checks of real servers.
 */
function block(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test('a loop that is blocked is late for that time, before and after the overdue timer has run', async () => {
  const clock = createSystemClock();
  const watch = createLoopWatch(clock);
  watch.begin();
  const from = clock.monotonicMs();
  block(400);
  const before = watch.lateMs(from, clock.monotonicMs());
  expect(before).toBeGreaterThan(350);
  expect(before).toBeLessThanOrEqual(clock.monotonicMs() - from);
  await delay(60);
  const after = watch.lateMs(from, clock.monotonicMs());
  expect(after).toBeGreaterThan(350);
  expect(after).toBeLessThanOrEqual(clock.monotonicMs() - from);
  watch.end();
});

test('only the part within the span counts', async () => {
  const clock = createSystemClock();
  const watch = createLoopWatch(clock);
  watch.begin();
  block(300);
  await delay(60);
  const from = clock.monotonicMs();
  expect(watch.lateMs(from, from)).toBe(0);
  watch.end();
});

test.each(['everything-http', 'everything-stdio', 'everything-sse'])(
  'the time in which the loop is blocked is not in the response time of %s',
  async (name) => {
    const row = REAL_SERVERS.find((candidate) => candidate.name === name);
    if (!row) throw new Error(`${name} left the table`);
    const server = await startServer(row);
    onTestFinished(() => server.stop());
    const clock = createSystemClock();
    const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock });
    const connection = connector.open(serverSpec(name, server.target), () => undefined);
    onTestFinished(() => connection.close());
    const signal = AbortSignal.timeout(60_000);
    await connection.check({ signal });
    let report: CheckReport;
    do {
      const checking = connection.check({ signal });
      // Lets the request leave, and then nothing be read. An answer may come sooner.
      setTimeout(() => block(600), 1);
      report = await checking;
    } while (report.durationMs < 600);
    expect(report).toMatchObject({ kind: 'steady', outcome: 'ok' });
    expect(report.lateMs).toBeGreaterThan(400);
    expect(report.responseMs).toBeLessThan(report.durationMs - 400);
  },
  90_000,
);

test('a blocked event loop makes no server slow or Offline, and is reported as the exporter’s own', async () => {
  const row = REAL_SERVERS.find(({ name }) => name === 'everything-http');
  if (!row) throw new Error('everything-http left the table');
  const server = await startServer(row);
  onTestFinished(() => server.stop());
  const hub = createHub((error) => {
    throw error;
  });
  const sink = createRecordingSink(hub);
  const clock = createSystemClock();
  const prober = createProber({
    connector: createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock }),
    clock,
    random: Math.random,
    hub,
    concurrency: 8,
  });
  onTestFinished(() => prober.stop());
  const spec = serverSpec('real', server.target);
  const timing = { intervalMs: 300, unhealthyIntervalMs: 300, retryIntervalMs: 300 };
  prober.apply([{ ...spec, monitor: { ...spec.monitor, ...timing, timeoutMs: 1_000 } }]);
  await until(() => prober.detail('real')?.status === 'healthy');
  const isBlocking = { now: true };
  const blocking = (async () => {
    // Longer than the timeout of a check and than the threshold of a slow server.
    while (isBlocking.now) {
      block(1_500);
      await delay(20);
    }
  })();
  await until(() => prober.isLate());
  await delay(6_000);
  isBlocking.now = false;
  await blocking;
  expect(sink.of('status').map(({ to }) => to)).toEqual(['healthy']);
  expect(sink.of('lateness').map(({ isLate }) => isLate)).toEqual([true]);
  expect(prober.detail('real')).toMatchObject({ status: 'healthy' });
}, 90_000);
