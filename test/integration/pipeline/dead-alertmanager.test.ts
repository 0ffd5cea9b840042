import { afterAll, expect, test } from 'vitest';
import { isMissing } from '../../rules/support/programs.ts';
import { until } from '../support/until.ts';
import { createMeasuredTimes } from './support/measured-times.ts';
import { startEverything } from './support/start-everything.ts';
import { startPipeline, subjects } from './support/start-pipeline.ts';
import { startSwitch } from './support/start-switch.ts';

// Goal: what happens while nobody can be told is told later. Method: as in dead-server.test.ts.
const SKIPPED = isMissing('prometheus', 'alertmanager');
const INTERVAL_S = 2;
/** For a machine that is busy with something else. */
const TEST_MS_MAX = 600_000;
/** `group_interval` of critical alerts. */
const NEXT_GROUP_S = 60;

const IS_FULL = process.env['MCP_EXPORTER_FULL'] === '1';
const LOST = '[FIRING:1] McpNotificationFailures (critical)';

const times = createMeasuredTimes();
afterAll(() => times.print('The alerting pipeline, a dead Alertmanager:'));

test.skipIf(SKIPPED)(
  'what fires while Alertmanager is down is told once it is back, what ended is told as ended, and the gap is seen',
  async () => {
    const [weather, notes] = await Promise.all([startEverything(), startEverything()]);
    const way = await startSwitch(notes.url);
    const pipeline = await startPipeline({
      servers: { weather: weather.url, notes: way.url },
      intervalS: INTERVAL_S,
    });
    const { query, pages, pageNotifications, alertmanager } = pipeline;
    const offline = async (): Promise<string[]> => {
      const firing = 'ALERTS{alertname="McpServerOffline",alertstate="firing"}';
      return [...(await query(firing, 'server')).keys()].toSorted();
    };
    await alertmanager.kill();
    await weather.kill();
    await way.off();
    await until(async () => (await offline()).length === 2);
    await way.on();
    await until(async () => (await offline()).length === 1);
    const lost = `alertname="McpNotificationFailures",alertstate="${IS_FULL ? 'firing' : 'pending'}"`;
    await until(async () => (await pipeline.alerts(lost)).length > 0);
    expect(pages()).toEqual([]);

    const returnedAtMs = Date.now();
    await alertmanager.start();
    const told = await until(() => pages().find(({ text }) => text.includes('McpServerOffline')));
    times.note('return of Alertmanager → mail', told.receivedAtMs - returnedAtMs);
    expect(told.subject).toMatch(/^\[FIRING:1\] McpServerOffline on weather/);
    await pipeline.outlast(NEXT_GROUP_S);
    const others = subjects(pages()).filter((subject) => !subject.includes('McpServerOffline'));
    // An update may add that the other server came and went.
    expect(pages().length - others.length).toBeLessThanOrEqual(2);
    // Four minutes of silence are told, shorter ones are only seen.
    if (IS_FULL) expect(others).toEqual([LOST]);
    else expect([[], [LOST]]).toContainEqual(others);
    const alerts = pageNotifications().flatMap((notification) => notification.alerts);
    const ofServers = alerts.filter(({ labels }) => labels['alertname'] === 'McpServerOffline');
    for (const { labels, status, startsAt } of ofServers) {
      expect([labels['server'], status]).toEqual(
        labels['server'] === 'weather' ? ['weather', 'firing'] : ['notes', 'resolved'],
      );
      expect(Date.parse(startsAt)).toBeLessThan(returnedAtMs);
    }
    expect(await query('min_over_time(up{job="alertmanager"}[10m])')).toEqual(new Map([['', 0]]));
  },
  TEST_MS_MAX,
);
