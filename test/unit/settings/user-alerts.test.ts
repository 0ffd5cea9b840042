import { expect, test } from 'vitest';
import { configOf, mistakesOf } from './load-text.ts';

const SERVERS = `mcpServers:
  search: { url: 'http://127.0.0.1:1/mcp' }
  files: { command: files }
`;

function alert(fields: string, more = ''): string {
  return `${SERVERS}${more}alerts:\n  - { ${fields} }\n`;
}

test('an alert has base units and defaults', async () => {
  const { alerts, alertRulesFile } = await configOf(
    alert("name: Slow, metric: response_time, op: '>', threshold: 500ms"),
  );
  expect(alerts).toEqual([
    {
      name: 'Slow',
      metric: 'response_time',
      op: '>',
      threshold: 0.5,
      thresholdText: '500ms',
      forMs: 60_000,
      servers: 'all',
      severity: 'warning',
    },
  ]);
  expect(alertRulesFile).toMatch(/prometheus\/generated\/user-alerts\.yml$/);
});

test('every key of an alert can be set', async () => {
  const config = await configOf(
    alert(
      "name: E, metric: error_rate, op: '>=', threshold: 5%, for: 5m, servers: [search], severity: critical, channels: [email, history]",
      "alerting: { email: { to: [a@b.c], from: d@e.f, smarthost: 'localhost:25' }, history: { url: 'http://localhost:19110/x' } }\n",
    ),
  );
  expect(config.alerts[0]).toMatchObject({
    threshold: 0.05,
    forMs: 300_000,
    servers: ['search'],
    severity: 'critical',
    channels: ['email', 'history'],
  });
  expect(config.alerting).toMatchObject({ email: { requireTls: true }, webhooks: [] });
});

test.each([
  ['call_time_p95', '1m30s', 90],
  ['availability', '99.9%', 0.999],
  ['cost', '$20', 20],
  ['cost', '20.5', 20.5],
  ['request_rate', '10', 10],
  ['request_rate', '600/m', 10],
  ['tokens', '10/s', 600],
  ['tokens', '1000', 1000],
  ['active_connections', '5', 5],
  ['mcp_server_process_resident_memory_bytes', '1MiB', 1_048_576],
  ['mcp_server_status_changes_total', '36/h', 0.01],
  ['mcp_probe_last_duration_seconds', '2s', 2],
  ['mcp_probe_consecutive_failures', '2', 2],
])('%s of %s is %d in base units', async (metric, threshold, base) => {
  const { alerts } = await configOf(
    alert(`name: A, metric: ${metric}, op: '>', threshold: ${threshold}`),
  );
  expect(alerts[0]?.threshold).toBeCloseTo(base, 10);
});

test.each([
  [
    "name: A, metric: respone_time, op: '>', threshold: 1s",
    '5:24  alerts[0].metric  there is no such metric; offered are response_time,',
  ],
  ["name: A, metric: respone_time, op: '>', threshold: 1s", 'did you mean response_time?'],
  ["name: A, metric: mcp_prob_success, op: '<', threshold: 1", 'did you mean mcp_probe_success?'],
  ["name: A, metric: response_time, op: '=>', threshold: 1s", 'must be one of ">", ">="'],
  [
    "name: A, metric: response_time, op: '>', threshold: 500",
    'of response_time must be a duration with its unit',
  ],
  ["name: A, metric: error_rate, op: '>', threshold: 0.05", 'must be a share with its unit'],
  ["name: A, metric: cost, op: '>', threshold: 20 EUR", 'must be an amount of US dollars'],
  [
    "name: A, metric: cost, op: '>', threshold: 1, servers: [serach]",
    'there is no such server; there are search, files; did you mean search?',
  ],
  ["name: A, metric: cost, op: '>', threshold: 1, servers: some", 'must be all or a list'],
  ["name: HighErrorRate, metric: cost, op: '>', threshold: 1", 'choose another'],
  ["name: 1 A, metric: cost, op: '>', threshold: 1", 'begin with a letter'],
  ["name: A, metric: cost, op: '>', threshold: 1, for: 5", 'must be a duration'],
  ["name: A, metric: cost, op: '>', threshold: 1, severity: page", 'must be one of critical'],
  [
    "name: A, metric: cost, op: '>', threshold: 1, channels: [slack]",
    'nothing can go there: alerting.slack is not configured',
  ],
  [
    "name: A, metric: cost, op: '>', threshold: 1 }\n  - { name: A, metric: cost, op: '>', threshold: 2",
    'an alert of this name is here twice',
  ],
])('the alert { %s } is a mistake', async (fields, message) => {
  expect(await mistakesOf(alert(fields))).toContain(message);
});

test.each([
  [
    "slack: { webhookUrlFile: 'https://hooks.slack.com/planted', channel: '#a' }",
    'must be the path of a file',
  ],
  ["webhooks: [{ url: 'http://a/?token=planted' }]", 'put the URL into a file, urlFile'],
  ["webhooks: [{ url: 'http://a', urlFile: b }]", 'needs either url or urlFile'],
  ['heartbeat: { }', 'needs either url or urlFile'],
  ["email: { to: [a], from: b@c, smarthost: 'd:25' }", 'must be a mail address'],
  ['email: { to: [a@b], from: b@c, smarthost: d }', 'must be host:port'],
  ['businessHours: { timeZone: Europe/Berln }', 'must be an IANA time zone in its exact spelling'],
  ["businessHours: { timeZone: UTC, from: '17:00', to: '09:00' }", 'must begin before they end'],
  ["grafanaUrl: 'http://u:planted@g'", 'must have no password'],
])('alerting: { %s } is a mistake that shows no secret', async (fields, message) => {
  const mistakes = await mistakesOf(`${SERVERS}alerting: { ${fields} }\n`);
  expect(mistakes).toContain(message);
  expect(mistakes).not.toContain('planted');
});

test('a secret that url_file would put into the configuration is refused', async () => {
  const mistakes = await mistakesOf({
    'mcp-exporter.yml': `${SERVERS}alerting: { webhooks: [{ url_file: secret }] }\n`,
    secret: 'http://a/planted',
  });
  expect(mistakes).toContain('must be urlFile here');
  expect(mistakes).not.toContain('planted');
});
