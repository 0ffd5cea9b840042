import { isToml, readSource } from './read-source.ts';
import type { SourceFile } from './source-file.ts';

/** JSON, YAML or TOML; the parser of TOML is loaded only for a file that needs it. */
export async function readAnySource(file: string, text: string): Promise<SourceFile> {
  if (!isToml(file)) return readSource(file, text);
  const { readToml } = await import('./toml.ts');
  return readToml(file, text);
}
