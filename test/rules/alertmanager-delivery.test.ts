import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { renderAlertmanagerText } from '../../src/cli/render.ts';
import { until } from '../integration/support/until.ts';
import { alertingOf } from './support/alerting.ts';
import { isMissing } from './support/programs.ts';
import { type Alert, startAlertmanager } from './support/start-alertmanager.ts';
import { startMailSink } from './support/start-mail-sink.ts';
import { type RequestSink, startRequestSink } from './support/start-request-sink.ts';

// Goal: what reaches people says what, since when, how bad, where to look and what to do. Method: the real Alertmanager
// with the rendered configuration, only its waits shortened, and sinks on loopback in the place of the services.

const hasNoPrograms = isMissing('alertmanager', 'amtool');

const RUNBOOK = 'https://docs.test/runbook.md#mcpserveroffline';
const OFFLINE: Alert = {
  labels: {
    alertname: 'McpServerOffline',
    severity: 'critical',
    component: 'mcp',
    gateway: 'berlin',
    server: 'search <1> & more',
  },
  annotations: {
    summary: 'An MCP server is offline',
    description: 'search at berlin does not answer: 3 failed checks in a row, mostly refused.',
    value: '1',
    runbook_url: RUNBOOK,
    dashboard_url: '/d/mcp-server?var-gateway=berlin&var-server=search',
  },
};

/** Waits as shipped would make a test of minutes. */
function expedite(text: string): string {
  return text
    .replaceAll(/group_wait: \d+s/g, 'group_wait: 1s')
    .replaceAll(/group_interval: \d+[sm]/g, 'group_interval: 1s');
}

async function secretFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-secret-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'secret');
  await writeFile(path, content);
  return path;
}

function requestsTo({ requests }: RequestSink, path: string) {
  return requests.filter((request) => request.path === path);
}

test.skipIf(hasNoPrograms)(
  'a mail has all details, as text and as HTML, when an alert fires and when it is resolved',
  async () => {
    const sink = await startMailSink();
    const email = {
      to: ['oncall@example.com', 'second@example.com'],
      from: 'mcp@example.com',
      smarthost: sink.address,
      requireTls: false,
    };
    const alertmanager = await startAlertmanager(
      expedite(renderAlertmanagerText(alertingOf({ email }))),
    );
    alertmanager.fire(OFFLINE);
    await until(() => sink.mails.length === 2);
    expect(sink.mails.flatMap(({ to }) => to).toSorted()).toEqual(email.to);
    const [mail] = sink.mails;
    expect(mail?.subject).toBe('[FIRING:1] McpServerOffline on search <1> & more (critical)');
    for (const part of [
      'FIRING',
      'McpServerOffline',
      'mostly refused.',
      'berlin',
      'Since',
      ' UTC',
      RUNBOOK,
      'http://prometheus.test:9090/graph?g0.expr=up',
      '/servers/search%20',
    ]) {
      expect(mail?.text).toContain(part);
      expect(mail?.html).toContain(part);
    }
    const text = mail?.text.replace(/Since: [\d-]+ [\d:]+ UTC/, 'Since: SOME TIME UTC');
    expect(text).toMatchInlineSnapshot(`
      "FIRING: McpServerOffline on search <1> & more (gateway berlin), critical
      An MCP server is offline
      search at berlin does not answer: 3 failed checks in a row, mostly refused.
      Since: SOME TIME UTC
      What to do: https://docs.test/runbook.md#mcpserveroffline
      Where to look: http://grafana.test:3000/d/mcp-server?var-gateway=berlin&var-server=search
      Server: http://exporter.test:19110/servers/search%20%3C1%3E%20&%20more
      Query: http://prometheus.test:9090/graph?g0.expr=up

      Silence: http://alertmanager.test:9093/#/silences/new?filter=%7Balertname%3D%22McpServerOffline%22%2Ccomponent%3D%22mcp%22%2Cgateway%3D%22berlin%22%2Cserver%3D%22search+%3C1%3E+%26+more%22%2Cseverity%3D%22critical%22%7D
      History: http://exporter.test:19110/alerts"
    `);
    expect(mail?.html).toContain('search &lt;1&gt; &amp; more');
    expect(mail?.html).not.toContain('<1>');
    expect(mail?.html).toContain(
      'http://grafana.test:3000/d/mcp-server?var-gateway=berlin&amp;var-server=search',
    );

    alertmanager.resolve(OFFLINE);
    await until(() => sink.mails.length === 4);
    expect(sink.mails[3]?.subject).toBe(
      '[RESOLVED] McpServerOffline on search <1> & more (critical)',
    );
    expect(sink.mails[3]?.text).toMatch(/Until: 20\d\d-/);
    expect(sink.mails[3]?.html).toContain('until 20');
    expect(alertmanager.stderr()).not.toMatch(/level=(?:ERROR|WARN)/);
  },
);

