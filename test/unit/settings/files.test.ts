import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findConfig, readText } from '../../../src/settings/files.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-read-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a file is read without its byte order mark', async () => {
  const file = join(await makeFolder(), 'a');
  await writeFile(file, '\uFEFFtext ü');
  expect(await readText(file)).toEqual({ ok: true, text: 'text ü' });
});

test('a file that cannot be read gives the reason', async () => {
  const folder = await makeFolder();
  const binary = join(folder, 'binary');
  await writeFile(binary, Buffer.from([0xff, 0xfe, 0x00]));
  expect(await readText(join(folder, 'missing'))).toEqual({ ok: false, reason: 'does not exist' });
  expect(await readText(folder)).toEqual({ ok: false, reason: 'is a directory' });
  expect(await readText(binary)).toEqual({ ok: false, reason: 'is not UTF-8 text' });
  expect(await readText('/dev/zero')).toEqual({ ok: false, reason: 'is larger than 16 MiB' });
});

test.skipIf(process.getuid?.() === 0)('a file that this user may not read says so', async () => {
  const file = join(await makeFolder(), 'a');
  await writeFile(file, 'x');
  await chmod(file, 0o000);
  expect(await readText(file)).toEqual({ ok: false, reason: 'may not be read by this user' });
});

test('the configuration of a folder is found under either ending, .yml first', async () => {
  const folder = await makeFolder();
  expect(await findConfig(folder)).toBeUndefined();
  await writeFile(join(folder, 'mcp-exporter.yaml'), '');
  expect(await findConfig(folder)).toBe(join(folder, 'mcp-exporter.yaml'));
  await writeFile(join(folder, 'mcp-exporter.yml'), '');
  expect(await findConfig(folder)).toBe(join(folder, 'mcp-exporter.yml'));
});
