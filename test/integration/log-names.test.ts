import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { error, result, startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: the log has the fields of the four categories that guides for MCP servers describe, under the names of docs/logs.md, and
// the searches there find what they say. Method: the real service with calls of a user that succeed, take long and fail; the
// searches are taken from the document, only the name of the file is replaced.

const DOCUMENT = new URL('../../docs/logs.md', import.meta.url);
const LOG_FILE = '/var/log/mcp-exporter/exporter.log';
const SLOW_MS = 1_200;
const TOKEN = 'a-token-of-ann';
const CALLS = ['fast', 'slow', 'bad'];
/** A call of a tool that a server does not list is a mistake of the caller. */
const TOOLS = CALLS.map((id) => ({ name: `${id}-tool`, inputSchema: { type: 'object' } }));

type Line = Readonly<Record<string, unknown>>;

async function startFiles(): Promise<string> {
  const server = await startScriptedMcpServer({ profile: 'legacy-stateless', tools: TOOLS });
  onTestFinished(() => server.close());
  const answer = result({ content: [{ type: 'text', text: 'done' }] });
  const failure = error(-32603, 'disk is gone', {
    data: { stack: 'DiskError: gone\n  at read (disk.ts:7)' },
  });
  server.script('tools/call', (exchange) => {
    const { id } = exchange.message;
    if (id === 'slow') void setTimeout(SLOW_MS).then(() => answer(exchange));
    else (id === 'bad' ? failure : answer)(exchange);
  });
  return server.url;
}

async function startWithCalls(): Promise<Service> {
  const service = await startService({
    config: `
gateway:
  listen: 127.0.0.1:0
  authentication: { bearerTokens: [{ name: ann, token: ${TOKEN} }] }
log: { plugin: true, file: { path: mcp.log } }
audit: { arguments: true }
mcpServers: { files: { url: "${await startFiles()}" } }
`,
  });
  const gateway = String(service.lines('started')[0]?.['gateway']);
  await until(async () =>
    /^mcp_server_capabilities\{[^}]*kind="tools"\} 3$/m.test(await service.get('/metrics')),
  );
  for (const id of CALLS) {
    const params = { name: `${id}-tool`, arguments: { path: '/tmp' } };
    const answer = await fetch(`${gateway}/files/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${TOKEN}`,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
    });
    await answer.text();
  }
  await fetch(`${service.url}/api/v1/mcp/servers/files/disable`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'bob', reason: 'moves' }),
  });
  await until(async () => (await readLines(service)).some(({ action }) => action === 'disable'));
  return service;
}

async function readLines({ folder }: Service): Promise<readonly Line[]> {
  const text = await readFile(join(folder, 'mcp.log'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

function isMissing(program: string): boolean {
  const isThere = spawnSync(program, ['--version']).status === 0;
  if (!isThere) console.warn(`SKIPPED: ${program} is not in PATH, the searches are not tested`);
  return !isThere;
}

test('the four categories have the fields that the document promises', async () => {
  const lines = await readLines(await startWithCalls());
  const of = (type: string, has: Line): Line | undefined =>
    lines.find(
      (line) => line['type'] === type && Object.entries(has).every(([k, v]) => line[k] === v),
    );
  const common = { time: expect.any(String), level: expect.any(String), msg: expect.any(String) };
  const durationMs = expect.any(Number) as number;
  expect(of('access', { tool: 'fast-tool' })).toMatchObject({
    ...common,
    method: 'POST',
    path: '/files/mcp',
    status: 200,
    duration_ms: durationMs,
    user: 'ann',
    operation: 'tools/call',
    request: '"fast"',
  });
  expect(of('plugin', { command: 'fast-tool' })).toMatchObject({
    ...common,
    plugin: 'files',
    status: 200,
    outcome: 'success',
    duration_ms: durationMs,
  });
  expect(of('error', { tool: 'bad-tool' })).toMatchObject({
    ...common,
    level: 'warn',
    error: 'disk is gone',
    traceback: 'DiskError: gone\n  at read (disk.ts:7)',
  });
  expect(of('audit', { tool: 'bad-tool' })).toMatchObject({
    ...common,
    action: 'tools/call',
    user: 'ann',
    details: { tool: 'bad-tool', arguments: '{"path":"/tmp"}' },
  });
  expect(of('audit', { action: 'disable' })).toMatchObject({
    ...common,
    server: 'files',
    user: 'bob, via 127.0.0.1',
    details: { text: 'moves' },
  });
  for (const line of lines) {
    if ('status' in line && 'duration_ms' in line) expect(line['status']).toBeTypeOf('number');
    if ('details' in line) expect(line['details']).toBeTypeOf('object');
  }
});

test.skipIf(isMissing('jq'))(
  'the searches of the document find failures and slow tools',
  async () => {
    const [, searches = ''] =
      /```sh\n([^`]*jq[^`]*)```/.exec(await readFile(DOCUMENT, 'utf8')) ?? [];
    const commands = searches.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(commands).toHaveLength(2);
    const { folder } = await startWithCalls();
    const [failures, slow] = await Promise.all(
      commands.map(async (command) => {
        const asked = command.replace(LOG_FILE, 'mcp.log');
        expect(asked).not.toBe(command);
        const { stdout } = await promisify(execFile)('sh', ['-c', `${asked} | jq -s .`], {
          cwd: folder,
        });
        return JSON.parse(stdout) as readonly Line[];
      }),
    );
    expect(failures).toMatchObject([{ type: 'error', tool: 'bad-tool' }]);
    expect(slow).toContainEqual(expect.objectContaining({ type: 'plugin', command: 'slow-tool' }));
    for (const { duration_ms: durationMs } of slow ?? []) expect(durationMs).toBeGreaterThan(1000);
  },
);
