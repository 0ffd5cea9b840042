import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Packages of PyPI in a folder of their own, for a test. */
export interface PythonEnvironment {
  /** A program of it; `undefined` if it could not be installed. */
  programPath(name: string): string | undefined;
  /** Installs it once. Without Python or PyPI it says that `test` is skipped; with `CI` set, it fails. */
  install(): Promise<void>;
}

export interface PythonEnvironmentOptions {
  /** Of the folder in `node_modules/.cache`. */
  readonly name: string;
  /** File with all packages, pinned. */
  readonly requirements: string;
  /** What is installed, for the message. */
  readonly what: string;
  /** The folder of tests that need it. */
  readonly test: string;
}

export function createPythonEnvironment(options: PythonEnvironmentOptions): PythonEnvironment {
  const folder = join(import.meta.dirname, '../../../node_modules/.cache', options.name);
  /** Holds the requirements that were installed; written last. */
  const stamp = join(folder, 'installed-requirements.txt');
  const wanted = readFileSync(options.requirements, 'utf8');
  const isInstalled = (): boolean => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

  async function create(): Promise<void> {
    const run = promisify(execFile);
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await run(join(folder, 'bin/python'), [...pip, '-r', options.requirements]);
    await writeFile(stamp, wanted);
  }

  return {
    programPath: (name) => (isInstalled() ? join(folder, 'bin', name) : undefined),
    async install() {
      if (isInstalled()) return;
      process.stderr.write(`Installing ${options.what} …\n`);
      try {
        await create();
      } catch (error) {
        if (process.env['CI']) throw error;
        const reason = String(error).split('\n', 1)[0] ?? '';
        process.stderr.write(
          `\n*** SKIPPED: ${options.test} needs Python 3.10 or newer with venv and pip, and PyPI, once.\n*** ${reason}\n\n`,
        );
      }
    },
  };
}
