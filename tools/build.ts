import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';

/** What the web sink serves as it is; the compiler takes TypeScript only. */
const ASSETS = 'sinks/web/assets';

/** Creates `dist/`: compiled code without comments and without files of an earlier build, and the assets. */
rmSync('dist', { recursive: true, force: true });
const compiler = spawnSync('tsc -p . --removeComments', { stdio: 'inherit', shell: true });
if (compiler.status === 0) cpSync(`src/${ASSETS}`, `dist/${ASSETS}`, { recursive: true });
process.exitCode = compiler.status ?? 1;
