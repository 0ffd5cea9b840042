import { dirname } from 'node:path';
import type { ClientEntry, EntryValue } from './client-entries.ts';
import { placeOfClientFile } from './client-file.ts';
import { resolvePath } from './resolve-path.ts';

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}?/g;
const ENVIRONMENT = /^(?:env:)?[A-Za-z_][A-Za-z0-9_]*(?::-.*)?$/s;
const KEPT_KEYS = ['command', 'args', 'env', 'url', 'headers', 'monitor', 'gateway'] as const;

/**
 * An entry of a client's file in the words of ours: what the client knows by where its file lies is written out, and
 * variables of the environment stay variables.
 */
export function toOwnEntry(
  { block, value }: ClientEntry,
  clientFile: string,
  home: string | undefined,
): EntryValue {
  const { variables, workingDirectory } = placeOfClientFile(clientFile, home);
  const directory = workingDirectory ?? dirname(clientFile);
  const own: Record<string, unknown> = {};

  const translate = (given: unknown): unknown => {
    if (typeof given === 'string') return translateText(given, variables);
    if (Array.isArray(given)) return given.map(translate);
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(
      // A variable that a client's file unsets (`null`) is left out by ours.
      Object.entries(given).flatMap(([key, field]) =>
        field === null ? [] : [[key, translate(field)]],
      ),
    );
  };
  const placed = (path: unknown): string => {
    const text = String(translate(path));
    return text.startsWith('${') ? text : resolvePath(text, directory, home);
  };

  const type = value['type'] ?? value['transport'];
  const isAddress = value['url'] !== undefined;
  // VS Code's http falls back to HTTP+SSE, as ours does where nothing is said.
  if (isAddress && typeof type === 'string' && !(block === 'servers' && type !== 'sse'))
    own['type'] = type;
  for (const key of KEPT_KEYS) if (value[key] !== undefined) own[key] = translate(value[key]);
  if (value['envFile'] !== undefined) own['envFile'] = placed(value['envFile']);
  if (value['cwd'] !== undefined) own['cwd'] = placed(value['cwd']);
  else if (!isAddress && workingDirectory !== undefined)
    own['cwd'] = workingDirectory.replaceAll('${', '$${');
  return own;
}

function translateText(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(REFERENCE, (whole: string, expression: string | undefined) => {
    if (expression === undefined || expression === 'userHome') return whole;
    if (Object.hasOwn(variables, expression))
      return (variables[expression] ?? '').replaceAll('${', '$${');
    return whole.endsWith('}') && ENVIRONMENT.test(expression) ? whole : `$${whole}`;
  });
}
