import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFORMANCE_DIRECTORY } from './conformance-programs.ts';
import { BINARIES, SERVERS_DIRECTORY } from './server-programs.ts';

interface Installation {
  readonly directory: string;
  /** What it is, as in "Installing the …". */
  readonly what: string;
  readonly sizeMb: number;
}

const INSTALLATIONS: readonly Installation[] = [
  { directory: SERVERS_DIRECTORY, what: 'real MCP servers', sizeMb: 590 },
  { directory: CONFORMANCE_DIRECTORY, what: 'MCP conformance suite and Inspector', sizeMb: 155 },
];

/** For vitest's `globalSetup`: the programs of `test/fixtures/servers` and `test/fixtures/conformance`, as their lock files have them. */
export async function setup(): Promise<void> {
  for (const installation of INSTALLATIONS) await install(installation);
}

async function install({ directory, what, sizeMb }: Installation): Promise<void> {
  // Written after a complete installation, so that one that was cut off is done again.
  const stamp = join(directory, 'node_modules', '.installed-from');
  const wanted = await lockDigest(directory);
  if ((await readIfThere(stamp)) === wanted) return;
  process.stderr.write(`Installing the ${what} (npm ci, about ${sizeMb} MB, once) …\n`);
  await runNpm(directory, what);
  await makeExecutable();
  await writeFile(stamp, wanted);
}

async function lockDigest(directory: string): Promise<string> {
  const digest = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    digest.update(await readFile(join(directory, file)));
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
async function runNpm(directory: string, what: string): Promise<void> {
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--loglevel=error'], {
    cwd: directory,
    stdio: ['ignore', 2, 2],
  });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code === 0) return;
  throw new Error(
    `The ${what} could not be installed: npm ci in ${directory} ended with ${code ?? 'a signal'}. ` +
      'It all comes from the npm registry, once; afterwards the tests need no network. ' +
      'Without network, copy its node_modules from a checkout that has it, or run the other test folders only.',
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
