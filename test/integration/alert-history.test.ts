import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isMissing } from '../rules/support/programs.ts';
import { startAlertmanager } from '../rules/support/start-alertmanager.ts';
import { freePort } from './support/free-port.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: what a real Alertmanager says of alerts is in the history, also of the time in which the exporter was away.
// Method: the real programs on loopback; alerts are put into Alertmanager as Prometheus would.

interface ShownAlert {
  readonly alertname: string;
  readonly state: string;
  readonly server: string;
  readonly severity: string;
  readonly value?: number;
  readonly started_at: string;
  readonly ended_at?: string;
  readonly notifications: readonly { readonly status: string; readonly receiver: string }[];
}

const OFFLINE = {
  labels: { alertname: 'McpServerOffline', server: 'search', severity: 'critical' },
  annotations: { summary: 'An MCP server is offline', value: '3' },
};
const WATCHDOG = { labels: { alertname: 'Watchdog', severity: 'none' } };

async function alertsOf({ get }: Service, query = ''): Promise<readonly ShownAlert[]> {
  const page = JSON.parse(await get(`/api/v1/alerts${query}`)) as { alerts: readonly ShownAlert[] };
  return page.alerts;
}

function alertmanagerConfig(url: string, tokenFile: string): string {
  return `
route: { receiver: history, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: history
    webhook_configs:
      - url: ${url}/api/v1/alerts/webhook
        http_config: { authorization: { credentials_file: ${tokenFile} } }
`;
}

interface Options {
  readonly port: number;
  /** Of the journal. */
  readonly folder: string;
  readonly token?: string;
}

function start({ port, folder, token = 'al3rts' }: Options): Promise<Service> {
  return startService({
    config: `
gateway: { listen: 'off' }
journal: { path: '${join(folder, 'journal.sqlite')}' }
alertWebhook: { tokenFile: ./token }
mcpServers: { search: { url: "http://127.0.0.1:1/mcp" } }
`,
    files: { token },
    args: ['--listen', `127.0.0.1:${port}`],
  });
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-history-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'an alert that fires and is resolved is in the history with both, on the page, in the log and in the metrics',
  async () => {
    const service = await start({ port: await freePort(), folder: makeFolder() });
    const alertmanager = await startAlertmanager(
      alertmanagerConfig(service.url, join(service.folder, 'token')),
    );
    alertmanager.fire(OFFLINE);
    alertmanager.fire(WATCHDOG);
    const [firing] = await until(async () => {
      const alerts = await alertsOf(service, '?state=firing');
      return alerts.length > 0 && alerts;
    });
    expect(firing).toMatchObject({
      alertname: 'McpServerOffline',
      server: 'search',
      severity: 'critical',
      value: 3,
      notifications: [{ status: 'firing', receiver: 'history' }],
    });
    const page = await service.get('/alerts');
    expect(page).toContain('1 alert firing');
    expect(page).toContain('href="http://prometheus.test:9090/graph?g0.expr=up"');
    expect(page).toContain('href="http://alertmanager.test:9093/#/alerts?');
    await until(async () => (await service.health()).components['alerting']?.status === 'ok');

    alertmanager.resolve(OFFLINE);
    const [resolved] = await until(async () => {
      const alerts = await alertsOf(service, '?state=resolved');
      return alerts.length > 0 && alerts;
    });
    expect(resolved).toMatchObject({
      started_at: firing?.started_at,
      notifications: [{ status: 'firing' }, { status: 'resolved' }],
    });
    expect(Date.parse(resolved?.ended_at ?? '')).toBeGreaterThan(
      Date.parse(firing?.started_at ?? ''),
    );
    expect(await alertsOf(service, '?state=firing')).toEqual([]);
    expect(await alertsOf(service, '?alertname=Watchdog')).toEqual([]);
    expect(service.lines('alert notification received')).toMatchObject([
      { level: 'error', alertname: 'McpServerOffline', status: 'firing' },
      { level: 'info', alertname: 'McpServerOffline', status: 'resolved' },
    ]);
    const metrics = await service.get('/metrics');
    const name = 'mcp_alert_notifications_total{alertname="McpServerOffline"';
    expect(metrics).toContain(`${name},status="firing"} 1\n`);
    expect(metrics).toContain(`${name},status="resolved"} 1\n`);
    expect(metrics).toMatch(/^mcp_watchdog_last_received_timestamp_seconds \d/m);
  },
);

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'an alert that fires while the exporter is away is in the history after its return, and the Watchdog is not forgotten',
  async () => {
    const port = await freePort();
    const folder = makeFolder();
    const first = await start({ port, folder });
    const alertmanager = await startAlertmanager(
      alertmanagerConfig(first.url, join(first.folder, 'token')),
    );
    alertmanager.fire(WATCHDOG);
    await until(async () => (await first.health()).components['alerting']?.status === 'ok');
    first.child.kill('SIGTERM');
    await first.ended;
    alertmanager.fire(OFFLINE);
    await until(() => /connection refused/.test(alertmanager.stderr()));

    const second = await start({ port, folder });
    expect((await second.health()).components['alerting']?.status).toBe('ok');
    const [alert] = await until(async () => {
      const alerts = await alertsOf(second);
      return alerts.length > 0 && alerts;
    });
    expect(alert).toMatchObject({ alertname: 'McpServerOffline', state: 'firing' });
  },
);
