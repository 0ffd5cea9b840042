import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { createFakeContext } from '../fakes/fake-context.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { isMissing } from '../rules/support/programs.ts';
import { type Alertmanager, startAlertmanager } from '../rules/support/start-alertmanager.ts';
import { type MailSink, startMailSink } from '../rules/support/start-mail-sink.ts';
import { freePort } from './support/free-port.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: what an operator does about an alert reaches Alertmanager, and mails say nothing that is not true.
// Method: a real Alertmanager that notifies the exporter and a mail server; alerts are put into it as Prometheus would.

const configFor = (url: string, smtp: string) => `
global: { smtp_smarthost: '${smtp}', smtp_from: 'alerts@example.com', smtp_require_tls: false, smtp_hello: localhost }
route:
  receiver: mail
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes: [{ receiver: history, continue: true }, { receiver: mail }]
receivers:
  - { name: history, webhook_configs: [{ url: '${url}/api/v1/alerts/webhook' }] }
  - { name: mail, email_configs: [{ to: 'ops@example.com', send_resolved: true, headers: { Subject: '{{ .Status }} {{ .CommonLabels.alertname }}' } }] }
`;

const alertOf = (alertname: string, server: string) => ({
  labels: { alertname, server, severity: 'critical', component: 'mcp' },
});

interface Stage {
  readonly service: Service;
  readonly alertmanager: Alertmanager;
  readonly subjects: () => readonly string[];
}

async function setUp(gateway: string, silenceMargin: string): Promise<Stage> {
  const port = await freePort();
  const mail: MailSink = await startMailSink();
  const alertmanager = await startAlertmanager(configFor(`http://127.0.0.1:${port}`, mail.address));
  const { command, args } = fakeServer({});
  const service = await startService({
    config: `
listen: 127.0.0.1:${port}
gateway: { listen: '${gateway}' }
alertmanager: { url: '${alertmanager.url}', silenceMargin: ${silenceMargin} }
mcpServers: { files: ${JSON.stringify({ command, args })} }
`,
    args: ['--listen', `127.0.0.1:${port}`],
  });
  return { service, alertmanager, subjects: () => mail.mails.map(({ subject }) => subject) };
}

