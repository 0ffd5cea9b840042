import { join } from 'node:path';
import { createPythonEnvironment } from './python-environment.ts';

const ENVIRONMENT = createPythonEnvironment({
  name: 'differential-python',
  requirements: join(import.meta.dirname, 'requirements.txt'),
  what: 'the Python SDK of MCP (pip, about 60 MB, once)',
  test: 'test/differential',
});

/** The interpreter that has the Python SDK; `undefined` if it could not be installed. */
export function pythonPath(): string | undefined {
  return ENVIRONMENT.programPath('python');
}

/** For vitest's `globalSetup`. */
export async function setup(): Promise<void> {
  await ENVIRONMENT.install();
}
