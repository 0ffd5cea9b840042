import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
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
  return `gateway: { listen: off }\nmcpServers:\n${servers.map((server) => `  ${server}\n`).join('')}`;
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
