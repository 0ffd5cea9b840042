import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BINARIES, SERVERS_DIRECTORY } from './server-programs.ts';

/** Written after a complete installation, so that one that was cut off is done again. */
const STAMP = join(SERVERS_DIRECTORY, 'node_modules', '.installed-from');

/** For vitest's `globalSetup`: the servers of `test/fixtures/servers`, as its lock file has them. */
export async function setup(): Promise<void> {
  const wanted = await lockDigest();
  if ((await readIfThere(STAMP)) === wanted) return;
  process.stderr.write('Installing the real MCP servers (npm ci, about 590 MB, once) …\n');
  await runNpm();
  await makeExecutable();
  await writeFile(STAMP, wanted);
}

async function lockDigest(): Promise<string> {
  const digest = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    digest.update(await readFile(join(SERVERS_DIRECTORY, file)));
  }
  return digest.digest('hex');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Install scripts stay off: nothing of these packages runs before a test starts it. */
async function runNpm(): Promise<void> {
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--loglevel=error'], {
    cwd: SERVERS_DIRECTORY,
    stdio: ['ignore', 2, 2],
  });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code === 0) return;
  throw new Error(
    `The real MCP servers could not be installed: npm ci in test/fixtures/servers ended with ${code ?? 'a signal'}. ` +
      'They come from the npm registry, once; afterwards the tests need no network. ' +
      'Without network, copy test/fixtures/servers/node_modules from a checkout that has it, or run the other test folders only.',
  );
}

async function makeExecutable(): Promise<void> {
  for (const binary of Object.values(BINARIES)) {
    const isThere = await stat(binary).then(
      () => true,
      () => false,
    );
    if (isThere) await chmod(binary, 0o755);
  }
}
