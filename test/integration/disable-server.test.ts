import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { processesIn } from './support/processes-in.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: a server that somebody disables is left alone by all of the service, over a reload and a restart, until it is enabled.
// Method: the real service with a remote server and a child, called through its gateway, disabled by the API.

interface Shown {
  readonly status: string;
  readonly reason: string;
  readonly disabled?: { readonly by: string; readonly reason: string };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-disable-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function post(url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function show({ get }: Service, name: string): Promise<Shown> {
  return JSON.parse(await get(`/api/v1/mcp/servers/${name}`)) as Shown;
}

function gatewayOf(service: Service): string {
  return String(service.lines('started')[0]?.['gateway']);
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'client', version: '1' },
  },
};
const PING = { jsonrpc: '2.0', id: 7, method: 'ping' };

test('a disabled server is neither checked nor called, over reload and restart, until it is enabled', async () => {
  const folder = makeFolder();
  const remote = await startScriptedMcpServer({ profile: 'legacy-session' });
  onTestFinished(() => remote.close());
  const { command, args } = fakeServer();
  const options = {
    config: `
gateway: { listen: 127.0.0.1:0 }
journal: { path: '${join(folder, 'journal.sqlite')}' }
defaults: { interval: 1s }
mcpServers:
  remote: { url: "${remote.url}" }
  child: ${JSON.stringify({ command, args, cwd: folder })}
`,
  };
  const first = await startService(options);
  const api = `${first.url}/api/v1/mcp/servers`;
  await until(async () => (await first.health()).servers['healthy'] === 2);
  // A client has a session through the gateway, which is a child of its own.
  await post(`${gatewayOf(first)}/child/mcp`, INITIALIZE);
  expect(await processesIn(folder)).toHaveLength(2);
  expect(remote.sessions.size).toBeGreaterThan(0);
  expect(gatewayOf(first)).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);

  for (const name of ['remote', 'child']) {
    const answer = await post(`${api}/${name}/disable`, { reason: 'moves', by: 'ann' });
    expect(answer).toMatchObject({
      status: 200,
      body: { changed: true, kept: true, server: { name, status: 'disabled' } },
    });
  }

  // Sessions get their DELETE, children end, and nothing comes any more but our own look below.
  await until(async () => (await processesIn(folder)).length === 0);
  await until(() => remote.sessions.size === 0);
  const requestCount = remote.received.length;
  expect(await post(`${api}/remote/check`)).toMatchObject({ status: 409 });
  const refused = await post(`${gatewayOf(first)}/remote/mcp`, PING);
  expect(refused).toMatchObject({
    status: 503,
    body: { id: 7, error: { code: -32043, data: { reason: 'disabled' } } },
  });
  const metrics = await first.get('/metrics');
  expect(metrics).toContain('mcp_server_status{server="child",status="disabled"} 1');
  expect(metrics).toContain('mcp_server_status_changes_total{server="remote",to="disabled"} 1');
  expect(metrics).toMatch(/mcp_requests_total\{server="remote",.*outcome="denied"\} 1/);

  first.child.kill('SIGHUP');
  await until(() => first.lines('configuration reloaded').length === 1);
  expect(await show(first, 'child')).toMatchObject({ status: 'disabled' });
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(first.lines('action taken')).toMatchObject([
    { type: 'audit', action: 'disable', server: 'remote', details: { text: 'moves' } },
    { type: 'audit', action: 'disable', server: 'child' },
  ]);

  const second = await startService(options);
  expect(second.lines('servers stay disabled')).toMatchObject([{ servers: ['child', 'remote'] }]);
  expect(await show(second, 'remote')).toMatchObject({
    status: 'disabled',
    reason: 'disabled by ann, via 127.0.0.1: moves',
    disabled: { by: 'ann, via 127.0.0.1', reason: 'moves' },
  });
  expect((await post(`${gatewayOf(second)}/remote/mcp`, PING)).status).toBe(503);
  expect(remote.received).toHaveLength(requestCount);
  expect(await processesIn(folder)).toHaveLength(0);

  const enabled = await post(`${second.url}/api/v1/mcp/servers/remote/enable`);
  expect(enabled).toMatchObject({ status: 200, body: { changed: true, kept: true } });
  await until(async () => (await show(second, 'remote')).status === 'healthy');
  expect((await post(`${gatewayOf(second)}/remote/mcp`, PING)).status).not.toBe(503);
  expect((await show(second, 'child')).status).toBe('disabled');
  const log = await until(async () => {
    const text = await second.get('/api/v1/mcp/servers/remote/logs?event=action');
    return text.includes('enable') && text;
  });
  expect(JSON.parse(log)).toMatchObject({
    logs: [
      { event_type: 'action', meta_data: { kind: 'enable', by: '127.0.0.1' } },
      { meta_data: { kind: 'disable', by: 'ann, via 127.0.0.1', text: 'moves' } },
    ],
  });
});
