import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every benchmark of this folder, each in a process of its own, or only those named: `npm run bench -- render-metrics`. */
const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts') && file !== basename(import.meta.filename))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .toSorted();

if (names.length === 0) {
  process.stderr.write(`no such benchmark: ${wanted.join(', ')}\n`);
  process.exitCode = 1;
}
for (const name of names) {
  process.stdout.write(`\n── ${name}\n`);
  const { status } = spawnSync(process.execPath, ['--expose-gc', `${FOLDER}${name}.ts`], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
