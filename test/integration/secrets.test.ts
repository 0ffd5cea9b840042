import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type Service, startService } from './support/start-service.ts';
import { startTraceCollector } from './support/trace-collector.ts';
import { until } from './support/until.ts';

const INDISCREET = fileURLToPath(new URL('../fakes/stdio-indiscreet-server.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SECRETS = ['planted-in-env', 'planted-behind-p', 'planted-flag', 'unkn0wn-to-us'];
const ADDRESSES = [
  '/',
  '/servers/child',
  ...['capabilities', 'settings', 'timeline', 'tools', 'clients'].map(
    (tab) => `/servers/child?tab=${tab}`,
  ),
  '/servers/child/log',
  '/errors',
  '/audit',
  '/alerts',
  '/metrics',
  '/health',
  '/sd/servers',
  '/api/v1/mcp/servers',
  ...['', '/logs', '/audit', '/errors'].map((part) => `/api/v1/mcp/servers/child${part}`),
  '/api/v1/mcp/metrics/summary',
  '/probe?target=child&module=full&debug=true',
  '/probe?target=child&module=full',
];

/** A session through the gateway: a call that fails, and one that ends the child. */
async function callThrough(service: Service): Promise<void> {
  const gateway = String(service.lines('started')[0]?.['gateway']);
  const post = (message: object, headers: Record<string, string> = {}) =>
    fetch(`${gateway}/child/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const opened = await post({ id: 1, method: 'initialize', params });
  await opened.text();
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await (await post({ id: 2, method: 'prompts/list' }, session)).text();
  await (await post({ id: 3, method: 'tools/call', params: { name: 'x' } }, session)).text();
}

async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => /\.(?:sqlite|sqlite-wal|log)$/.test(name));
  expect(files.length).toBeGreaterThanOrEqual(2);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'latin1')));
  return texts.join('\n');
}

// Goal: no secret that a child echoes is in anything that the exporter keeps or shows.
// Method: a child that echoes its secrets everywhere, and a look at every output.
test('a secret that a child echoes is in no output', async () => {
  const collector = await startTraceCollector();
  onTestFinished(() => collector.close());
  const service = await startService({
    config: `
gateway: { listen: 127.0.0.1:0 }
log:
  level: debug
  file: { path: service.log }
  otlp: { endpoint: "${collector.url}/v1/logs" }
tracing: { exporter: otlp, endpoint: "${collector.url}/v1/traces", sampleRatio: 1 }
mcpServers:
  child:
    command: ${process.execPath}
    args: [${INDISCREET}, -p, planted-behind-p, --token=planted-flag]
    env: { PLANTED: planted-in-env }
`,
  });
  await until(async () =>
    (await service.get('/servers/child?tab=capabilities')).includes('tool ***'),
  );
  await callThrough(service);
  const shown = await Promise.all(ADDRESSES.map((address) => service.get(address)));
  expect(shown.join('\n')).toContain('***');
  const cli = await promisify(execFile)(process.execPath, [
    ...[MAIN, 'probe', 'child', '--config', join(service.folder, 'mcp-exporter.yml'), '--json'],
  ]).catch((error: unknown) => error as { stdout: string; stderr: string });
  expect(cli.stdout).toContain('***');
  service.child.kill('SIGTERM');
  await service.ended;
  const sent = collector.requests.map(({ body }) => body.toString('latin1'));
  const outputs = {
    pages: shown.join('\n'),
    'standard output': service.out(),
    'standard error': service.err(),
    command: `${cli.stdout}\n${cli.stderr}`,
    'logs by OTLP': sent.filter((_, index) => collector.requests[index]?.path === '/v1/logs'),
    spans: sent.filter((_, index) => collector.requests[index]?.path === '/v1/traces'),
    files: await filesIn(service.folder),
  };
  for (const [name, output] of Object.entries(outputs)) {
    const text = Array.isArray(output) ? output.join('\n') : output;
    if (name !== 'standard error') expect(text.length, name).toBeGreaterThan(0);
    for (const secret of SECRETS) expect(text.includes(secret), `${secret} in ${name}`).toBe(false);
  }
});