test.skipIf(hasNoPrograms)('one mail reports many servers', async () => {
  const sink = await startMailSink();
  const email = {
    to: ['a@b.c'],
    from: 'mcp@example.com',
    smarthost: sink.address,
    requireTls: false,
  };
  const alertmanager = await startAlertmanager(
    renderAlertmanagerText(alertingOf({ email })).replaceAll('group_wait: 10s', 'group_wait: 5s'),
  );
  for (let n = 0; n < 5; n++)
    alertmanager.fire({ ...OFFLINE, labels: { ...OFFLINE.labels, server: `server-${n}` } });
  await until(() => sink.mails.length > 0);
  expect(sink.mails.map(({ subject }) => subject)).toEqual([
    '[FIRING:5] McpServerOffline on 5 servers (critical)',
  ]);
  for (let n = 0; n < 5; n++) expect(sink.mails[0]?.text).toContain(`on server-${n} `);
});

test.skipIf(hasNoPrograms)(
  'Slack, PagerDuty, webhooks, the history and the heartbeat receive messages in their format',
  async () => {
    const sink = await startRequestSink();
    const alerting = alertingOf({
      slack: { webhookUrlFile: await secretFile(`${sink.url}/slack`), channel: '#mcp' },
      pagerduty: { routingKeyFile: await secretFile('planted-routing-key') },
      webhooks: [
        { url: `${sink.url}/hook` },
        { urlFile: await secretFile(`${sink.url}/secret-hook`) },
      ],
      history: { url: `${sink.url}/history`, tokenFile: await secretFile('planted-token') },
      heartbeat: { url: `${sink.url}/heartbeat` },
    });
    // The address of PagerDuty is no option of ours: only here it is another.
    const config = expedite(renderAlertmanagerText(alerting)).replaceAll(
      /^( *)- routing_key_file:/gm,
      `$1- url: ${sink.url}/pagerduty\n$1  routing_key_file:`,
    );
    const alertmanager = await startAlertmanager(config);
    alertmanager.fire(OFFLINE);
    alertmanager.fire({ labels: { alertname: 'Watchdog', severity: 'none', component: 'mcp' } });
    await until(() =>
      ['/slack', '/pagerduty', '/hook', '/secret-hook', '/heartbeat'].every(
        (path) => requestsTo(sink, path).length > 0,
      ),
    );
    await until(() => requestsTo(sink, '/history').length >= 2);

    expect(requestsTo(sink, '/slack')[0]?.body).toMatchObject({
      channel: '#mcp',
      attachments: [
        {
          title: '[FIRING:1] McpServerOffline on search <1> & more (critical)',
          title_link: 'http://grafana.test:3000/d/mcp-server?var-gateway=berlin&var-server=search',
          color: 'danger',
          text: expect.stringContaining(`<${RUNBOOK}|What to do>`),
        },
      ],
    });
    expect(requestsTo(sink, '/pagerduty')[0]?.body).toMatchObject({
      routing_key: 'planted-routing-key',
      event_action: 'trigger',
      payload: {
        summary: '[FIRING:1] McpServerOffline on search <1> & more (critical)',
        severity: 'critical',
        custom_details: { alerts: expect.stringContaining('mostly refused.') },
      },
      links: [{ text: 'Where to look' }, { href: RUNBOOK, text: 'What to do' }],
    });
    expect(requestsTo(sink, '/hook')[0]?.body).toMatchObject({
      version: '4',
      status: 'firing',
      alerts: [{ labels: OFFLINE.labels, annotations: OFFLINE.annotations }],
    });
    const history = requestsTo(sink, '/history');
    expect(history.map(({ authorization }) => authorization)).toEqual(
      history.map(() => 'Bearer planted-token'),
    );
    expect(requestsTo(sink, '/heartbeat')[0]?.body).toMatchObject({
      alerts: [{ labels: { alertname: 'Watchdog' } }],
    });

    alertmanager.resolve(OFFLINE);
    await until(() =>
      requestsTo(sink, '/pagerduty').some(({ body }) => body['event_action'] === 'resolve'),
    );
    await until(() =>
      requestsTo(sink, '/slack').some(({ body }) => JSON.stringify(body).includes('"good"')),
    );
    expect(alertmanager.stderr()).not.toContain('planted-');
  },
);

