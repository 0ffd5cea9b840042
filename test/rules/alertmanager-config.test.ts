import { expect, test } from 'vitest';
import { renderAlertmanagerText } from '../../src/cli/render.ts';
import { isTimeZone, TIME_ZONES } from '../../src/settings/time-zones.ts';
import { alertingOf, ALL, PARTS } from './support/alerting.ts';
import { createAlertmanagerFolder } from './support/alertmanager-folder.ts';
import { isMissing, runProgram } from './support/programs.ts';

// Goal: Alertmanager takes what we render, and every alert goes where it should. Method: amtool on rendered files.

const hasNoAmtool = isMissing('amtool');

const variants = [
  ['no channel', alertingOf()],
  ...Object.entries(PARTS).map(([name, part]) => [`${name} alone`, alertingOf(part)] as const),
  ['all', ALL],
] as const;

test.skipIf(hasNoAmtool).each(variants)('amtool accepts %s', async (_, alerting) => {
  const { config } = await createAlertmanagerFolder(renderAlertmanagerText(alerting));
  const { status, text } = runProgram('amtool', ['check-config', config]);
  expect([status, text]).toEqual([0, expect.stringContaining('SUCCESS')]);
});

test.skipIf(hasNoAmtool)('amtool finds a planted mistake', async () => {
  const rendered = renderAlertmanagerText(ALL).replace('receiver: critical', 'receiver: nowhere');
  const { config } = await createAlertmanagerFolder(rendered);
  expect(runProgram('amtool', ['check-config', config]).status).toBe(1);
});

test.skipIf(hasNoAmtool)('the shipped configuration is valid', () => {
  const { status, text } = runProgram('amtool', ['check-config', 'alertmanager/alertmanager.yml']);
  expect([status, text]).toEqual([0, expect.stringContaining('1 templates')]);
});

async function acceptsTimeZones(zones: readonly string[]): Promise<boolean> {
  const times = zones.map((location) => ({ location, weekdays: ['monday'] }));
  const { config } = await createAlertmanagerFolder(
    JSON.stringify({
      route: { receiver: 'a' },
      receivers: [{ name: 'a' }],
      time_intervals: [{ name: 'hours', time_intervals: times }],
    }),
  );
  return runProgram('amtool', ['check-config', config]).status === 0;
}

test.skipIf(hasNoAmtool)('amtool accepts every time zone that we accept', async () => {
  expect(TIME_ZONES.length).toBeGreaterThan(550);
  expect(await acceptsTimeZones(TIME_ZONES)).toBe(true);
});

test.skipIf(hasNoAmtool).each(['+02:00', 'PST', 'europe/berlin', 'utc', 'GMT+2', 'CEST'])(
  'neither amtool nor we accept the time zone %s',
  async (zone) => {
    expect(isTimeZone(zone)).toBe(false);
    expect(await acceptsTimeZones([zone])).toBe(false);
  },
);

test.each([
  'UTC',
  'Europe/Berlin',
  'Europe/Kyiv',
  'Europe/Kiev',
  'US/Pacific',
  'EST',
  'Asia/Kolkata',
])('the time zone %s is accepted', (zone) => {
  expect(isTimeZone(zone)).toBe(true);
});

const OWN = 'component=mcp';

const ROUTES: readonly (readonly [what: string, labels: string, receivers: string])[] = [
  [
    'a dead server',
    `alertname=McpServerOffline severity=critical server=a gateway=g ${OWN}`,
    'history,critical',
  ],
  [
    'a gateway that is down',
    `alertname=McpGatewayDown severity=critical gateway=g ${OWN}`,
    'history,critical',
  ],
  ['a warning', `alertname=SlowResponses severity=warning server=a ${OWN}`, 'history,warning'],
  ['an info', `alertname=McpRateLimited severity=info ${OWN}`, 'history,nobody'],
  ['the watchdog', `alertname=Watchdog severity=none ${OWN}`, 'history,heartbeat'],
  ['an alert without a severity', `alertname=Odd ${OWN}`, 'history,warning'],
  ['an alert of a severity nobody knows', `alertname=Odd severity=page ${OWN}`, 'history,warning'],
  ['a critical alert of somebody else', 'alertname=DiskFull severity=critical', 'critical'],
  ['an alert of somebody else without labels', 'alertname=DiskFull', 'warning'],
  [
    "a user's alert without channels",
    `alertname=Mine severity=critical origin=user ${OWN}`,
    'history,critical',
  ],
  [
    "a user's alert for one channel",
    `alertname=Mine severity=critical origin=user channels=slack ${OWN}`,
    'history,only-slack,nobody',
  ],
  [
    "a user's alert for two channels",
    `alertname=Mine severity=info origin=user channels=webhook,email ${OWN}`,
    'history,only-email,only-webhook,nobody',
  ],
  [
    "a user's alert for the history alone",
    `alertname=Mine severity=critical origin=user channels=history ${OWN}`,
    'history,nobody',
  ],
];

test.skipIf(hasNoAmtool).each(ROUTES)(
  '%s is routed to the right receivers: %s',
  async (_, labels, receivers) => {
    const { config } = await createAlertmanagerFolder(renderAlertmanagerText(ALL));
    const { out } = runProgram('amtool', [
      'config',
      'routes',
      'test',
      `--config.file=${config}`,
      // One value with a comma is taken for two without quotes.
      ...labels.split(' ').map((label) => label.replace(/=(.*,.*)$/, '="$1"')),
    ]);
    expect(out.trim()).toBe(receivers);
  },
);

test.skipIf(hasNoAmtool).each([
  ['alertname=McpServerOffline severity=critical component=mcp', 'critical'],
  ['alertname=Watchdog severity=none component=mcp', 'nobody'],
  ['alertname=Odd', 'warning'],
])('without a history %s goes to %s', async (labels, receivers) => {
  const { config } = await createAlertmanagerFolder(
    renderAlertmanagerText(alertingOf(PARTS.email)),
  );
  const args = ['config', 'routes', 'test', `--config.file=${config}`, ...labels.split(' ')];
  expect(runProgram('amtool', args).out.trim()).toBe(receivers);
});
