import { expect, test } from 'vitest';
import type { ServerSpec } from '../../../../src/facts/server.ts';
import { diffServers, type KeptServer } from '../../../../src/sources/probe/server-diff.ts';
import { buildServer } from '../../../fakes/build-server.ts';

const A = buildServer('a');
const B = buildServer('b');
const A_MOVED = buildServer('a', { source: 'mcp-exporter.yml:42' });
const A_CHANGED = buildServer('a', { monitor: { intervalMs: 1_000 } });

const INTERVAL = { key: 'monitor.interval', reopens: 'none' } as const;
const same = (spec: ServerSpec): KeptServer => ({ spec, changes: [] });

interface Outcome {
  readonly order?: string;
  readonly kept?: readonly KeptServer[];
  readonly added?: readonly ServerSpec[];
  readonly removed?: readonly string[];
}

test.each<[string, readonly ServerSpec[], readonly ServerSpec[], Outcome]>([
  ['adds all servers to an empty list', [], [B, A], { order: 'ba', added: [B, A] }],
  [
    'keeps servers that are the same, in the new order',
    [A, B],
    [B, A],
    { order: 'ba', kept: [same(B), same(A)] },
  ],
  [
    'keeps a server that is only defined elsewhere',
    [A],
    [A_MOVED],
    { order: 'a', kept: [same(A_MOVED)] },
  ],
  [
    'keeps a server that is watched otherwise, and names the keys',
    [A],
    [A_CHANGED],
    { order: 'a', kept: [{ spec: A_CHANGED, changes: [INTERVAL] }] },
  ],
  ['removes a server that is gone', [A, B], [B], { order: 'b', kept: [same(B)], removed: ['a'] }],
  ['removes all servers for an empty list', [A, B], [], { removed: ['a', 'b'] }],
  [
    'takes the last of two servers of one name',
    [],
    [A, B, A_CHANGED],
    { order: 'ab', added: [A_CHANGED, B] },
  ],
])('%s', (_title, before, next, { order = '', ...expected }) => {
  const current = new Map(before.map((spec) => [spec.name, spec]));
  expect(diffServers(current, next)).toEqual({
    order: order.split(''),
    kept: [],
    added: [],
    removed: [],
    ...expected,
  });
});
