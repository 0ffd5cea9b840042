import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { run } from '../../src/cli/run.ts';
import { createFakeContext } from '../fakes/fake-context.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { isMissing } from '../rules/support/programs.ts';
import { startAlertmanager } from '../rules/support/start-alertmanager.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: a maintenance window marks its servers everywhere, silences their alerts, and survives a reload and a restart.
// Method: the real service with servers that nobody runs, and a real Alertmanager.

interface Window {
  readonly id: string;
  readonly source: string;
  readonly active: boolean;
}

async function ask(service: Service, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${service.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Window };
}

async function windowsOf(service: Service): Promise<readonly Window[]> {
  return (JSON.parse(await service.get('/api/v1/maintenance')) as { windows: readonly Window[] })
    .windows;
}

/** By server. */
async function metricsOf(service: Service): Promise<Readonly<Record<string, string>>> {
  const page = await service.get('/metrics');
  return Object.fromEntries(
    [...page.matchAll(/^mcp_server_maintenance\{server="(\w+)"\} (\d)$/gm)].map(
      ([, server = '', value = '']) => [server, value],
    ),
  );
}

test('a window marks its servers over a reload and a restart, until it is cancelled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-maintenance-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const config = `
gateway: { listen: 'off' }
journal: { path: '${join(folder, 'journal.sqlite')}' }
mcpServers:
  files: { url: "http://127.0.0.1:1/mcp" }
  search: { url: "http://127.0.0.1:1/mcp" }
`;
  const first = await startService({ config });
  const order = { servers: ['search'], duration: '1h', reason: 'new disk', by: 'ann' };
  const planned = await ask(first, 'POST', '/api/v1/maintenance', order);
  expect([planned.status, planned.body.active]).toEqual([201, true]);
  expect(await metricsOf(first)).toEqual({ files: '0', search: '1' });

  const always = `maintenance: [{ name: always, servers: [files], recurring: { from: '00:00', to: '24:00' } }]\n`;
  await writeFile(join(first.folder, 'mcp-exporter.yml'), config + always);
  await ask(first, 'POST', '/-/reload');
  expect(await metricsOf(first)).toEqual({ files: '1', search: '1' });
  expect((await windowsOf(first)).map(({ source }) => source).toSorted()).toEqual([
    'api',
    'config',
  ]);
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);

  const second = await startService({ config });
  expect(await metricsOf(second)).toEqual({ files: '0', search: '1' });
  expect((await windowsOf(second)).map(({ id }) => id)).toEqual([planned.body.id]);
  const path = `/api/v1/maintenance/${planned.body.id}`;
  expect((await ask(second, 'DELETE', `${path}?reason=done&by=bob`)).status).toBe(200);
  expect(await metricsOf(second)).toEqual({ files: '0', search: '0' });

  const texts = await until(async () => {
    const log = await second.get('/api/v1/mcp/servers/search/actions?kind=maintenance');
    const { actions } = JSON.parse(log) as {
      actions: readonly { readonly by: string; readonly text: string }[];
    };
    return actions.length >= 5 && actions.map(({ by, text }) => `${by}: ${text}`).toReversed();
  });
  expect(texts).toEqual([
    expect.stringMatching(/^ann, via 127\.0\.0\.1: planned: .* UTC: new disk$/),
    'mcp-exporter: began: maintenance by ann, via 127.0.0.1: new disk',
    'mcp-exporter: goes on: maintenance by ann, via 127.0.0.1: new disk',
    expect.stringMatching(/^bob, via 127\.0\.0\.1: cancelled: .* UTC: done$/),
    'mcp-exporter: ended: maintenance by ann, via 127.0.0.1: new disk',
  ]);
});

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'a window silences each of its servers in Alertmanager until its end, and cancelling ends that',
  async () => {
    const alertmanager = await startAlertmanager(
      'route: { receiver: none }\nreceivers: [{ name: none }]\n',
    );
    const service = await startService({
      config: `
gateway: { listen: 'off' }
alertmanager: { url: '${alertmanager.url}' }
mcpServers:
  files: { url: "http://127.0.0.1:1/mcp" }
  search: { url: "http://127.0.0.1:1/mcp" }
  other: { url: "http://127.0.0.1:1/mcp" }
`,
    });
    const silences = async () => {
      const all = (await (await fetch(`${alertmanager.url}/api/v2/silences`)).json()) as readonly {
        readonly comment: string;
        readonly endsAt: string;
        readonly status: { readonly state: string };
      }[];
      return all.filter(({ status }) => status.state === 'active');
    };
    const order = { servers: ['files', 'search'], duration: '1h', reason: 'new disk', by: 'ann' };
    const { body } = await ask(service, 'POST', '/api/v1/maintenance', order);
    const present = await until(async () => {
      const found = await silences();
      return found.length === 2 && found;
    });
    expect(present.map(({ comment }) => comment).toSorted()).toEqual([
      'files: maintenance by ann, via 127.0.0.1: new disk',
      'search: maintenance by ann, via 127.0.0.1: new disk',
    ]);
    const minutes = present.map(({ endsAt }) => (Date.parse(endsAt) - Date.now()) / 60_000);
    expect(Math.min(...minutes)).toBeGreaterThan(60);
    expect(Math.max(...minutes)).toBeLessThanOrEqual(72);

    await ask(service, 'DELETE', `/api/v1/maintenance/${body.id}`);
    await until(async () => (await silences()).length === 0);
    expect(service.lines('silences cannot be set in Alertmanager now')).toEqual([]);
  },
);

test.skipIf(isMissing('alertmanager', 'amtool'))(
  'a window for all servers is one silence for them alone, which follows a reload and ends with the window',
  async () => {
    const alertmanager = await startAlertmanager(
      'route: { receiver: none }\nreceivers: [{ name: none }]\n',
    );
    const config = (...names: readonly string[]): string => `
gateway: { listen: 'off' }
alertmanager: { url: '${alertmanager.url}', targetLabels: { gateway: one } }
mcpServers: ${JSON.stringify(Object.fromEntries(names.map((name) => [name, { url: 'http://127.0.0.1:1/mcp' }])))}
`;
    const service = await startService({ config: config('files', 'docs.v2') });
    const fire = (labels: Readonly<Record<string, string>>): void =>
      alertmanager.fire({ labels: { alertname: 'McpServerOffline', ...labels } });
    const ours = { component: 'mcp', gateway: 'one' };
    fire({ ...ours, server: 'files' });
    fire({ ...ours, server: 'docs.v2' });
    fire({ ...ours, server: 'docs-v2' });
    fire({ ...ours, server: 'added' });
    fire({ ...ours, gateway: 'two', server: 'files' });
    fire({ alertname: 'Other', server: 'files' });
    /** Labels of the alerts that are heard. */
    const heard = async (): Promise<string[]> => {
      const alerts = (await alertmanager.get('/api/v2/alerts?silenced=false')) as {
        readonly labels: Readonly<Record<string, string>>;
      }[];
      return alerts
        .map(({ labels: { gateway = '', server = '' } }) => `${gateway}/${server}`)
        .toSorted();
    };
    const elsewhere = ['/files', 'one/added', 'one/docs-v2', 'two/files'];
    const active = async () => {
      const all = (await alertmanager.get('/api/v2/silences')) as readonly {
        readonly comment: string;
        readonly status: { readonly state: string };
      }[];
      return all.filter(({ status }) => status.state === 'active').map(({ comment }) => comment);
    };
    const order = { servers: 'all', duration: '1h', reason: 'new rack', by: 'ann' };
    const { body } = await ask(service, 'POST', '/api/v1/maintenance', order);
    await until(async () => (await heard()).join() === elsewhere.join());
    expect(await active()).toEqual(['all servers: maintenance by ann, via 127.0.0.1: new rack']);

    await writeFile(join(service.folder, 'mcp-exporter.yml'), config('files', 'docs.v2', 'added'));
    await ask(service, 'POST', '/-/reload');
    await until(async () => !(await heard()).includes('one/added'));
    expect(await active()).toHaveLength(1);

    await ask(service, 'DELETE', `/api/v1/maintenance/${body.id}`);
    await until(async () => (await heard()).length === 6);
    expect(await active()).toEqual([]);
    expect(service.lines('silences cannot be set in Alertmanager now')).toEqual([]);
  },
);

test('windows are planned, listed and cancelled from a terminal', async () => {
  const service = await startService({
    config: `
gateway: { listen: 'off' }
journal: { path: journal.sqlite }
mcpServers:
  files: { url: "http://127.0.0.1:1/mcp" }
  search: { url: "http://127.0.0.1:1/mcp" }
`,
  });
  const command = async (...args: readonly string[]) => {
    const context = createFakeContext({ env: { USER: 'ann' } });
    const argv = ['maintenance', ...args, '--url', service.url];
    const code = await run(argv, { ...context, clock: REAL_CLOCK });
    return { code, out: context.out(), err: context.err() };
  };
  expect((await command('list')).out).toBe('no maintenance windows\n');

  const planned = await command('add', 'search', '--for', '1h', '--reason', 'new disk');
  expect(planned).toMatchObject({ code: 0, err: '' });
  expect(planned.out).toMatch(/^window [0-9a-f]{8} is active for search: 20\S+Z to 20\S+Z\n$/);
  const recurring = ['--from', '22:00', '--to', '02:00', '--time-zone', 'Europe/Berlin'];
  const days = ['--days', 'saturday,sunday', '--days-of-month', '8:14'];
  expect((await command('add', '--all', ...recurring, ...days)).out).toMatch(
    /is (?:planned|active) for all servers: .*, saturday,sunday on days 8:14 22:00-02:00 Europe\/Berlin\n$/,
  );
  const start = ['--start', '2027-03-01T10:00Z', '--until', '2027-03-01T11:00Z'];
  const refused = await command('add', 'files', ...start, '--time-zone', 'UTC');
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringContaining('give --for or --until'),
  ]);

  const listed = await command('list');
  expect(listed.out).toMatch(/^ID +STATE +START +UNTIL +SERVERS +RECURS +BY +REASON\n/);
  expect(listed.out).toMatch(/^[0-9a-f]{8} +active .* search .* ann, via 127\.0\.0\.1 +new disk$/m);
  const id = /^window (\S+)/.exec(planned.out)?.[1] ?? '';
  expect((await command('cancel', id, '--reason', 'done')).out).toMatch(
    new RegExp(`^window ${id} was cancelled for search: `),
  );
  expect(await command('cancel', id)).toMatchObject({
    code: 1,
    err: `mcp-exporter: There is no maintenance window ${id}.\n`,
  });
  expect((await windowsOf(service)).length).toBe(1);
});
