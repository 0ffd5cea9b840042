import { join } from 'node:path';
import { createPythonEnvironment } from '../../differential/python/python-environment.ts';

const ENVIRONMENT = createPythonEnvironment({
  name: 'openapi-python',
  requirements: join(import.meta.dirname, 'requirements.txt'),
  what: 'Schemathesis (pip, about 90 MB, once)',
  test: 'test/openapi',
});

/** `undefined` if it could not be installed. */
export function schemathesisPath(): string | undefined {
  return ENVIRONMENT.programPath('schemathesis');
}

/** For vitest's `globalSetup`. */
export async function setup(): Promise<void> {
  if (process.env['MCP_EXPORTER_FULL'] === '1') await ENVIRONMENT.install();
}
