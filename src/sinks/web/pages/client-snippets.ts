import type { FrontServer } from '../../../facts/gateway-front.ts';

/** How one client is connected to a server at the gateway. */
export interface ClientSnippet {
  readonly client: string;
  /** The file that it belongs into, or where to run it. */
  readonly place: string;
  readonly text: string;
}

type SnippetServer = Pick<FrontServer, 'name' | 'url' | 'transport'>;
type SnippetOf = (server: SnippetServer, requiresToken: boolean) => ClientSnippet | undefined;

/** In place of the bearer token, which the gateway does not show. */
const TOKEN = 'TOKEN';
const TOKEN_VARIABLE = 'MCP_GATEWAY_TOKEN';

/** @returns one for each client that knows the transport; docs/clients.md has where their formats are from */
export function clientSnippets(
  server: SnippetServer,
  requiresToken: boolean,
): readonly ClientSnippet[] {
  return SNIPPETS.flatMap((snippetOf) => snippetOf(server, requiresToken) ?? []);
}

const claudeCode: SnippetOf = ({ name, url, transport }, requiresToken) => {
  const words = ['claude', 'mcp', 'add', '--transport', transport, name, url];
  if (requiresToken) words.push('--header', `Authorization: Bearer ${TOKEN}`);
  return { client: 'Claude Code', place: 'in a shell', text: commandLine(words) };
};

/** It starts commands only, so that a bridge is between. A header with a space in an argument is split on some systems. */
const claudeDesktop: SnippetOf = ({ name, url, transport }, requiresToken) => {
  const args = ['-y', 'mcp-remote', url];
  if (transport === 'sse') args.push('--transport', 'sse-only');
  if (!/^(?:https:|http:\/\/(?:localhost|127\.0\.0\.1)\b)/.test(url)) args.push('--allow-http');
  if (requiresToken) args.push('--header', `Authorization:\${${TOKEN_VARIABLE}}`);
  const env = requiresToken ? { env: { [TOKEN_VARIABLE]: `Bearer ${TOKEN}` } } : {};
  const entry = { command: 'npx', args, ...env };
  return jsonSnippet('Claude Desktop', 'claude_desktop_config.json', {
    mcpServers: { [name]: entry },
  });
};

const cursor: SnippetOf = ({ name, url }, requiresToken) =>
  jsonSnippet('Cursor', '.cursor/mcp.json', {
    mcpServers: { [name]: { url, ...headersOf(requiresToken) } },
  });

const vscode: SnippetOf = ({ name, url, transport }, requiresToken) =>
  jsonSnippet('VS Code', '.vscode/mcp.json', {
    servers: { [name]: { type: transport, url, ...headersOf(requiresToken) } },
  });

const gemini: SnippetOf = ({ name, url, transport }, requiresToken) => {
  const address = transport === 'sse' ? { url } : { httpUrl: url };
  return jsonSnippet('Gemini CLI', '.gemini/settings.json', {
    mcpServers: { [name]: { ...address, ...headersOf(requiresToken) } },
  });
};

const codex: SnippetOf = ({ name, url, transport }, requiresToken) => {
  if (transport === 'sse') return undefined;
  // A text of JSON is one of TOML too.
  const key = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
  const lines = [`[mcp_servers.${key}]`, `url = ${JSON.stringify(url)}`];
  if (requiresToken) lines.push(`bearer_token_env_var = "${TOKEN_VARIABLE}"`);
  return { client: 'Codex', place: '~/.codex/config.toml', text: lines.join('\n') };
};

const curl: SnippetOf = ({ url, transport }, requiresToken) => {
  const token = requiresToken ? ['-H', `Authorization: Bearer ${TOKEN}`] : [];
  if (transport === 'sse')
    return {
      client: 'curl',
      place: 'in a shell',
      text: commandLine(['curl', '-N', url, ...token]),
    };
  const words = ['curl', '-sS', url, ...token];
  words.push('-H', 'Content-Type: application/json');
  words.push('-H', 'Accept: application/json, text/event-stream');
  words.push('-d', JSON.stringify(INITIALIZE));
  return { client: 'curl', place: 'in a shell', text: commandLine(words) };
};

const SNIPPETS: readonly SnippetOf[] = [
  claudeCode,
  claudeDesktop,
  cursor,
  vscode,
  codex,
  gemini,
  curl,
];

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'curl', version: '1' },
  },
};

function headersOf(requiresToken: boolean) {
  return requiresToken ? { headers: { Authorization: `Bearer ${TOKEN}` } } : {};
}

function jsonSnippet(client: string, place: string, content: unknown): ClientSnippet {
  return { client, place, text: JSON.stringify(content, undefined, 2) };
}

/** For a POSIX shell, with a line for each option of a long one. */
function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  const line = quoted.join(' ');
  return line.length <= 100 ? line : line.replaceAll(/ (?=--?[A-Za-z]+ ')/g, ' \\\n  ');
}
