import { expect, test } from 'vitest';
import { findLayerViolations, LAYERS } from './layers.ts';
import { readTree } from './source-tree.ts';

const FILES = readTree('src');

test('dependencies point inwards', () => {
  expect(findLayerViolations(FILES)).toEqual([]);
});

test('the check sees the whole source, and files of every layer', () => {
  expect(FILES.length).toBeGreaterThan(80);
  const folders = ['domain/', 'metrics/', 'probe/', 'adapters/mcp/', 'adapters/http/', 'cli/'];
  for (const folder of folders) {
    expect(FILES.some(({ path }) => path.startsWith(`src/${folder}`))).toBe(true);
    expect(LAYERS.some(({ path }) => path === folder)).toBe(true);
  }
});

test.each([
  ['domain/a.ts', "import { readFileSync } from 'node:fs';"],
  ['domain/a.ts', "import type { Prober } from '../probe/prober.ts';"],
  ['domain/a.ts', "export { x } from '../metrics/catalog.ts';"],
  ['metrics/a.ts', "import 'prom-client';"],
  ['probe/a.ts', "const { x } = await import('../adapters/mcp/connector.ts');"],
  ['probe/a.ts', 'import {\n  a,\n  b,\n} from "../metrics/catalog.ts";'],
  ['adapters/http/a.ts', "import { x } from '../mcp/connector.ts';"],
  ['adapters/http/a.ts', "import { x } from '../../probe/prober.ts';"],
  ['adapters/http/a.ts', "import { pino } from 'pino';"],
  ['adapters/mcp/a.ts', "import { Server } from '@modelcontextprotocol/sdk/server/index.js';"],
  ['cli/a.ts', "import { x } from '../provisioning/generate.ts';"],
  ['utilities/a.ts', ''],
])('a planted violation in %s is found: %s', (path, text) => {
  expect(findLayerViolations([{ path: `src/${path}`, text }])).toHaveLength(1);
});

test.each([
  ['domain/mcp/a.ts', "import type { Era } from '../server.ts';"],
  ['metrics/a.ts', "import { STATUSES } from '../domain/health.ts';"],
  ['probe/a.ts', "import PQueue from 'p-queue';"],
  ['adapters/http/pages/a.ts', "import type { Clock } from '../../../probe/ports.ts';"],
  ['adapters/mcp/a.ts', "import { Client } from '@modelcontextprotocol/client';"],
  ['app.ts', "import { createProber } from './probe/prober.ts';"],
])('an import that is allowed in %s is let through: %s', (path, text) => {
  expect(findLayerViolations([{ path: `src/${path}`, text }])).toEqual([]);
});
