import { expect, test } from 'vitest';
import { isMissing } from '../rules/support/programs.ts';
import { startAlertmanager } from '../rules/support/start-alertmanager.ts';
import { freePort } from './support/free-port.ts';
import { startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: the alert of a server that somebody disables is not reported as resolved, and is heard again once it is enabled.
// Method: a real Alertmanager that notifies the exporter; alerts are put into it as Prometheus would.

interface ShownSilence {
  readonly createdBy: string;
  readonly comment: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
  readonly matchers: readonly { readonly name: string; readonly value: string }[];
}

const configFor = (url: string) => `
route: { receiver: history, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: history, webhook_configs: [{ url: '${url}/api/v1/alerts/webhook' }] }]
`;

const alertOf = (alertname: string, server: string) => ({
  labels: { alertname, server, severity: 'critical', component: 'mcp', gateway: 'one' },
});

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'disabling silences the alerts of a server, so that no end is notified, and enabling ends the silence',
  async () => {
    const port = await freePort();
    const own = `http://127.0.0.1:${port}`;
    const alertmanager = await startAlertmanager(configFor(own));
    const service = await startService({
      config: `
gateway: { listen: 'off' }
alertmanager: { url: '${alertmanager.url}', targetLabels: { gateway: one } }
mcpServers: { search: { url: "http://127.0.0.1:1/mcp" } }
`,
      args: ['--listen', `127.0.0.1:${port}`],
    });
    const statesOf = async () => {
      const { alerts } = JSON.parse(await service.get('/api/v1/alerts')) as {
        readonly alerts: readonly { readonly alertname: string; readonly state: string }[];
      };
      return Object.fromEntries(alerts.map(({ alertname, state }) => [alertname, state]));
    };
    const silences = async () =>
      (await (await fetch(`${alertmanager.url}/api/v2/silences`)).json()) as ShownSilence[];
    const order = async (path: string, body: unknown = {}) => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await fetch(`${own}/api/v1/mcp/servers/search/${path}`, init);
      expect(answer.status).toBe(200);
    };
    const offline = alertOf('McpServerOffline', 'search');
    const other = alertOf('McpServerCritical', 'files');
    alertmanager.fire(offline);
    alertmanager.fire(other);
    await until(async () => Object.keys(await statesOf()).length === 2);

    await order('disable', { by: 'ann', reason: 'moves', duration: '1h' });
    const [silence] = await until(async () => {
      const present = await silences();
      return present.length > 0 && present;
    });
    expect(silence).toMatchObject({
      createdBy: 'mcp-exporter',
      status: { state: 'active' },
    });
    expect(silence?.comment).toMatch(/^search: disabled by ann, via 127.0.0.1 until .*: moves$/);
    const matched = silence?.matchers.map(({ name, value }) => `${name}=${value}`).toSorted();
    expect(matched).toEqual(['component=mcp', 'gateway=one', 'server=search']);
    const remainingMs = Date.parse(silence?.endsAt ?? '') - Date.now();
    expect(remainingMs / 60_000).toBeGreaterThan(60);
    expect(remainingMs / 60_000).toBeLessThanOrEqual(72);

    alertmanager.resolve(offline);
    alertmanager.resolve(other);
    await until(async () => (await statesOf())['McpServerCritical'] === 'resolved');
    // Two more rounds of both groups, which another alert shows.
    for (const name of ['Round1', 'Round2']) {
      alertmanager.fire(alertOf(name, 'files'));
      await until(async () => (await statesOf())[name] === 'firing');
      alertmanager.resolve(alertOf(name, 'files'));
      await until(async () => (await statesOf())[name] === 'resolved');
    }
    expect((await statesOf())['McpServerOffline']).toBe('firing');

    await order('enable');
    await until(async () => (await silences()).every(({ status }) => status.state === 'expired'));
    expect(service.lines('silences cannot be set in Alertmanager now')).toEqual([]);
  },
);
