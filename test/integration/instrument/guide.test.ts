import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type EmptyProject, makePackage } from './support/make-package.ts';

const GUIDE = fileURLToPath(new URL('../../../docs/instrument.md', import.meta.url));
const SNIPPETS = new Map(
  [...readFileSync(GUIDE, 'utf8').matchAll(/```js\n\/\/ file: (\S+)\n([\s\S]*?)```/g)].map(
    ([, file = '', code = '']) => [file, code] as const,
  ),
);
const LINKED = ['@modelcontextprotocol', '@hono', 'express', 'pino', 'prom-client', 'zod', 'hono'];
/** What a snippet has to show when it is loaded: an expression over its exports. */
const CHECKS: Readonly<Record<string, string>> = {
  'handlers.mjs': "exports.answer.status === 200 && (await exports.answer.text()) === ''",
  'registry.mjs':
    "(await (await exports.handler(new Request('http://localhost/'))).text()).includes('orders_total 1')",
  'common.cjs': "typeof exports.default.connect === 'function'",
  'v2.mjs': "typeof exports.serve === 'function'",
  'logs.mjs': "typeof exports.server.connect === 'function'",
};

let project: EmptyProject;
beforeAll(async () => {
  project = await makePackage();
  project.link(...LINKED);
  for (const [file, code] of SNIPPETS) writeFileSync(join(project.folder, file), code);
}, 120_000);
afterAll(() => project?.remove());

test('every snippet of the guide is run', () => {
  const blocks = readFileSync(GUIDE, 'utf8').match(/```(?:js|ts)\n/g) ?? [];
  expect([...SNIPPETS.keys()].toSorted()).toEqual(
    ['server.mjs', ...Object.keys(CHECKS)].toSorted(),
  );
  expect(blocks).toHaveLength(SNIPPETS.size);
});

test.each(Object.entries(CHECKS))('%s works', async (file, check) => {
  const code = `const exports = await import('./${file}');\nconsole.log(${check});process.exit();`;
  writeFileSync(join(project.folder, 'check.mjs'), code);
  const options = { cwd: project.folder };
  const { stdout } = await promisify(execFile)(process.execPath, ['check.mjs'], options);
  expect(stdout).toBe('true\n');
});

test('the server of the guide counts the call of a client', async () => {
  const port = await freePort();
  const code = SNIPPETS.get('server.mjs')?.replace('9470', String(port)) ?? '';
  writeFileSync(join(project.folder, 'server.mjs'), code);
  const client = new Client({ name: 'reader', version: '1.0.0' });
  onTestFinished(() => client.close());
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ['server.mjs'],
      cwd: project.folder,
    }),
  );
  await client.callTool({ name: 'hello', arguments: {} });
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(page).toMatch(/mcp_requests_total\{server="shop",tool="hello",.*outcome="success"\} 1/);
});
