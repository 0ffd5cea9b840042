import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { buildLibrary } from './package/build-library.ts';

/** What the web sink serves as it is; the compiler takes TypeScript only. */
const ASSETS = 'sinks/web/assets';

/** Creates `dist/`: compiled code without comments and without files of an earlier build, the assets, and the library. */
rmSync('dist', { recursive: true, force: true });
const compiler = spawnSync('tsc -p tools/package/tsconfig.app.json', {
  stdio: 'inherit',
  shell: true,
});
if (compiler.status === 0) {
  cpSync(`src/${ASSETS}`, `dist/${ASSETS}`, { recursive: true });
  await buildLibrary('dist/instrument');
}
process.exitCode = compiler.status ?? 1;
