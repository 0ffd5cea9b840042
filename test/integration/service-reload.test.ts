import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: a changed configuration takes effect in the running service by each of the three ways, and a bad one changes
// nothing and is said wherever people look. Method: the real service, one server that answers, files edited for real.

const BAD = 'mcpServers: { kept: { url: 1 }, other: { command: x, typ: stdio } }\n';
const METRIC = 'mcp_exporter_config_last_reload_successful';

const TRIGGERS: [string, string, (service: Service) => unknown][] = [
  ['SIGHUP', 'signal', ({ child }) => child.kill('SIGHUP')],
  [
    'POST /-/reload',
    'request',
    ({ url }) => fetch(`${url}/-/reload`, { method: 'POST' }).then((answer) => answer.text()),
  ],
  ['a change of the file', 'file', () => undefined],
];

async function startServer(): Promise<string> {
  const server = await startScriptedMcpServer({ profile: 'modern' });
  onTestFinished(() => server.close());
  return server.url;
}

function configOf(...servers: readonly string[]): string {
  // No check falls due by itself, so that only what a reload began anew is checked again.
  return `gateway: { listen: off }\ndefaults: { interval: 5m }\nmcpServers:\n${servers.map((server) => `  ${server}\n`).join('')}`;
}

/** As editors and deployments do it. */
async function replaceConfig({ folder }: Service, text: string): Promise<void> {
  const path = join(folder, 'mcp-exporter.yml');
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function seriesOf(service: Service, server: string): Promise<string[]> {
  const page = await service.get('/metrics');
  return page.split('\n').filter((line) => line.includes(`server="${server}"`));
}

test.each(TRIGGERS)(
  'by %s a new server is checked, and a removed one leaves the page with all its series',
  async (_, trigger, reload) => {
    const url = await startServer();
    const service = await startService({
      config: configOf(`kept: { url: "${url}" }`, `old: { url: "${url}?old" }`),
    });
    await until(async () => (await service.health()).servers['healthy'] === 2);
    expect((await seriesOf(service, 'old')).length).toBeGreaterThan(20);
    const checksOfKept = (await seriesOf(service, 'kept')).find((line) =>
      line.startsWith('mcp_probe_last_run_timestamp_seconds'),
    );

    await replaceConfig(service, configOf(`kept: { url: "${url}" }`, `new: { url: "${url}?new" }`));
    await reload(service);

    await until(async () => (await service.servers()).get('new')?.status === 'healthy');
    expect(await seriesOf(service, 'old')).toEqual([]);
    // What stayed the same was not started anew.
    expect(await seriesOf(service, 'kept')).toContain(checksOfKept);
    expect(service.lines('configuration reloaded').at(-1)).toMatchObject({ detail: trigger });
    expect(await service.get('/metrics')).toContain(`\n${METRIC} 1\n`);
  },
);

test.each(TRIGGERS)(
  'by %s a bad file changes nothing, and metric, /health and log say so until a good one comes',
  async (_, __, reload) => {
    const url = await startServer();
    const config = configOf(`kept: { url: "${url}" }`);
    const service = await startService({ config });
    await until(async () => (await service.health()).servers['healthy'] === 1);

    await replaceConfig(service, BAD);
    await reload(service);

    const [line] = await until(() => {
      const lines = service.lines('configuration not reloaded, the old one stays');
      return lines.length > 0 && lines;
    });
    expect(line?.level).toBe('error');
    expect(line?.['detail']).toMatch(/mcp-exporter\.yml:1:\d+ {2}mcpServers\.kept\.url .*\n.*typ/);
    expect(await service.get('/metrics')).toContain(`\n${METRIC} 0\n`);
    const health = await service.health();
    expect(health.status).toBe('degraded');
    expect(health.components['config']).toMatchObject({ status: 'degraded' });
    expect(health.components['config']?.message).toContain('mcpServers.kept.url');
    expect([...(await service.servers()).keys()]).toEqual(['kept']);
    expect((await service.servers()).get('kept')?.status).toBe('healthy');

    await replaceConfig(service, config);
    await reload(service);
    await until(async () => (await service.health()).status === 'ok');
    expect(await service.get('/metrics')).toContain(`\n${METRIC} 1\n`);
  },
);

test('POST /-/reload answers 422 with every mistake of a bad file', async () => {
  const service = await startService({ config: configOf('a: { command: "true" }') });
  await replaceConfig(service, BAD);
  const answer = await fetch(`${service.url}/-/reload`, { method: 'POST' });
  expect(answer.status).toBe(422);
  const problem = (await answer.json()) as { detail: string };
  expect(problem.detail.split('\n')).toHaveLength(2);
  expect(await readFile(join(service.folder, 'mcp-exporter.yml'), 'utf8')).toBe(BAD);
});

test('the first configuration is loaded, not reloaded', async () => {
  const service = await startService({ config: configOf('a: { command: "true" }') });
  expect(service.lines('started')).toHaveLength(1);
  expect(service.lines('configuration reloaded')).toEqual([]);
});

const INITIALIZE = {
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  },
};

