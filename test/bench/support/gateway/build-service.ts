import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const ASSETS = 'sinks/web/assets';

/**
 * Compiles the service as it ships, since type stripping at its start would count as its memory. It goes to a folder of its
 * own: `dist` may be somebody's build.
 * @returns path of the compiled `main.js`
 */
export function buildService(): string {
  const folder = temporaryFolder('built');
  const dist = join(folder, 'dist');
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status } = spawnSync(
    tsc,
    ['-p', ROOT, '--outDir', dist, '--declaration', 'false', '--sourceMap', 'false'],
    { stdio: 'inherit' },
  );
  if (status !== 0) console.warn('The service does not compile cleanly; measured as it is');
  cpSync(join(ROOT, 'src', ASSETS), join(dist, ASSETS), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(dist, 'main.js');
}
