import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const TEMPLATES = fileURLToPath(new URL('../../../alertmanager/templates', import.meta.url));

export interface AlertmanagerFolder {
  readonly path: string;
  readonly config: string;
}

/** A folder with a configuration of Alertmanager and the shipped templates, which goes with the test. */
export async function createAlertmanagerFolder(text: string): Promise<AlertmanagerFolder> {
  const path = await mkdtemp(join(tmpdir(), 'mcp-exporter-alertmanager-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  await cp(TEMPLATES, join(path, 'templates'), { recursive: true });
  const config = join(path, 'alertmanager.yml');
  await writeFile(config, text);
  return { path, config };
}
