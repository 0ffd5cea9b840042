import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nextCall } from '../../src/demo/fleet/personas.ts';
import { until } from '../integration/support/until.ts';
import { isEngineMissing, requireImages } from './support/compose.ts';
import { createProject, type Project, removeProject } from './support/project.ts';
import { query, queryValue } from './support/prometheus.ts';

// Goal: the profile demo shows what it promises: servers with troubles, clients, prices, mails. Method: the shipped compose file on
// a real engine, with a small mail server in the place of Mailpit.

const SERVERS = ['events', 'files', 'memory', 'reports', 'search', 'tickets', 'weather'];
const SERVICES = [
  'exporter',
  'prometheus',
  'alertmanager',
  'demo-exporter',
  ...['search', 'events', 'tickets', 'weather', 'reports'].map((name) => `demo-${name}`),
  'demo-load',
  'mail-sink',
];
const DEMO = { profiles: ['demo'], files: ['test/stack/fixtures/mail-sink.yml'] };

describe.skipIf(isEngineMissing())('the profile demo', () => {
  let project: Project;

  beforeAll(async () => {
    project = await createProject();
    requireImages();
    await project.run(['build', 'exporter', 'demo-exporter'], DEMO);
    await project.run(['up', '--detach', '--wait', '--pull', 'never', ...SERVICES], DEMO);
  });

  afterAll(() => removeProject(project));

  const ask = (expression: string) => queryValue(project.url('PROMETHEUS_PORT'), expression);

  test('Prometheus finds its exporter by name, and tells it from the other', async () => {
    await until(async () => (await ask('up{job="mcp-exporter", gateway="demo"}')) === 1);
    await until(async () => (await ask('up{job="mcp-exporter", gateway="default"}')) === 1);
    const targets = await query(project.url('PROMETHEUS_PORT'), 'up{job="mcp-exporter"}');
    expect(targets.map(({ metric }) => metric['instance']).toSorted()).toEqual([
      'demo-exporter:19110',
      'exporter:19110',
    ]);
  });

  test('every sample server answers, and the slow one is seen to be slow', async () => {
    const answered = 'max_over_time(mcp_probe_success{gateway="demo"}[1h]) == 1';
    await until(async () => (await ask(`count(${answered})`)) === SERVERS.length);
    const servers = await query(project.url('PROMETHEUS_PORT'), answered);
    expect(servers.map(({ metric }) => metric['server']).toSorted()).toEqual(SERVERS);
    const slow = 'mcp_server_status{server="tickets", status=~"warning|critical"}';
    await until(async () => (await ask(`max(max_over_time(${slow}[1h]))`)) === 1);
  });

  test('clients call tools, and calls cost something', async () => {
    await until(async () => ((await ask('sum(mcp_requests_total{gateway="demo"})')) ?? 0) > 50);
    await until(async () => ((await ask('sum(mcp_cost_usd_total{gateway="demo"})')) ?? 0) > 0);
    expect(await project.run(['logs', '--no-log-prefix', 'demo-load'], DEMO)).not.toMatch(
      /ENOTFOUND|40\d/,
    );
  });

  test('the files that clients ask for are in the image', async () => {
    const paths = Array.from({ length: 100 }, (_, n) => nextCall('files', () => n / 100))
      .map(({ arguments: { path } }) => path)
      .filter((path) => typeof path === 'string');
    expect(paths.length).toBeGreaterThan(90);
    await project.run(['exec', '-T', 'demo-exporter', 'ls', '-d', ...new Set(paths)], DEMO);
  });

  test('alerts become mails, with links to the pages of the demonstration', async () => {
    const labels = [
      'alertname=McpTestAlert',
      'severity=critical',
      'component=mcp',
      'gateway=demo',
      'server=reports',
    ];
    const url = '--alertmanager.url=http://127.0.0.1:9093';
    await project.run(['exec', '-T', 'alertmanager', 'amtool', 'alert', 'add', ...labels, url]);
    const mail = await until(async () => {
      const log = await project.run(['logs', '--no-log-prefix', 'mail-sink'], DEMO);
      return log.includes('McpTestAlert') && log;
    });
    expect(mail).toContain('To: oncall@example.com');
    expect(mail).toContain(`localhost:${project.ports['DEMO_PORT']}/servers/reports`);
  });
});
