import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { rolldown } from 'rolldown';

const ENTRY = 'src/instrument/index.ts';
const FORMATS = ['esm', 'cjs'] as const;

/**
 * Builds the library `mcp-exporter/instrument` for ESM and CommonJS: one file of code each, because fifty take eight times as
 * long to load, and the types that its entry leads to.
 */
export async function buildLibrary(folder: string): Promise<void> {
  const bundle = await rolldown({
    input: ENTRY,
    platform: 'node',
    transform: { target: 'node20' },
    treeshake: { moduleSideEffects: false },
  });
  for (const format of FORMATS) {
    const own = `${folder}/${format}`;
    const type = format === 'esm' ? 'module' : 'commonjs';
    await bundle.write({ format, file: `${own}/index.js`, codeSplitting: false });
    writeFileSync(`${own}/package.json`, `${JSON.stringify({ type })}\n`);
    compileTypes(format, own);
    pruneTypes(own);
  }
  await bundle.close();
}

function compileTypes(format: string, folder: string): void {
  const project = `tools/package/tsconfig.types-${format}.json`;
  const { status } = spawnSync(`tsc -p ${project} --outDir "${folder}"`, {
    stdio: 'inherit',
    shell: true,
  });
  if (status !== 0) throw new Error(`the types of the library (${format}) do not compile`);
}

/** Removes declarations that no user can reach. */
function pruneTypes(folder: string): void {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const text = readFileSync(`${folder}/${path}`, 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.[jt]s['"]/g))
      visit(`${posix.join(posix.dirname(path), specifier)}.d.ts`);
  };
  visit('instrument/index.d.ts');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const path of files)
    if (path.endsWith('.d.ts') && !reached.has(path)) rmSync(`${folder}/${path}`);
}
