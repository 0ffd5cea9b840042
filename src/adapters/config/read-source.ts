import { readJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import type { SourceFile } from './source-node.ts';

const STARTS_AS_JSON = /^\s*(?:\/[/*]|\{)/;

/** By extension, else by the first character: clients' files are JSON with comments, ours is YAML. */
export function readSource(file: string, text: string): SourceFile {
  if (/\.jsonc?$/i.test(file)) return readJson(file, text);
  if (/\.ya?ml$/i.test(file)) return readYaml(file, text);
  return STARTS_AS_JSON.test(text) ? readJson(file, text) : readYaml(file, text);
}
