import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { createMeasuredTimes } from './support/measured-times.ts';
import { startEverything } from './support/start-everything.ts';
import { startPipeline, type Pipeline } from './support/start-pipeline.ts';
import { isMissing } from './support/start-program.ts';
import { startSwitch } from './support/start-switch.ts';

/*
 * Goal: a bad day is told in few words, and none of them is lost. Method: as in pipeline.test.ts, 7.5 times as fast as
 * shipped; here a whole fleet, a server that comes and goes, and an Alertmanager that dies.
 */
const SKIPPED = isMissing('prometheus', 'alertmanager');
const INTERVAL_S = 2;
const TEST_MS_MAX = 120_000;
/** Of `group_interval` for critical alerts, and some more. */
const NEXT_GROUP_MS = 10_000;

const times = createMeasuredTimes();
afterAll(() => times.print('Storms in the alerting pipeline:'));

function subjects({ mails }: Pipeline): string[] {
  return mails().map(({ subject }) => subject);
}

test.skipIf(SKIPPED)(
  '40 servers that die at once are one mail and at most one update',
  async () => {
    const FLEET = 40;
    const server = await startEverything();
    const names = Array.from({ length: FLEET }, (_, index) => `fleet-${index}`);
    const pipeline = await startPipeline({
      servers: Object.fromEntries(names.map((name) => [name, server.url])),
      intervalS: INTERVAL_S,
    });

    const killedAtMs = performance.now();
    await server.kill();
    const first = await until(() => pipeline.mails()[0]);
    times.note('40 servers: kill → first mail', first.atMs - killedAtMs);
    const told = await until(() =>
      pipeline.notifications().find(({ alerts }) => alerts.length === FLEET),
    );
    times.note('40 servers: kill → all of them told', told.atMs - killedAtMs);
    await delay(NEXT_GROUP_MS);
    const all = subjects(pipeline);
    expect(all.at(-1)).toBe(`[FIRING:${FLEET}] McpServerOffline on ${FLEET} servers (critical)`);
    expect(all.length).toBeLessThanOrEqual(2);
    for (const name of names) expect(pipeline.mails().at(-1)?.text).toContain(`${name} at default`);
  },
  TEST_MS_MAX,
);

test.skipIf(SKIPPED)(
  'a server that comes and goes is no storm of mails',
  async () => {
    const CYCLES = 6;
    const HALF_CYCLE_MS = 3_500;
    const server = await startEverything();
    const way = await startSwitch(server.url);
    const pipeline = await startPipeline({
      servers: { moody: way.url, steady: server.url },
      intervalS: INTERVAL_S,
    });
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      await way.off();
      await delay(HALF_CYCLE_MS);
      await way.on();
      await delay(HALF_CYCLE_MS);
    }
    const changes = await pipeline.query(
      'sum(increase(mcp_server_status_changes_total{server="moody"}[2m]))',
    );
    expect(changes.get('')).toBeGreaterThan(6);
    expect(subjects(pipeline).length).toBeLessThanOrEqual(3);
    expect(subjects(pipeline)[0]).toContain('McpServerOffline on moody');
  },
  TEST_MS_MAX,
);

test.skipIf(SKIPPED)(
  'what fires while Alertmanager is down is told once it is back, and the gap is seen',
  async () => {
    const server = await startEverything();
    const pipeline = await startPipeline({
      servers: { weather: server.url },
      intervalS: INTERVAL_S,
    });
    const { query } = pipeline;
    await pipeline.alertmanager.kill();
    await server.kill();
    await until(async () =>
      (await query('ALERTS{alertname="McpServerOffline"}', 'alertstate')).has('firing'),
    );
    await delay(5_000);
    expect(subjects(pipeline)).toEqual([]);

    const returnedAtMs = performance.now();
    await pipeline.startAlertmanager();
    const told = await until(() => pipeline.mails()[0]);
    times.note('return of Alertmanager → mail', told.atMs - returnedAtMs);
    await delay(NEXT_GROUP_MS);
    expect(subjects(pipeline)).toEqual(['[FIRING:1] McpServerOffline on weather (critical)']);
    expect(await query('min_over_time(up{job="alertmanager"}[1m])')).toEqual(new Map([['', 0]]));
    const lost = await query('sum(increase(prometheus_notifications_errors_total[1m]))');
    expect(lost.get('')).toBeGreaterThan(0);
  },
  TEST_MS_MAX,
);
