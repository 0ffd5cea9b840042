import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startService } from '../integration/support/start-service.ts';
import { until } from '../integration/support/until.ts';
import { schemathesisPath } from './python/install-schemathesis.ts';

// Goal: no request that follows from the OpenAPI document makes the service fail, or answer what the document does not say.
// Method: Schemathesis makes valid and invalid requests of all operations, and sends them to the real service.

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
/** It never ends. Its events are held against the document in test/unit/sinks/web/event-stream.test.ts. */
const STREAM = '/api/v1/events';

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const schemathesis = schemathesisPath();
if (!isFull)
  console.warn('SKIPPED: requests made from the OpenAPI document (npm run test:openapi)');

test.skipIf(!isFull || schemathesis === undefined)(
  'requests made from the OpenAPI document get only what it says, and no 5xx',
  async () => {
    const { url, folder, child, lines } = await startService({
      config: `
gateway: { listen: 'off' }
defaults: { timeout: 1s }
maintenance:
  - { name: patch, servers: [dead], reason: patches, recurring: { from: '00:00', to: '24:00' } }
mcpServers:
  dead: { url: "http://127.0.0.1:1/mcp", labels: { environment: staging } }
  child: { command: "${process.execPath}", args: ["${STDIO_SERVER}"], monitor: { startTimeout: 20s } }
`,
    });
    await until(async () => (await fetch(`${url}/-/ready`)).ok);
    const output = await promisify(execFile)(
      schemathesis ?? '',
      [
        ...['run', `${url}/openapi.json`, '--no-color', '--exclude-path', STREAM],
        ...['--phases', 'examples,coverage,fuzzing', '--checks', CHECKS.join(',')],
        ...['--max-examples', String(EXAMPLES_MAX), '--request-timeout', '30'],
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
  },
);
