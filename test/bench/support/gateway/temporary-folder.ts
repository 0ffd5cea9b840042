import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of our own that is gone when the process ends. */
export function temporaryFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `mcp-exporter-${purpose}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
