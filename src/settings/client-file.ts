import { basename, dirname, resolve, sep } from 'node:path';
import { isJson } from './read-source.ts';
import type { SourceNode } from './source-file.ts';

/** Keys that only our own file has. */
const OWN_KEYS = [
  'listen',
  'gateway',
  'import',
  'defaults',
  'probe',
  'admin',
  'log',
  'audit',
  'metrics',
  'tracing',
  'journal',
  'alertWebhook',
  'webConfigFile',
];

/** Whether a file that was given as the configuration is a client's: JSON without any key of ours. */
export function isClientFile(file: string, text: string, root: SourceNode | undefined): boolean {
  if (root?.kind !== 'map') return false;
  return isJson(file, text) && !OWN_KEYS.some((key) => root.entries.has(key));
}

export interface ClientPlace {
  /** Where the client runs programs and what `${workspaceFolder}` is. */
  readonly workingDirectory?: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** What a client derives from the location of its file: `.vscode`, `.cursor` and `.mcp.json` are in the workspace. */
export function placeOfClientFile(file: string, home: string | undefined): ClientPlace {
  const folder = resolve(dirname(file));
  const isInside = ['.vscode', '.cursor'].includes(basename(folder));
  const workspace = isInside ? dirname(folder) : folder;
  const isOfProject = (isInside && workspace !== home) || basename(file) === '.mcp.json';
  return {
    ...(isOfProject && { workingDirectory: workspace }),
    variables: {
      ...homeVariables(home),
      workspaceFolder: workspace,
      workspaceFolderBasename: basename(workspace),
      CLAUDE_PROJECT_DIR: workspace,
      pathSeparator: sep,
      '/': sep,
    },
  };
}

export function homeVariables(home: string | undefined): Readonly<Record<string, string>> {
  return home === undefined ? {} : { userHome: home };
}
