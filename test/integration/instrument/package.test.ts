import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNode } from './support/find-node.ts';
import { type EmptyProject, makePackage } from './support/make-package.ts';

const NODES = ['20.20.2', '22.23.3', '24.21.0'];
const IMPORT_CPU_MS_MAX = 30;
const IMPORT_BYTES_MAX = 10_000_000;

let project: EmptyProject;

beforeAll(async () => {
  for (const version of NODES) findNode(version);
  project = await makePackage();
}, 300_000);
afterAll(() => project?.remove());

/** A server that is no SDK's, which gets a call and answers it. */
const USE = `
const callbacks = {};
const transport = { start: async () => {}, send: async () => {}, handleRequest() {} };
const server = { async connect(added) { added.onmessage = (message) => { callbacks.got = message; }; await added.start(); } };
instrument(server, { name: 'shop' });
server.connect(transport).then(async () => {
  transport.onmessage({ jsonrpc: '2.0', id: 1, method: 'ping' });
  await transport.send({ jsonrpc: '2.0', id: 1, result: {} });
  const own = await startMetricsServer({ port: 0 });
  const page = await (await fetch(own.url)).text();
  await own.close();
  console.log(page.split('\\n').find((line) => line.startsWith('mcp_requests_total')));
});`;
const NAMES = '{ instrument, startMetricsServer }';

function run(node: string, file: string, text: string): string {
  writeFileSync(join(project.folder, file), text);
  return execFileSync(node, [file], { cwd: project.folder, encoding: 'utf8' });
}

describe.each(NODES)('Node.js %s', (version) => {
  test.each([
    ['use.mjs', `import ${NAMES} from 'mcp-exporter/instrument';`],
    ['use.cjs', `const ${NAMES} = require('mcp-exporter/instrument');`],
  ])('runs it without any other package: %s', (file, load) => {
    expect(run(findNode(version), file, load + USE)).toBe(
      'mcp_requests_total{server="shop",tool="",operation="ping",method="POST",endpoint="/ping",status="200",outcome="success"} 1\n',
    );
  });

  test('the two builds share their registry', () => {
    const text = `
import { createRequire } from 'node:module';
import { metricsHandler } from 'mcp-exporter/instrument';
const { instrument } = createRequire(import.meta.url)('mcp-exporter/instrument');
instrument({ connect() {} }, { name: 'shop' });
const answer = await metricsHandler()(new Request('http://localhost/'));
console.log((await answer.text()).includes('mcp_active_sessions{server="shop"'));`;
    expect(run(findNode(version), 'both.mjs', text)).toBe('true\n');
  });
});

test.each(['esm', 'cjs'])('the %s build loads two modules of Node.js and no package', (format) => {
  const path = `node_modules/mcp-exporter/dist/instrument/${format}/index.js`;
  const code = readFileSync(join(project.folder, path), 'utf8');
  const loaded = [
    ...code.matchAll(/(?:\bfrom|^import|\brequire\(|\bimport\()\s*["']([^"']+)["']/gm),
  ];
  expect([...new Set(loaded.map((match) => match[1]))].toSorted()).toEqual([
    'node:async_hooks',
    'node:http',
  ]);
});

test('an import takes at most 30 ms of processor time and 10 MB', () => {
  const text = `
const before = { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };
await import('mcp-exporter/instrument');
const { user, system } = process.cpuUsage(before.cpu);
console.log(JSON.stringify({ ms: (user + system) / 1000, bytes: process.memoryUsage.rss() - before.rss }));`;
  const costs = Array.from({ length: 5 }, () => {
    return JSON.parse(run(process.execPath, 'cost.mjs', text)) as { ms: number; bytes: number };
  });
  const [ms, bytes] = [costs.map((cost) => cost.ms), costs.map((cost) => cost.bytes)];
  console.log(`import: ${Math.min(...ms).toFixed(1)} ms, ${Math.max(...bytes)} bytes`);
  expect(Math.min(...ms)).toBeLessThan(IMPORT_CPU_MS_MAX);
  expect(Math.max(...bytes)).toBeLessThan(IMPORT_BYTES_MAX);
});

test('TypeScript finds the types from ESM and from CommonJS, for both SDKs and both clients', () => {
  const peers = ['@modelcontextprotocol', 'prom-client', 'prom-client-15', 'pino', 'express'];
  project.link(...peers, '@types', '@opentelemetry', 'zod');
  const text = (name: string) => `
import { instrument, metricsHandler } from 'mcp-exporter/instrument';
import { McpServer as V1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as V2 } from '@modelcontextprotocol/server';
import { Registry } from 'prom-client';
import { Registry as Old } from 'prom-client-15';
import pino from 'pino';
const info = { name: 'shop', version: '1' };
export const ${name}: V1 = instrument(new V1(info), { registry: new Registry(), logger: pino() });
export const two: V2 = instrument(new V2(info), { registry: new Old() });
export const low: Server = instrument(new Server(info));
export const page = metricsHandler({ registry: new Registry() });`;
  for (const file of ['types.mts', 'types.cts'])
    writeFileSync(join(project.folder, file), text(file.replace('.', '_')));
  const wrong = `${text('wrong')}\ninstrument(new V1(info), { nmae: 'shop' });`;
  writeFileSync(join(project.folder, 'wrong.mts'), wrong);
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
  const tsc = join(compiler, '../bin/tsc');
  const check = (...files: readonly string[]): string => {
    const args = [tsc, ...options, '--preserveSymlinks', ...files];
    return spawnSync(process.execPath, args, { cwd: project.folder, encoding: 'utf8' }).stdout;
  };
  expect(check('types.mts', 'types.cts')).toBe('');
  expect(check('wrong.mts').trim().split('\n')).toEqual([expect.stringContaining("'nmae'")]);
}, 120_000);
