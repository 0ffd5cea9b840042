import { expect, test } from 'vitest';
import {
  type CapabilityKind,
  type CapabilitySnapshot,
  DEFINITION_CHANGES_MAX,
  diffSnapshots,
  maskSnapshot,
  withoutTexts,
} from '../../../src/facts/capability-snapshot.ts';
import { asEpochMs } from '../../../src/facts/time.ts';

function snapshot(
  lists: Partial<Record<CapabilityKind, Record<string, string>>>,
): CapabilitySnapshot {
  const entries = Object.entries(lists).map(([kind, hashes]) => {
    const definitions = Object.entries(hashes).map(([name, hash]) => ({
      name,
      hash,
      description: '',
    }));
    return [kind, { definitions, bytes: 1 }];
  });
  return { takenAtMs: asEpochMs(0), lists: Object.fromEntries(entries) };
}

test('two equal snapshots differ in nothing, whatever the order', () => {
  expect(
    diffSnapshots(snapshot({ tools: { a: '1', b: '2' } }), snapshot({ tools: { b: '2', a: '1' } })),
  ).toEqual([]);
});

test('added, changed and removed definitions are told by kind and name', () => {
  const previous = snapshot({ tools: { kept: '1', swapped: '2', gone: '3' }, prompts: { p: '1' } });
  const next = snapshot({
    tools: { kept: '1', swapped: 'x', fresh: '4' },
    resources: { 'file:///r': '1' },
  });
  expect(diffSnapshots(previous, next)).toEqual([
    { kind: 'tools', change: 'changed', name: 'swapped' },
    { kind: 'tools', change: 'added', name: 'fresh' },
    { kind: 'tools', change: 'removed', name: 'gone' },
    { kind: 'prompts', change: 'removed', name: 'p' },
    { kind: 'resources', change: 'added', name: 'file:///r' },
  ]);
});

test('a tool named like a property of every object is an ordinary name', () => {
  expect(diffSnapshots(snapshot({ tools: {} }), snapshot({ tools: { constructor: '1' } }))).toEqual(
    [{ kind: 'tools', change: 'added', name: 'constructor' }],
  );
});

test('a server that renames everything is told up to a bound', () => {
  const names = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`t${index}`, 'h']));
  expect(diffSnapshots(snapshot({ tools: {} }), snapshot({ tools: names }))).toHaveLength(
    DEFINITION_CHANGES_MAX,
  );
});

test('a snapshot is masked in every text, and keeps its instructions without the whole texts', () => {
  const said: CapabilitySnapshot = {
    takenAtMs: asEpochMs(0),
    lists: {
      tools: { bytes: 1, definitions: [{ name: 'a', hash: '1', description: 'key', text: 'key' }] },
    },
    announced: ['tools', 'key'],
    supportedVersions: ['key'],
    instructions: 'Use key.',
  };
  const masked = maskSnapshot(said, (text) => text.replaceAll('key', '***'));
  expect(JSON.stringify(masked)).not.toContain('key');
  expect(masked.instructions).toBe('Use ***.');
  expect(withoutTexts(masked)).toEqual({
    ...masked,
    lists: {
      tools: { bytes: 1, definitions: [{ name: 'a', hash: '1', description: '***' }] },
    },
  });
});
