import { afterAll, expect, test } from 'vitest';
import { isMissing } from '../../rules/support/programs.ts';
import { until } from '../support/until.ts';
import { createMeasuredTimes } from './support/measured-times.ts';
import { startEverything } from './support/start-everything.ts';
import { type Pipeline, subjects } from './support/start-pipeline.ts';
import { startWeatherStation } from './support/start-weather-station.ts';

/*
 * Goal: what happens to a server reaches the person on call, soon, once, and readably. Method: real MCP servers, the real
 * service with traffic through its gateway, Prometheus with the shipped rules, Alertmanager with the rendered
 * configuration, and sinks for mail and webhooks. At 2 s everything goes 7.5 times as fast as shipped, in proportion.
 */
const SKIPPED = isMissing('prometheus', 'alertmanager');
const INTERVAL_S = 2;
const MAIL_GOAL_MS = 15_000;
/** For a machine that is busy with something else. */
const TEST_MS_MAX = 600_000;
/** The longest window of an alert that pages, less what the mail about the end waits for. */
const AFTERMATH_S = 180;

const times = createMeasuredTimes();
afterAll(() => times.print('The alerting pipeline, a dead server:'));

const OFFLINE = {
  fired: '[FIRING:1] McpServerOffline on weather (critical)',
  resolved: '[RESOLVED] McpServerOffline on weather (critical)',
};

test.skipIf(SKIPPED)(
  'a killed server is one readable mail and one webhook, and its return another of each',
  async () => {
    const { weather, pipeline } = await startWeatherStation(INTERVAL_S);
    const { pages, pageNotifications } = pipeline;

    const killedAtMs = Date.now();
    await weather.kill();
    const fired = await until(() => pages()[0]);
    const hooked = await until(() => pageNotifications()[0]);
    times.note(`${INTERVAL_S} s: kill → mail`, fired.receivedAtMs - killedAtMs, MAIL_GOAL_MS);
    times.note(`${INTERVAL_S} s: kill → webhook`, hooked.receivedAtMs - killedAtMs);
    expect(fired).toMatchObject({ subject: OFFLINE.fired, to: ['oncall@example.com'] });
    for (const what of [
      /weather at default does not answer: \d+ consecutive failed checks(, mostly \w+)?, last success .+ ago/,
      /Since: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
      /critical/,
      /What to do: http:\/\/\S+\/docs\/runbook#mcpserveroffline/,
      /Where to look: http:\/\/grafana\.test:3000\/d\/mcp-server\?var-gateway=default&var-server=weather/,
    ])
      expect(fired.text).toMatch(what);
    for (const what of ['weather at default does not answer', '/docs/runbook#mcpserveroffline'])
      expect(fired.html).toContain(what);
    const [runbook = ''] = /http:\S+\/docs\/runbook#mcpserveroffline/.exec(fired.text) ?? [];
    expect(await (await fetch(runbook)).text()).toContain('id="mcpserveroffline"');
    expect(`${fired.text}${fired.html}`).not.toMatch(/no value|%!|<nil>|NaN|\{\{/);
    await until(async () => (await history(pipeline))[0]?.state === 'firing');
    expect(hooked).toMatchObject({
      status: 'firing',
      alerts: [{ labels: { alertname: 'McpServerOffline', server: 'weather' } }],
    });

    const returnedAtMs = Date.now();
    await startEverything(weather.port);
    const resolved = await until(() => pages()[1]);
    const unhooked = await until(() => pageNotifications()[1]);
    times.note(`${INTERVAL_S} s: return → mail "resolved"`, resolved.receivedAtMs - returnedAtMs);
    expect(resolved.text).toMatch(/Until: 20\d\d-/);
    expect(unhooked).toMatchObject({ status: 'resolved', receiver: 'critical' });

    const [told] = await until(async () => {
      const alerts = await history(pipeline);
      return alerts.every(({ state }) => state === 'resolved') && alerts;
    });
    expect(told).toMatchObject({
      alertname: 'McpServerOffline',
      severity: 'critical',
      server: 'weather',
      gateway: 'default',
      notifications: [
        { status: 'firing', receiver: 'history' },
        { status: 'resolved', receiver: 'history' },
      ],
    });

    // Failures stay in the windows of other rules for a while. They may become tickets, but wake nobody a second time.
    await pipeline.outlast(AFTERMATH_S);
    expect(subjects(pages())).toEqual([OFFLINE.fired, OFFLINE.resolved]);
    expect(pageNotifications()).toHaveLength(2);
    expect((await pipeline.query('sum(alertmanager_notifications_failed_total)')).get('')).toBe(0);
  },
  TEST_MS_MAX,
);

interface HistoryAlert extends Readonly<Record<string, unknown>> {
  readonly state: 'firing' | 'resolved';
}

/** What the service kept. */
async function history({ service }: Pipeline): Promise<readonly HistoryAlert[]> {
  const page = JSON.parse(
    await service.get('/api/v1/alerts?server=weather&alertname=McpServerOffline'),
  ) as {
    readonly alerts: readonly HistoryAlert[];
  };
  return page.alerts;
}
