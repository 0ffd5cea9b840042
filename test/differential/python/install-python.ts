import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const ENVIRONMENT = join(import.meta.dirname, '../../../node_modules/.cache/differential-python');
/** Holds the requirements that were installed; written last. */
const STAMP = join(ENVIRONMENT, 'installed-requirements.txt');

/** The interpreter that has the Python SDK; `undefined` if it could not be installed. */
export function pythonPath(): string | undefined {
  const isInstalled =
    existsSync(STAMP) && readFileSync(STAMP, 'utf8') === readFileSync(REQUIREMENTS, 'utf8');
  return isInstalled ? join(ENVIRONMENT, 'bin/python') : undefined;
}

/** For vitest's `globalSetup`. Without Python or PyPI the tests are skipped; with `CI` set, this fails. */
export async function setup(): Promise<void> {
  if (pythonPath() !== undefined) return;
  process.stderr.write('Installing the Python SDK of MCP (pip, about 60 MB, once) …\n');
  try {
    await install();
  } catch (error) {
    if (process.env['CI']) throw error;
    const reason = String(error).split('\n', 1)[0] ?? '';
    process.stderr.write(
      `\n*** SKIPPED: test/differential needs Python 3.10 or newer with venv and pip, and PyPI, once.\n*** ${reason}\n\n`,
    );
  }
}

async function install(): Promise<void> {
  const run = promisify(execFile);
  await rm(ENVIRONMENT, { recursive: true, force: true });
  await mkdir(dirname(ENVIRONMENT), { recursive: true });
  await run('python3', ['-m', 'venv', ENVIRONMENT]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  await run(join(ENVIRONMENT, 'bin/python'), [...pip, '-r', REQUIREMENTS]);
  await writeFile(STAMP, readFileSync(REQUIREMENTS, 'utf8'));
}
