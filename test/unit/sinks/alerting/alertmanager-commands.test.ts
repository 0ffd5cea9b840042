import { expect, test } from 'vitest';
import { createAlertmanagerCommands } from '../../../../src/sinks/alerting/alertmanager-commands.ts';
import { createAlertmanager } from '../../../../src/sinks/alerting/alertmanager.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 28, 16, 0, 0);

function setUp(answers: Readonly<Record<string, unknown>> = {}) {
  const requests: { method: string; path: string; body?: unknown }[] = [];
  const commands = createAlertmanagerCommands({
    clock: createFakeClock(NOW_MS),
    targetLabels: { gateway: 'one' },
    alertmanager: createAlertmanager({
      async request(method, path, body) {
        requests.push({ method, path, body });
        const answer = answers[`${method} ${path.split('?')[0]}`];
        return { status: 200, text: answer === undefined ? '' : JSON.stringify(answer) };
      },
    }),
  });
  return { commands, requests };
}

test('a silence has a matcher for each label of the alert, an author and an end', async () => {
  const { commands, requests } = setUp({ 'POST /api/v2/silences': { silenceID: 's' } });
  await commands.silenceAlert({
    labels: { alertname: 'McpServerOffline', server: 'files' },
    untilMs: asEpochMs(NOW_MS + 60_000),
    by: 'ann',
    comment: 'on it',
  });
  const equal = { isRegex: false, isEqual: true };
  expect(requests).toEqual([
    {
      method: 'POST',
      path: '/api/v2/silences',
      body: {
        matchers: [
          { name: 'alertname', value: 'McpServerOffline', ...equal },
          { name: 'server', value: 'files', ...equal },
        ],
        startsAt: '2026-11-28T16:00:00.000Z',
        endsAt: '2026-11-28T16:01:00.000Z',
        createdBy: 'ann',
        comment: 'on it',
      },
    },
  ]);
});

test('a test alert has the labels of the target, ends by itself, and comes back with its receivers', async () => {
  const alert = {
    receivers: [{ name: 'history' }, { name: 'mail' }],
    status: { silencedBy: ['s'], inhibitedBy: [] },
  };
  const { commands, requests } = setUp({ 'GET /api/v2/alerts': [alert] });
  const route = await commands.sendTestAlert({ id: 'x', severity: 'warning', by: 'ann' });
  expect(route).toEqual({
    receivers: ['history', 'mail'],
    isSilenced: true,
    isInhibited: false,
    endsAtMs: NOW_MS + 120_000,
  });
  expect(requests[0]).toMatchObject({
    path: '/api/v2/alerts',
    body: [
      {
        labels: {
          alertname: 'McpTestAlert',
          component: 'mcp',
          gateway: 'one',
          severity: 'warning',
          test_id: 'x',
        },
        annotations: { description: expect.stringContaining('ann sent this') as string },
        endsAt: '2026-11-28T16:02:00.000Z',
      },
    ],
  });
  expect(requests[1]?.path).toBe('/api/v2/alerts?filter=test_id%3D%22x%22');
});

test('an alert that Alertmanager does not list is a failure', async () => {
  const { commands } = setUp({ 'GET /api/v2/alerts': [] });
  await expect(commands.sendTestAlert({ id: 'x', severity: 'info', by: 'ann' })).rejects.toThrow(
    'does not list it',
  );
});
