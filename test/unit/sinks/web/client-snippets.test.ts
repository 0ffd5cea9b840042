import { expect, test } from 'vitest';
import { loadConfig } from '../../../../src/settings/load-config.ts';
import { clientSnippets } from '../../../../src/sinks/web/pages/client-snippets.ts';

const URL_OF_FILES = 'https://mcp.example.com/files/mcp';
const FILES = { name: 'files', url: URL_OF_FILES, transport: 'http' } as const;

const snippetOf = (client: string, server: Parameters<typeof clientSnippets>[0], token = false) =>
  clientSnippets(server, token).find((snippet) => snippet.client === client);

/** Reads the snippet as the client's file, with our own reader of such files. */
async function targetIn(client: string, token: boolean) {
  const snippet = snippetOf(client, FILES, token);
  const { place = '', text = '' } = snippet ?? {};
  const loaded = await loadConfig({
    path: place.replace('~', '/home/me'),
    env: { MCP_GATEWAY_TOKEN: 'TOKEN' },
    readText: async () => ({ ok: true, text }),
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const [server] = loaded.config.servers;
  return server?.name === 'files' ? server.target : undefined;
}

test.each(['Cursor', 'VS Code', 'Gemini CLI', 'Codex'])(
  'the snippet for %s is a file of its format that leads to the server',
  async (client) => {
    expect(await targetIn(client, false)).toMatchObject({ kind: 'http', url: URL_OF_FILES });
    const target = await targetIn(client, true);
    const headers = target?.kind === 'http' ? target.headers : {};
    expect(headers['Authorization']?.reveal()).toBe('Bearer TOKEN');
  },
);

test('Claude Desktop starts a bridge, whose header has no space', async () => {
  expect(await targetIn('Claude Desktop', true)).toMatchObject({
    command: 'npx',
    args: ['-y', 'mcp-remote', URL_OF_FILES, '--header', 'Authorization:${MCP_GATEWAY_TOKEN}'],
  });
  const remote = { ...FILES, url: 'http://mcp.lan/files/mcp' };
  expect(snippetOf('Claude Desktop', remote)?.text).toContain('"--allow-http"');
});

test('a command line quotes what a shell would change', () => {
  const odd = { ...FILES, name: "it's $HOME" };
  expect(snippetOf('Claude Code', odd)?.text).toBe(
    `claude mcp add --transport http 'it'\\''s $HOME' ${URL_OF_FILES}`,
  );
});

test('a server of HTTP+SSE has no snippet for a client that cannot connect to it', () => {
  const sse = { ...FILES, transport: 'sse' } as const;
  const clients = clientSnippets(sse, false).map(({ client }) => client);
  expect(clients).not.toContain('Codex');
  expect(snippetOf('curl', sse)?.text).toBe(`curl -N ${URL_OF_FILES}`);
});
