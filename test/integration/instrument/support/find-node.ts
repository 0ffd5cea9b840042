import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/nodes/', import.meta.url));

/** The binary of another version of Node.js, installed once. */
export function findNode(version: string): string {
  if (process.versions.node.startsWith(`${version.split('.')[0]}.`)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = `${CACHE}${version}`;
  const binary = `${folder}/node_modules/${name}/bin/node`;
  if (existsSync(binary)) return binary;
  process.stderr.write(`Installing Node.js ${version} (about 100 MB, once) …\n`);
  mkdirSync(folder, { recursive: true });
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...options, `${name}@${version}`], { stdio: ['ignore', 2, 2] });
  return binary;
}
