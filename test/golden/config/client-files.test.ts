import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check-config.ts';

// One folder for each kind of client's file, with what check-config prints for it beside it, to be read as a user would.

const FOLDER = 'test/fixtures/clients';
const kinds = readdirSync(FOLDER);
const env = { HOME: '/home/dev', SET: 'planted-secret-in-variable' };

/** The configuration of a folder: ours, else the client's file. */
function configOf(kind: string): string {
  const files = readdirSync(join(FOLDER, kind), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'expected.txt')
    .map((entry) => join(entry.parentPath, entry.name));
  const own = files.find((file) => file.endsWith('mcp-exporter.yml'));
  const [file, ...others] = own === undefined ? files : [own];
  if (file === undefined || others.length > 0) throw new Error(`not one file in ${kind}`);
  return file;
}

async function check(kind: string): Promise<string> {
  const printed = { out: '', err: '' };
  const code = await checkConfig({
    path: configOf(kind),
    env,
    stdout: { write: (text) => (printed.out += text) },
    stderr: { write: (text) => (printed.err += text) },
  });
  return `${printed.err}${printed.out}exit ${code}\n`;
}

test.each(kinds)('the file of %s gives exactly what is beside it', async (kind) => {
  await expect(await check(kind)).toMatchFileSnapshot(
    join(process.cwd(), FOLDER, kind, 'expected.txt'),
  );
});

test.each(kinds)('no secret of the file of %s is printed', async (kind) => {
  expect(await check(kind)).not.toContain('planted-secret');
});
