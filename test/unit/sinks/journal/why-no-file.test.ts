import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { whyNoFile } from '../../../../src/sinks/journal/why-no-file.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a path where no database can ever be has a reason, at once', () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(whyNoFile(folder)).toBe('is a folder');
  expect(whyNoFile(join(folder, 'file', 'x.sqlite'))).toContain('no folder');
  expect(whyNoFile(join(folder, 'file', 'deep', 'x.sqlite'))).toContain('no folder');
  expect(whyNoFile(join(folder, 'x'.repeat(5_000)))).toBe('is too long');
  expect(whyNoFile('/dev/null')).toBe('is no regular file');
});

test('a path where one can be has none, and its folder is made', () => {
  const folder = makeFolder();
  expect(whyNoFile(join(folder, 'a', 'b', 'x.sqlite'))).toBeUndefined();
  expect(whyNoFile(join(folder, 'a', 'b'))).toBe('is a folder');
});

test.runIf(process.platform === 'linux')('a folder that the system cannot make is a reason', () => {
  expect(whyNoFile('/proc/mcp-exporter/journal.sqlite')).toBe('is in a folder that cannot be made');
});
