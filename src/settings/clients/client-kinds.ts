import { basename, dirname } from 'node:path';

/** How a client writes a reference to something outside of its file. */
export type ReferenceSyntax =
  /** `${NAME}` */
  | 'name'
  /** `${NAME:-text}` */
  | 'default'
  /** `$NAME` */
  | 'dollar'
  /** `${env:NAME}` */
  | 'env'
  /** `${file:PATH}` */
  | 'file'
  /** `{env:NAME}` and `{file:PATH}` */
  | 'braces'
  /** `${{ secrets.NAME }}` */
  | 'secrets';

/** What an MCP client does with its file; docs/clients.md says where each row comes from. */
export interface ClientKind {
  readonly name: string;
  readonly expands: readonly ReferenceSyntax[];
  /** What it takes from the location of the file, such as `${workspaceFolder}`. */
  readonly variables: readonly string[];
  /** Whether it asks its user for `${input:…}` and looks up `${command:…}` and `${config:…}`. */
  readonly asks: boolean;
}

const WORKSPACE = [
  'userHome',
  'workspaceFolder',
  'workspaceFolderBasename',
  'pathSeparator',
  '/',
] as const;

export const CLIENTS = {
  claudeCode: kind('Claude Code', ['name', 'default'], ['CLAUDE_PROJECT_DIR']),
  claudeDesktop: kind('Claude Desktop', []),
  cursor: kind('Cursor', ['env'], WORKSPACE),
  vscode: { ...kind('VS Code', ['env'], WORKSPACE), asks: true },
  windsurf: kind('Windsurf', ['env', 'file']),
  gemini: kind('Gemini CLI', ['name', 'default', 'dollar']),
  cline: kind('Cline', ['env']),
  roo: kind('Roo Code', ['env'], ['workspaceFolder']),
  zed: kind('Zed', []),
  opencode: kind('opencode', ['braces']),
  codex: kind('Codex', []),
  continue: kind('Continue', ['secrets']),
  goose: kind('Goose', ['name', 'dollar']),
  /** Nothing says whose file it is: what most clients understand is expanded. */
  unknown: {
    ...kind('the client', ['name', 'default', 'env'], [...WORKSPACE, 'CLAUDE_PROJECT_DIR']),
    asks: true,
  },
} as const satisfies Readonly<Record<string, ClientKind>>;

function kind(
  name: string,
  expands: readonly ReferenceSyntax[],
  variables: readonly string[] = [],
): ClientKind {
  return { name, expands, variables, asks: false };
}

const BY_FILE: Readonly<Record<string, ClientKind>> = {
  '.mcp.json': CLIENTS.claudeCode,
  '.claude.json': CLIENTS.claudeCode,
  'claude_desktop_config.json': CLIENTS.claudeDesktop,
  'mcp_config.json': CLIENTS.windsurf,
  'cline_mcp_settings.json': CLIENTS.cline,
  'mcp_settings.json': CLIENTS.roo,
  'settings.json': CLIENTS.gemini,
};

const BY_FOLDER: Readonly<Record<string, ClientKind>> = {
  '.cursor': CLIENTS.cursor,
  '.vscode': CLIENTS.vscode,
  '.gemini': CLIENTS.gemini,
  '.roo': CLIENTS.roo,
};

/** Whose file with `mcpServers` this is, by its place. */
export function clientOfPlace(file: string): ClientKind {
  const folder = basename(dirname(file));
  return BY_FOLDER[folder] ?? BY_FILE[basename(file)] ?? CLIENTS.unknown;
}
