import { expect, test } from 'vitest';
import { findLayerViolations, LAYERS } from './layers.ts';
import { readTree } from './source-tree.ts';

const FILES = [...readTree('src'), ...readTree('tools')];

test('every import is one that its layer allows', () => {
  expect(findLayerViolations(FILES)).toEqual([]);
});

test('the check sees the whole source, and files of every layer', () => {
  expect(FILES.length).toBeGreaterThan(300);
  for (const { path } of LAYERS)
    expect({ path, isUsed: FILES.some((file) => file.path.startsWith(path)) }).toEqual({
      path,
      isUsed: true,
    });
});

test.each([
  ['src/facts/a.ts', "import { readFileSync } from 'node:fs';"],
  ['src/facts/a.ts', "import type { Prober } from '../sources/probe/prober.ts';"],
  ['src/facts/a.ts', "export { x } from '../catalog/catalog.ts';"],
  ['src/catalog/a.ts', "import 'prom-client';"],
  ['src/protocol/a.ts', "import type { Connector } from '../sources/probe/ports.ts';"],
  ['src/sources/probe/a.ts', "const { x } = await import('../gateway/create-gateway.ts');"],
  ['src/sources/gateway/a.ts', "import { x } from '../../sinks/prometheus/metrics.ts';"],
  ['src/sources/probe/a.ts', 'import {\n  a,\n  b,\n} from "../../catalog/catalog.ts";'],
  ['src/sinks/web/a.ts', "import { x } from '../journal/create-journal.ts';"],
  ['src/sinks/web/a.ts', "import { x } from '../../sources/probe/prober.ts';"],
  ['src/sinks/web/a.ts', "import { x } from '../../protocol/json-rpc.ts';"],
  ['src/sinks/web/a.ts', "import { pino } from 'pino';"],
  ['src/protocol/a.ts', "import { Server } from '@modelcontextprotocol/sdk/server/index.js';"],
  ['src/app/a.ts', "import { x } from '../cli/run.ts';"],
  ['src/cli/a.ts', "import { x } from '../../tools/generate.ts';"],
  ['src/utilities/a.ts', ''],
])('a planted violation in %s is found: %s', (path, text) => {
  expect(findLayerViolations([{ path, text }])).toHaveLength(1);
});

test.each([
  ['src/facts/rules/a.ts', "import type { Era } from '../server.ts';"],
  ['src/catalog/a.ts', "import { STATUSES } from '../facts/rules/health.ts';"],
  ['src/sources/probe/a.ts', "import PQueue from 'p-queue';"],
  ['src/sources/probe/connection/a.ts', "import { x } from '../../../protocol/json-rpc.ts';"],
  ['src/sinks/web/pages/a.ts', "import type { Clock } from '../../../facts/ports/clock.ts';"],
  ['src/protocol/a.ts', "import { Client } from '@modelcontextprotocol/client';"],
  ['src/app/app.ts', "import { createProber } from '../sources/probe/prober.ts';"],
  ['tools/a.ts', "import { x } from '../src/settings/load-config.ts';"],
])('an import that is allowed in %s is let through: %s', (path, text) => {
  expect(findLayerViolations([{ path, text }])).toEqual([]);
});
