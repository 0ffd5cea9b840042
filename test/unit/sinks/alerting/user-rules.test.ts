import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatYaml } from '../../../../src/settings/yaml.ts';
import { createUserRules } from '../../../../src/sinks/alerting/user-rules.ts';
import type { UserAlert } from '../../../../src/facts/user-alert.ts';
import { METRICS_PAGE } from '../../../../src/catalog/catalog.ts';

const ALERT: UserAlert = {
  name: 'SearchIsSlow',
  metric: 'response_time',
  op: '>',
  threshold: 0.5,
  thresholdText: '500ms',
  forMs: 300_000,
  servers: 'all',
  severity: 'warning',
};

function setUp(content: Record<string, string> = {}, fault?: string) {
  const files = new Map(Object.entries(content));
  const writes: string[] = [];
  const rules = createUserRules({
    catalog: METRICS_PAGE,
    format: formatYaml,
    files: {
      read: async (path) => {
        if (path === 'unreadable') throw new Error('EACCES');
        return files.get(path);
      },
      write: async (path, text) => {
        if (fault !== undefined) return fault;
        writes.push(path);
        files.set(path, text);
        return undefined;
      },
    },
  });
  return { rules, files, writes };
}

function alertsIn(text: string | undefined): number {
  const { groups } = parse(text ?? '') as { groups: readonly { rules: readonly unknown[] }[] };
  return groups.flatMap((group) => group.rules).length;
}

test('alerts become a file that says who wrote it', async () => {
  const { rules, files } = setUp();
  expect(await rules.update([ALERT], 'a.yml')).toBeUndefined();
  expect(files.get('a.yml')).toMatch(/^# Written by mcp-exporter/);
  expect(alertsIn(files.get('a.yml'))).toBe(1);
});

test('without alerts no file is made', async () => {
  const { rules, files } = setUp();
  expect(await rules.update([], 'a.yml')).toBeUndefined();
  expect(files.size).toBe(0);
});

test('a file that says the same already is not written again', async () => {
  const { rules, writes } = setUp();
  await rules.update([ALERT], 'a.yml');
  await rules.update([ALERT], 'a.yml');
  expect(writes).toEqual(['a.yml']);
});

test('a file of ours is emptied when the last alert is gone', async () => {
  const { rules, files } = setUp();
  await rules.update([ALERT], 'a.yml');
  expect(await rules.update([], 'a.yml')).toBeUndefined();
  expect(alertsIn(files.get('a.yml'))).toBe(0);
});

test('a file that moves leaves no alert where it was', async () => {
  const { rules, files } = setUp();
  await rules.update([ALERT], 'a.yml');
  await rules.update([ALERT], 'b.yml');
  expect([alertsIn(files.get('a.yml')), alertsIn(files.get('b.yml'))]).toEqual([0, 1]);
});

test("somebody else's file is left as it is, and that is said", async () => {
  const { rules, files } = setUp({ 'a.yml': 'groups: [] # mine\n' });
  expect(await rules.update([ALERT], 'a.yml')).toContain('was not written by mcp-exporter');
  expect(await rules.update([], 'a.yml')).toBeUndefined();
  expect(files.get('a.yml')).toBe('groups: [] # mine\n');
});

test.each([
  ['a.yml', 'a.yml cannot be written (EROFS)'],
  ['unreadable', 'unreadable cannot be read (Error: EACCES)'],
])('what goes wrong with %s is told and never thrown', async (path, problem) => {
  const { rules } = setUp({}, 'a.yml cannot be written (EROFS)');
  expect(await rules.update([ALERT], path)).toBe(problem);
});
