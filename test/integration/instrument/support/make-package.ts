import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildLibrary } from '../../../../tools/package/build-library.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A project with the library as it is published and nothing else, not even what the exporter depends on. */
export interface EmptyProject {
  readonly folder: string;
  /** Makes packages of this repository available to the project. */
  link(...names: readonly string[]): void;
  remove(): void;
}

export async function makePackage(): Promise<EmptyProject> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-library-'));
  const own = join(folder, 'node_modules/mcp-exporter');
  mkdirSync(own, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(own, 'package.json'));
  await buildLibrary(join(own, 'dist/instrument'));
  return {
    folder,
    link(...names) {
      for (const name of names) {
        const target = join(folder, 'node_modules', name);
        mkdirSync(dirname(target), { recursive: true });
        symlinkSync(join(ROOT, 'node_modules', name), target);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