interface OpenClient {
  /** Whether the session still answers. */
  ping(): Promise<boolean>;
  hasStream(): boolean;
}

/** A client with a session and an open GET stream. */
async function openClient(url: string): Promise<OpenClient> {
  let id = 0;
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const post = (message: object, session?: string): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== undefined && { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(5_000)]),
    });
  const opened = await post({ id: (id += 1), ...INITIALIZE });
  await opened.text();
  const session = opened.headers.get('mcp-session-id') ?? '';
  expect(session).not.toBe('');
  await post({ method: 'notifications/initialized' }, session);
  const stream = await fetch(url, {
    headers: { accept: 'text/event-stream', 'mcp-session-id': session },
    signal: closing.signal,
  });
  expect(stream.status).toBe(200);
  let isOpen = true;
  const noteEnd = (): void => {
    isOpen = false;
  };
  void stream.text().then(noteEnd, noteEnd);
  return {
    async ping() {
      const answer = await post({ id: (id += 1), method: 'ping' }, session);
      return (await answer.text()).includes('"result"');
    },
    hasStream: () => isOpen,
  };
}

interface Settings {
  readonly defaults?: string;
  readonly remote?: string;
  readonly child?: string;
}

const FAKE_CHILD = fakeServer();

function configWith(url: string, { defaults = '', remote = '', child = '' }: Settings): string {
  const args = JSON.stringify(FAKE_CHILD.args);
  return `gateway: { listen: 127.0.0.1:0 }
defaults: { interval: 30s, ${defaults} }
mcpServers:
  remote: { url: "${url}", type: http, ${remote} }
  child: { command: ${JSON.stringify(FAKE_CHILD.command)}, args: ${args}, ${child} }
`;
}

/** Counters and histograms of the page: series → value. */
async function countersOf(service: Service): Promise<Map<string, number>> {
  const counters = new Map<string, number>();
  for (const line of (await service.get('/metrics')).split('\n')) {
    const [series, value] = line.split(/ (?=[^ ]+$)/);
    if (series?.includes('server="') && /_(?:total|count|sum|bucket)\{/.test(series))
      counters.set(series, Number(value));
  }
  return counters;
}

async function startWithClients() {
  const server = await startScriptedMcpServer();
  onTestFinished(() => server.close());
  server.script('GET', ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
  });
  const service = await startService({ config: configWith(server.url, {}) });
  await until(async () => (await service.health()).servers['healthy'] === 2);
  const gateway = String(service.lines('started')[0]?.['gateway']);
  const remote = await openClient(`${gateway}/remote/mcp`);
  const child = await openClient(`${gateway}/child/mcp`);
  expect([await remote.ping(), await child.ping()]).toEqual([true, true]);
  return { server, service, remote, child };
}

async function reloadWith(service: Service, config: string): Promise<void> {
  await replaceConfig(service, config);
  const answer = await fetch(`${service.url}/-/reload`, { method: 'POST' });
  expect(await answer.text()).toContain('2 servers');
}

async function expectCountersKept(
  service: Service,
  before: ReadonlyMap<string, number>,
): Promise<void> {
  const now = await countersOf(service);
  expect(before.size).toBeGreaterThan(100);
  for (const [series, value] of before)
    expect(now.get(series) ?? `${series} is gone`).toBeGreaterThanOrEqual(value);
}

