import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freePort } from '../integration/support/free-port.ts';
import { type Service, startService } from '../integration/support/start-service.ts';
import { until } from '../integration/support/until.ts';
import { isMissing } from '../rules/support/programs.ts';
import { startAlertmanager } from '../rules/support/start-alertmanager.ts';
import { schemathesisPath } from './python/install-schemathesis.ts';

// Goal: no request that follows from the OpenAPI document makes the service fail, or answer what the document does not say.
// Method: Schemathesis makes valid and invalid requests of all operations, and sends them to the real service: one with next to
// nothing, and one with calls, errors, a maintenance window and an alert of a real Alertmanager.

const STDIO_SERVER = fileURLToPath(new URL('../fakes/stdio-server.ts', import.meta.url));
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];
/** Of each operation and kind of request. */
const EXAMPLES_MAX = 15;
/** How often a parameter names something that is there; otherwise it is any text. */
const KNOWN_RATIO = 0.7;
/** It never ends. Its events are held against the document in test/unit/sinks/web/event-stream.test.ts. */
const STREAM = '/api/v1/events';

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const schemathesis = schemathesisPath();
if (!isFull)
  console.warn('SKIPPED: requests made from the OpenAPI document (npm run test:openapi)');

test.skipIf(!isFull || schemathesis === undefined)(
  'requests made from the OpenAPI document get only what it says, and no 5xx',
  async () => {
    const service = await startService({ config: configOf({ journal: 'off' }) });
    await run(service, SERVERS);
  },
);

test.skipIf(!isFull || schemathesis === undefined || isMissing('alertmanager', 'amtool'))(
  'so do requests about calls, errors, windows and alerts that are there, with an Alertmanager',
  async () => {
    const port = await freePort();
    const alertmanager = await startAlertmanager(`
route: { receiver: history, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: history, webhook_configs: [{ url: 'http://127.0.0.1:${port}/api/v1/alerts/webhook' }] }]
`);
    const service = await startService({
      config: configOf({ journal: 'journal.sqlite', alertmanager: alertmanager.url }),
      args: ['--listen', `127.0.0.1:${port}`],
    });
    await callServers(service);
    // The other one is in maintenance, so that its alerts are silent.
    alertmanager.fire({
      labels: {
        alertname: 'McpServerOffline',
        server: 'child',
        severity: 'critical',
        component: 'mcp',
      },
      annotations: { summary: 'An MCP server is offline' },
    });
    await post(`${service.url}/api/v1/maintenance`, { servers: ['dead'], duration: '1h' });
    const ids = {
      alerts: await idsOf(service, '/api/v1/alerts', 'alerts'),
      errors: await idsOf(service, '/api/v1/mcp/errors', 'errors'),
      maintenance: await idsOf(service, '/api/v1/maintenance', 'windows'),
    };
    await run(service, { ...SERVERS, ...ids });
    // Some requests acknowledged or silenced the alert, and went through.
    const silences = (await alertmanager.get('/api/v2/silences')) as {
      readonly createdBy: string;
    }[];
    expect(silences.filter(({ createdBy }) => createdBy !== 'mcp-exporter')).not.toEqual([]);
  },
);

const SERVERS = { servers: ['dead', 'child'] };

function configOf({
  journal,
  alertmanager,
}: {
  readonly journal: string;
  readonly alertmanager?: string;
}): string {
  return JSON.stringify({
    gateway: { listen: '127.0.0.1:0' },
    journal: { path: journal },
    ...(alertmanager !== undefined && { alertmanager: { url: alertmanager } }),
    defaults: { timeout: '1s' },
    maintenance: [
      {
        name: 'patch',
        servers: ['dead'],
        reason: 'patches',
        recurring: { from: '00:00', to: '24:00' },
      },
    ],
    mcpServers: {
      dead: { url: 'http://127.0.0.1:1/mcp', labels: { environment: 'staging' } },
      child: {
        command: process.execPath,
        args: [STDIO_SERVER],
        monitor: { startTimeout: '20s' },
      },
    },
  });
}

/** Calls through the gateway that fail. */
async function callServers({ lines }: Service): Promise<void> {
  const gateway = String(lines('started')[0]?.['gateway']);
  for (const server of SERVERS.servers) {
    const params = { name: 'echo', arguments: {} };
    await post(`${gateway}/${server}/mcp`, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  }
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).text();
}

/** Once there are some. */
async function idsOf({ get }: Service, path: string, key: string): Promise<readonly string[]> {
  return until(async () => {
    const found = JSON.parse(await get(path)) as Readonly<
      Record<string, readonly { id: string | number }[]>
    >;
    const ids = (found[key] ?? []).map(({ id }) => String(id));
    return ids.length > 0 && ids;
  });
}

/** @param known what there is, by name of a dictionary */
async function run(
  { url, folder, child, lines }: Service,
  known: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  await until(async () => (await fetch(`${url}/-/ready`)).ok);
  await writeFile(join(folder, 'schemathesis.toml'), settingsOf(known));
  const output = await promisify(execFile)(
    schemathesis ?? '',
    [
      ...['run', `${url}/openapi.json`, '--no-color', '--exclude-path', STREAM],
      ...['--phases', 'examples,coverage,fuzzing', '--checks', CHECKS.join(',')],
      ...['--max-examples', String(EXAMPLES_MAX), '--request-timeout', '50'],
      '--continue-on-failure',
    ],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  ).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => {
      throw new Error(error.stdout);
    },
  );
  console.log(output.slice(output.indexOf('=== SUMMARY')));
  expect(output).toMatch(/Selected: \d\d/);
  expect(child.exitCode).toBeNull();
  expect(lines('request failed')).toEqual([]);
}

/** Which parameters take what there is: `id` means another thing in each part of the API. */
function settingsOf(known: Readonly<Record<string, readonly string[]>>): string {
  const bind = (key: string, dictionary: string): string =>
    `"${key}" = { dictionary = "${dictionary}", probability = ${KNOWN_RATIO} }`;
  const dictionaries = Object.entries(known).map(
    ([name, values]) => `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}`,
  );
  const operations = Object.entries({
    alerts: '/alerts/',
    errors: '/errors/',
    maintenance: '/maintenance/',
  })
    .filter(([name]) => name in known)
    .map(
      ([name, path]) =>
        `[[operations]]\ninclude-path-regex = "${path}"\n[operations.parameters]\n${bind('path.id', name)}`,
    );
  const names = ['path.name', 'query.server', 'query.target'].map((key) => bind(key, 'servers'));
  return [...dictionaries, '[parameters]', ...names, ...operations, ''].join('\n');
}
