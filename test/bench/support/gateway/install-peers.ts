import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../fixtures/peers', import.meta.url));

/** The proxies of `test/fixtures/peers`, as their lock file has them; once. `false` where that is not possible. */
export function installPeers(): boolean {
  const stamp = join(FOLDER, 'node_modules', '.installed-from');
  const wanted = createHash('sha256')
    .update(readFileSync(join(FOLDER, 'package-lock.json')))
    .digest('hex');
  if (readIfThere(stamp) === wanted) return true;
  console.log('Installing the peers (npm ci, about 155 MB, once) …');
  const { status } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--prefer-offline', '--loglevel=error'],
    { cwd: FOLDER, stdio: 'inherit' },
  );
  if (status !== 0) return false;
  writeFileSync(stamp, wanted);
  return true;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