test('thresholds, intervals and timeouts are applied to what is open, in defaults and of one server', async () => {
  const { server, service, remote, child } = await startWithClients();
  const handshakes = (): number => server.keys().filter((key) => key === 'initialize').length;
  const opened = handshakes();
  const before = await countersOf(service);
  const since = (await service.servers()).get('remote');
  const steps: readonly Settings[] = [
    { defaults: 'responseTime: { warning: 2s, critical: 4s }' },
    { defaults: 'timeout: 6s, startTimeout: 40s, deepInterval: 20m' },
    { defaults: 'retryInterval: 2s, unhealthyInterval: 10s, offlineAfter: 4, healthyAfter: 3' },
    { defaults: 'errorRate: { window: 1m }, callLatency: true' },
    { remote: 'monitor: { interval: 31s }', child: 'monitor: { interval: 31s }' },
    { remote: 'gateway: { timeout: 1m, maxInFlight: 9 }', child: 'gateway: { maxSessions: 3 }' },
    { remote: 'gateway: { prices: { perCall: 0.1 } }' },
    { child: 'monitor: { call: { tool: echo, expect: { contains: hello } } }' },
  ];
  for (const settings of steps) {
    await reloadWith(service, configWith(server.url, settings));
    expect([settings, await remote.ping(), await child.ping()]).toEqual([settings, true, true]);
    expect([settings, remote.hasStream(), child.hasStream()]).toEqual([settings, true, true]);
    await expectCountersKept(service, before);
  }
  expect(handshakes()).toBe(opened);
  expect((await service.servers()).get('remote')).toMatchObject({
    status: 'healthy',
    status_since: (since as unknown as { status_since: string }).status_since,
  });
  expect(await service.get('/metrics')).toContain(
    'mcp_server_status_changes_total{server="child",to="healthy"} 1',
  );
  expect(service.lines('server settings applied, and what they concern opened anew')).toEqual([]);
}, 60_000);

test('a changed credential ends the sessions of that server only, and the log names the key', async () => {
  const { server, service, remote, child } = await startWithClients();
  const before = await countersOf(service);
  await reloadWith(service, configWith(server.url, { remote: 'headers: { X-Token: new }' }));
  const [line] = await until(() => {
    const lines = service.lines('server settings applied, and what they concern opened anew');
    return lines.length > 0 && lines;
  });
  expect(line).toMatchObject({ level: 'info', server: 'remote', keys: ['headers'] });
  await until(() => server.received.at(-1)?.headers['x-token'] === 'new');
  await expectCountersKept(service, before);
  expect((await service.servers()).get('remote')?.status).toBe('healthy');
  expect([await child.ping(), child.hasStream()]).toEqual([true, true]);
  // The stream to the old connection is drained; the server itself still knows the session.
  await until(() => !remote.hasStream());
}, 60_000);

test('another address keeps the counters, and the old label leaves the page', async () => {
  const { server, service } = await startWithClients();
  const before = await countersOf(service);
  await reloadWith(service, configWith(`${server.url}?other`, {}));
  await reloadWith(service, configWith(server.url.replace('/mcp', '/other'), {}));
  await until(() => server.received.at(-1)?.key !== undefined);
  await expectCountersKept(service, before);
  const info = (await seriesOf(service, 'remote')).filter((line) =>
    line.startsWith('mcp_server_info{'),
  );
  expect(info).toHaveLength(1);
  expect(info[0]).toContain('/other"');
}, 60_000);

test('labels change by a reload, on the page and in the API, and counters go on', async () => {
  const url = await startServer();
  const labelled = (labels: string) => configOf(`kept: { url: "${url}", labels: ${labels} }`);
  const service = await startService({ config: labelled('{ team: search }') });
  await until(async () => (await service.health()).servers['healthy'] === 1);
  const series = async (name: string) =>
    (await seriesOf(service, 'kept')).filter((line) => line.startsWith(name));
  expect(await series('mcp_server_info')).toEqual([expect.stringContaining('team="search"')]);
  const changes = await series('mcp_server_status_changes_total');

  await replaceConfig(service, labelled('{ owner: ann }'));
  await fetch(`${service.url}/-/reload`, { method: 'POST' });

  const [info, ...others] = await series('mcp_server_info');
  expect(others).toEqual([]);
  expect(info).toContain('owner="ann"');
  expect(info).not.toContain('team=');
  expect(await series('mcp_server_status_changes_total')).toEqual(changes);
  const shown: unknown = JSON.parse(await service.get('/api/v1/mcp/servers'));
  expect(shown).toMatchObject({ servers: [{ name: 'kept', labels: { owner: 'ann' } }] });
});