const A = { component: 'mcp', gateway: 'g', server: 'a' };

/** Fired together; the first is the cause, and `isMuted` says which of the others are not said. */
const INHIBITIONS: readonly (readonly [
  what: string,
  cause: Alert['labels'],
  others: readonly (Alert['labels'] & { readonly isMuted?: 'yes' })[],
])[] = [
  [
    'an offline server says nothing more of itself',
    { ...A, alertname: 'McpServerOffline', severity: 'critical' },
    [
      { ...A, alertname: 'HighRequestLatency', severity: 'critical', isMuted: 'yes' },
      { ...A, alertname: 'CriticalErrorRate', severity: 'critical', isMuted: 'yes' },
      { ...A, alertname: 'McpLatencyAnomaly', severity: 'warning', isMuted: 'yes' },
      { ...A, alertname: 'Mine', severity: 'warning', origin: 'user' },
      { ...A, alertname: 'SlowResponses', severity: 'warning', server: 'b' },
      { ...A, alertname: 'HighErrorRate', severity: 'critical', gateway: 'h' },
      { component: 'mcp', gateway: 'g', alertname: 'HighMemoryUsage', severity: 'warning' },
    ],
  ],
  [
    'a gateway that is down silences its servers',
    { component: 'mcp', gateway: 'g', alertname: 'McpGatewayDown', severity: 'critical' },
    [
      { ...A, alertname: 'McpServerOffline', severity: 'critical', isMuted: 'yes' },
      { ...A, alertname: 'McpProbeStale', severity: 'warning', isMuted: 'yes' },
      { ...A, alertname: 'McpServerFlapping', severity: 'warning', gateway: 'h' },
      { component: 'mcp', alertname: 'Watchdog', severity: 'none' },
    ],
  ],
  [
    'a server in maintenance says nothing, nor do the alerts of the user about it',
    { ...A, alertname: 'McpServerMaintenance', severity: 'none' },
    [
      { ...A, alertname: 'McpServerOffline', severity: 'critical', isMuted: 'yes' },
      { ...A, alertname: 'Mine', severity: 'warning', origin: 'user', isMuted: 'yes' },
      { ...A, alertname: 'McpServerWarning', severity: 'warning', server: 'b' },
      { ...A, alertname: 'McpServerCritical', severity: 'critical', gateway: 'h' },
      { component: 'mcp', gateway: 'g', alertname: 'HighMemoryUsage', severity: 'warning' },
    ],
  ],
  [
    'without any exporter that is what is said',
    { component: 'mcp', alertname: 'McpExporterAbsent', severity: 'critical' },
    [
      {
        component: 'mcp',
        gateway: 'g',
        alertname: 'McpGatewayDown',
        severity: 'critical',
        isMuted: 'yes',
      },
      { ...A, alertname: 'McpServerOffline', severity: 'critical', isMuted: 'yes' },
      { component: 'mcp', alertname: 'McpNotificationFailures', severity: 'warning' },
      { component: 'mcp', alertname: 'Watchdog', severity: 'none' },
    ],
  ],
  [
    'the worst of a server is said, and not what is less',
    { ...A, alertname: 'CriticalErrorRate', severity: 'critical' },
    [
      { ...A, alertname: 'HighErrorRate', severity: 'critical', isMuted: 'yes' },
      { ...A, alertname: 'SlowResponses', severity: 'warning', isMuted: 'yes' },
      { ...A, alertname: 'McpResponseTimeVeryHigh', severity: 'critical' },
      { ...A, alertname: 'ErrorRateAboveThreshold', severity: 'warning', server: 'b' },
    ],
  ],
];

test.skipIf(hasNoPrograms).each(INHIBITIONS)('%s', async (_, cause, others) => {
  const alertmanager = await startAlertmanager(renderAlertmanagerText(alertingOf()));
  alertmanager.fire({ labels: cause });
  for (const { isMuted: _muted, ...labels } of others) alertmanager.fire({ labels });
  const muted = others.filter(({ isMuted }) => isMuted === 'yes');
  const names = muted.map(({ alertname }) => alertname).toSorted();
  // Marked when the groups are sent for the first time: those that wait longest decide.
  await until(async () => (await alertmanager.inhibited()).length >= names.length);
  expect(await alertmanager.inhibited()).toEqual(names);
});
