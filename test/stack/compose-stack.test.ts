import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../integration/support/until.ts';
import { isEngineMissing, requireImages, ROOT } from './support/compose.ts';
import { createProject, leftovers, type Project, removeProject } from './support/project.ts';
import { query, queryValue } from './support/prometheus.ts';

// Goal: what a newcomer starts with one command works, keeps what it knows, and leaves nothing. Method: the shipped compose file
// on a real engine, with those services whose images can be had everywhere.

const SERVICES = ['exporter', 'prometheus', 'alertmanager'];
const UP = ['up', '--detach', '--wait', '--pull', 'never'];
const SINK = 'test/stack/fixtures/mail-sink.yml';

interface Container {
  readonly Service: string;
  readonly State: string;
  readonly Health: string;
  readonly ExitCode: number;
}

interface Health {
  readonly components: { readonly alerting: { readonly status: string } };
}

interface History {
  readonly alerts: readonly { readonly alertname: string; readonly started_at: string }[];
}

describe.skipIf(isEngineMissing())('docker compose', () => {
  let project: Project;
  let folder: string;

  beforeAll(async () => {
    project = await createProject();
    folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-stack-'));
    requireImages();
    await project.run(['build', 'exporter']);
    await project.run([...UP, ...SERVICES]);
  });

  afterAll(async () => {
    await removeProject(project);
    await rm(folder, { recursive: true, force: true });
  });

  async function readJson<T>(port: string, path: string): Promise<T> {
    const response = await fetch(`${project.url(port)}${path}`);
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  }

  const prometheus = () => project.url('PROMETHEUS_PORT');
  const history = async () =>
    (await readJson<History>('EXPORTER_PORT', '/api/v1/alerts?limit=500')).alerts;
  const isScraped = async () =>
    (await queryValue(prometheus(), 'up{job="mcp-exporter", gateway="default"}')) === 1;

  function fire(alertname: string): Promise<string> {
    const labels = [`alertname=${alertname}`, 'severity=critical', 'component=mcp', 'server=test'];
    const url = '--alertmanager.url=http://127.0.0.1:9093';
    return project.run(['exec', '-T', 'alertmanager', 'amtool', 'alert', 'add', ...labels, url]);
  }

  test('comes up healthy with nothing made by hand', async () => {
    const lines = (await project.run(['ps', '--all', '--format', 'json'])).trim().split('\n');
    const states = lines
      .map((line) => JSON.parse(line) as Container)
      .map(({ Service, State, Health, ExitCode }) => [Service, State, Health, ExitCode]);
    expect(states.toSorted()).toEqual([
      ['alertmanager', 'running', 'healthy', 0],
      ['alertmanager-config', 'exited', '', 0],
      ['exporter', 'running', 'healthy', 0],
      ['prometheus', 'running', 'healthy', 0],
    ]);
    const log = await project.run(['logs', 'alertmanager-config']);
    expect(log).toContain('WARNING: Grafana starts with the password');
  });

  test('Prometheus scrapes the exporter, and sees its server answer', async () => {
    await until(isScraped);
    await until(
      async () => (await queryValue(prometheus(), 'max_over_time(mcp_probe_success[1h])')) === 1,
    );
    const rules = await readJson<{ readonly data: { readonly groups: readonly unknown[] } }>(
      'PROMETHEUS_PORT',
      '/api/v1/rules',
    );
    expect(rules.data.groups.length).toBeGreaterThan(5);
  });

  test('nobody is there under the name of the demonstration, and nothing fires for it', async () => {
    expect(await query(prometheus(), 'up{gateway="demo"}')).toEqual([]);
    expect(await query(prometheus(), 'ALERTS{gateway="demo"}')).toEqual([]);
  });

  test('an alert goes from Prometheus over Alertmanager into the history', async () => {
    await until(async () => {
      const { components } = await readJson<Health>('EXPORTER_PORT', '/health');
      return components.alerting.status === 'ok';
    });
    await fire('McpTestAlert');
    await until(async () => (await history()).some((alert) => alert.alertname === 'McpTestAlert'));
  });

  test('the gateway passes calls, but not those of a name that it does not know', async () => {
    const call = (host: string) =>
      project.run([
        'exec',
        '-T',
        'exporter',
        'node',
        '--input-type=module',
        '--eval',
        `import { request } from 'node:http';
         const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {
           protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } } });
         request('http://127.0.0.1:19100/everything/mcp', { method: 'POST', headers: { Host: '${host}',
           'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' } },
           (response) => { process.stdout.write(String(response.statusCode)); process.exit(); }).end(body);`,
      ]);
    expect(await call('localhost')).toBe('200');
    expect(await call('exporter:19100')).toBe('200');
    expect(await call('attacker.example')).toBe('403');
  });

  test('a restart keeps the history and the numbers', async () => {
    const before = await history();
    const atSeconds = Date.now() / 1_000;
    expect(await queryValue(prometheus(), 'up{job="mcp-exporter"}', atSeconds)).toBe(1);
    await project.run(['down']);
    expect(leftovers(project).length).toBeGreaterThan(0);
    await project.run([...UP, ...SERVICES]);
    expect((await history()).map(({ alertname, started_at }) => [alertname, started_at])).toEqual(
      expect.arrayContaining(before.map(({ alertname, started_at }) => [alertname, started_at])),
    );
    expect(await queryValue(prometheus(), 'up{job="mcp-exporter"}', atSeconds)).toBe(1);
  });

  test('a configuration and secrets of your own are taken over: alerts, mail, variables', async () => {
    const config = join(folder, 'config');
    await cp(join(ROOT, 'docker/exporter'), config, { recursive: true });
    const file = join(config, 'mcp-exporter.yml');
    const shipped = await readFile(file, 'utf8');
    await writeFile(
      file,
      `${shipped.replace(
        'alerting:\n',
        `alerting:\n  email: { to: ['\${MAIL_TO}'], from: a@example.com, smarthost: 'mail-sink:1025', requireTls: false }\n`,
      )}
alerts: [{ name: MyOwn, metric: request_rate, op: '>', threshold: 1000 }]
`,
    );
    await writeFile(join(config, 'exporter.env'), 'MAIL_TO=somebody@example.com\n');
    const own = { variables: { CONFIG_DIR: config }, files: [SINK] };
    await project.run([...UP, ...SERVICES, 'mail-sink'], own);

    await until(
      async () =>
        (await queryValue(prometheus(), 'count(ALERTS{alertname="MyOwn"})')) === undefined &&
        (await (await fetch(`${prometheus()}/api/v1/rules?rule_name[]=MyOwn`)).text()).includes(
          'MyOwn',
        ),
    );
    await fire('McpMailedAlert');
    const mails = await until(async () => {
      const log = await project.run(['logs', '--no-log-prefix', 'mail-sink'], own);
      return log.includes('McpMailedAlert') && log;
    });
    expect(mails).toContain('To: somebody@example.com');
    expect(mails).toContain(project.url('EXPORTER_PORT').replace('127.0.0.1', 'localhost'));
  });

  test('a configuration with a mistake is said, and nothing starts with it', async () => {
    const config = join(folder, 'wrong');
    await cp(join(ROOT, 'docker/exporter'), config, { recursive: true });
    await writeFile(join(config, 'mcp-exporter.yml'), 'listn: 0.0.0.0:19110\nmcpServers: {}\n');
    const args = ['run', '--rm', '--no-deps', 'alertmanager-config'];
    await expect(project.run(args, { variables: { CONFIG_DIR: config } })).rejects.toThrow(/listn/);
  });

  test('down --volumes leaves nothing', async () => {
    await project.run(['down', '--volumes'], { files: [SINK] });
    expect(leftovers(project)).toEqual([]);
  });
});