async function post({ url }: Service, path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}/api/v1/${path}`, init);
  expect(answer.status).toBe(200);
  return answer.json();
}

/** Another alert fires and ends, so that Alertmanager has been through its groups. */
async function passRound({ alertmanager, subjects }: Stage, name: string): Promise<void> {
  alertmanager.fire(alertOf(name, 'other'));
  await until(() => subjects().includes(`firing ${name}`));
  alertmanager.resolve(alertOf(name, 'other'));
  await until(() => subjects().includes(`resolved ${name}`));
}

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'an acknowledged alert is silent, and a test alert shows where alerts go',
  async () => {
    const stage = await setUp('off', '1s');
    const { service, alertmanager, subjects } = stage;
    const slow = alertOf('McpResponseTimeHigh', 'files');
    alertmanager.fire(slow);
    const id = await until(async () => {
      const { alerts } = JSON.parse(await service.get('/api/v1/alerts')) as {
        readonly alerts: readonly { readonly id: number }[];
      };
      return alerts[0]?.id;
    });
    await until(() => subjects().includes('firing McpResponseTimeHigh'));

    const order = { by: 'ann', reason: 'on it', duration: '1h' };
    const by = 'ann, via 127.0.0.1';
    expect(await post(service, `alerts/${id}/acknowledge`, order)).toMatchObject({
      silenced: { kind: 'acknowledge', by, reason: 'on it' },
    });
    const silences = (await (await fetch(`${alertmanager.url}/api/v2/silences`)).json()) as {
      readonly matchers: readonly { readonly name: string; readonly value: string }[];
    }[];
    expect(silences).toMatchObject([
      { createdBy: by, comment: 'on it', status: { state: 'active' } },
    ]);
    const matched = silences[0]?.matchers.map(({ name, value }) => [name, value]);
    expect(Object.fromEntries(matched ?? [])).toEqual(slow.labels);
    alertmanager.resolve(slow);
    await passRound(stage, 'Round');
    await passRound(stage, 'Another');
    expect(subjects()).not.toContain('resolved McpResponseTimeHigh');

    const context = createFakeContext({ env: { USER: 'ann' } });
    const config = join(service.folder, 'mcp-exporter.yml');
    const argv = ['alert', 'test', '--severity', 'info', '--config', config];
    expect(await run(argv, { ...context, clock: REAL_CLOCK })).toBe(0);
    expect(context.err()).toMatch(/a real notification to everyone who receives .* severity info/);
    expect(context.out()).toMatch(
      /^alert +McpTestAlert\nrouted to +history, mail\nwebhook +received after/,
    );
    await until(() => subjects().includes('firing McpTestAlert'));
    const { actions } = JSON.parse(await service.get('/api/v1/mcp/actions')) as {
      readonly actions: readonly unknown[];
    };
    expect(actions).toMatchObject([
      { kind: 'test_alert', by, text: 'info, routed to history, mail, received by the webhook' },
      { kind: 'acknowledge', by, alert_id: id, until: expect.any(String) as string },
    ]);
  },
);

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'a silence that is ended before its time ends in Alertmanager, and notifications go on',
  async () => {
    const stage = await setUp('off', '1s');
    const { service, alertmanager, subjects } = stage;
    const silencesOf = async (state: string) => {
      const all = (await (await fetch(`${alertmanager.url}/api/v2/silences`)).json()) as {
        readonly status: { readonly state: string };
        readonly comment: string;
      }[];
      return all.filter(({ status }) => status.state === state).map(({ comment }) => comment);
    };
    const alert = alertOf('McpResponseTimeHigh', 'files');
    alertmanager.fire(alert);
    await until(() => subjects().includes('firing McpResponseTimeHigh'));
    const id = await until(async () => {
      const { alerts } = JSON.parse(await service.get('/api/v1/alerts')) as {
        readonly alerts: readonly { readonly id: number }[];
      };
      return alerts[0]?.id;
    });
    await post(service, `alerts/${id}/acknowledge`, { reason: 'first', duration: '1h' });
    await post(service, `alerts/${id}/silence`, { reason: 'second', duration: '4h' });
    // Somebody else's, of another alert with some of the same labels.
    const other = { name: 'server', value: 'files', isRegex: false, isEqual: true };
    await fetch(`${alertmanager.url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        matchers: [other, { ...other, name: 'alertname', value: 'Another' }],
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 3_600_000).toISOString(),
        createdBy: 'bob',
        comment: 'of bob',
      }),
    });
    expect((await silencesOf('active')).toSorted()).toEqual(['first', 'of bob', 'second']);

    expect(await post(service, `alerts/${id}/unsilence`, { by: 'ann' })).not.toHaveProperty(
      'silenced',
    );

    expect(await silencesOf('active')).toEqual(['of bob']);
    alertmanager.resolve(alert);
    await until(() => subjects().includes('resolved McpResponseTimeHigh'));
  },
);

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'a server that is disabled for some seconds is refused and silent, and comes back by itself without a false mail',
  async () => {
    const gatewayPort = await freePort();
    const stage = await setUp(`127.0.0.1:${gatewayPort}`, '1m');
    const { service, alertmanager, subjects } = stage;
    const statusOf = async () => (await service.servers()).get('files')?.status;
    const call = async () => {
      const response = await fetch(`http://127.0.0.1:${gatewayPort}/files/mcp`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'test', version: '1' },
          },
        }),
      });
      await response.text();
      return response.status;
    };
    await until(async () => (await statusOf()) === 'healthy');
    expect(await call()).toBe(200);
    const offline = alertOf('McpServerOffline', 'files');
    alertmanager.fire(offline);
    await until(() => subjects().includes('firing McpServerOffline'));

    await post(service, 'mcp/servers/files/disable', { duration: '4s', reason: 'moves' });
    expect(await call()).toBe(503);
    // Prometheus sees no Offline server any more.
    await until(async () => {
      const silences = await (await fetch(`${alertmanager.url}/api/v2/silences`)).json();
      return Array.isArray(silences) && silences.length > 0;
    });
    alertmanager.resolve(offline);
    await passRound(stage, 'Round');
    await until(async () => (await statusOf()) === 'healthy');
    expect(await call()).toBe(200);
    await passRound(stage, 'Another');
    expect(subjects()).not.toContain('resolved McpServerOffline');
    expect(subjects().filter((subject) => subject.includes('Offline'))).toHaveLength(1);
  },
);
