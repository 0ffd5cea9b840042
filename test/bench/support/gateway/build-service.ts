import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-folder.ts';

const HERE = fileURLToPath(new URL('../../../..', import.meta.url));
const ASSETS = 'sinks/web/assets';

/**
 * Compiles the service as it ships, since type stripping at its start would count as its memory. It goes to a folder of its
 * own: `dist` may be somebody's build.
 * @param root of another checkout, which is built with the packages of this one
 * @returns path of the compiled `main.js`
 */
export function buildService(root = HERE): string {
  const folder = temporaryFolder('built');
  const dist = join(folder, 'dist');
  const packages = join(HERE, 'node_modules');
  if (!existsSync(join(root, 'node_modules'))) symlinkSync(packages, join(root, 'node_modules'));
  const tsc = join(packages, '.bin', 'tsc');
  const { status } = spawnSync(
    tsc,
    ['-p', root, '--outDir', dist, '--declaration', 'false', '--sourceMap', 'false'],
    { stdio: 'inherit' },
  );
  if (status !== 0) console.warn('The service does not compile cleanly; measured as it is');
  cpSync(join(root, 'src', ASSETS), join(dist, ASSETS), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(packages, join(folder, 'node_modules'));
  return join(dist, 'main.js');
}
