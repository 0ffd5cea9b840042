import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
  [...readFileSync(GUIDE, 'utf8').matchAll(/```(?:js|ts)\n\/\/ file: (\S+)\n([\s\S]*?)```/g)].map(
    ([, file = '', code = '']) => [file, code] as const,
  ),
);
const LINKED = [
  '@modelcontextprotocol',
  '@hono',
  'express',
  'pino',
  'prom-client',
  'zod',
  'hono',
  'p-queue',
];
/** What a snippet has to show when it is loaded: an expression over its exports. */
const CHECKS: Readonly<Record<string, string>> = {
  'handlers.mjs': "exports.answer.status === 200 && (await exports.answer.text()) === ''",
  'registry.mjs':
    "(await (await exports.handler(new Request('http://localhost/'))).text()).includes('orders_total 1')",
  'common.cjs': "typeof exports.default.connect === 'function'",
  'v2.mjs': "typeof exports.serve === 'function'",
  'context.mjs': "exports.lines[0].request === 'req-123' && exports.lines[0].user === 'user-456'",
  'by-hand.mjs':
    'exports.created.size === 3 && /tool="swarm",operation="init".*outcome="success"} 1/.test(exports.page)',
  'decorators.mjs': '(await new exports.Swarm().init(2)) === 6',
  'recorders.mjs': "exports.answer.status === 'healthy' && exports.answer.plugins.git.available",
  'logs.mjs': "typeof exports.server.connect === 'function'",
};

let project: EmptyProject;
beforeAll(async () => {
  project = await makePackage();
  project.link(...LINKED);
  for (const [file, code] of SNIPPETS) writeFileSync(join(project.folder, file), code);
  compile('decorators.mts');
}, 120_000);
afterAll(() => project?.remove());

/** What runs is what the compiler makes of it. */
function compile(file: string): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--skipLibCheck'];
  execFileSync(process.execPath, [join(compiler, '../bin/tsc'), ...options, file], {
    cwd: project.folder,
    stdio: ['ignore', 2, 2],
  });
}

test('every snippet of the guide is run', () => {
  const blocks = readFileSync(GUIDE, 'utf8').match(/```(?:js|ts)\n/g) ?? [];
  const checked = ['server.mjs', ...Object.keys(CHECKS)];
  const compiled = [...SNIPPETS.keys()].map((file) => file.replace(/\.mts$/, '.mjs'));
  expect(compiled.toSorted()).toEqual(checked.toSorted());
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
