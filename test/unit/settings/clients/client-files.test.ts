import { expect, test } from 'vitest';
import {
  configOf,
  httpTarget,
  mistakesOf,
  reveal,
  serverOf,
  stdioTarget,
  warningsOf,
} from '../load-text.ts';

const env = { TOKEN: 'token-value', HOME: '/home/dev' };

/** A file with one entry. */
function entry(file: string, value: unknown): Record<string, string> {
  return { [file]: JSON.stringify({ mcpServers: { a: value } }) };
}

test.each([
  ['.mcp.json', '${TOKEN}', 'token-value'],
  ['.mcp.json', '${NONE:-text}', 'text'],
  ['.mcp.json', '${NONE}', '${NONE}'],
  ['.mcp.json', '$TOKEN', '$TOKEN'],
  ['.mcp.json', '${env:TOKEN}', '${env:TOKEN}'],
  ['claude_desktop_config.json', '${TOKEN}', '${TOKEN}'],
  ['/srv/project/.cursor/mcp.json', '${env:TOKEN}', 'token-value'],
  ['/srv/project/.cursor/mcp.json', '${workspaceFolder}', '/srv/project'],
  ['/srv/project/.cursor/mcp.json', '${userHome}', '/home/dev'],
  ['/srv/project/.cursor/mcp.json', '${TOKEN}', '${TOKEN}'],
  ['mcp_config.json', '${env:TOKEN}', 'token-value'],
  ['mcp_config.json', '${TOKEN}', '${TOKEN}'],
  ['/srv/project/.gemini/settings.json', '$TOKEN', 'token-value'],
  ['/srv/project/.gemini/settings.json', '${TOKEN}', 'token-value'],
  ['cline_mcp_settings.json', '${env:TOKEN}', 'token-value'],
  ['/srv/project/.roo/mcp.json', '${workspaceFolder}', '/srv/project'],
  ['mcp.json', '${TOKEN}', 'token-value'],
  ['mcp.json', '${env:TOKEN}', 'token-value'],
])('in args of %s %s becomes %s', async (file, written, expected) => {
  const server = await serverOf(entry(file, { command: 'x', args: [written] }), env);
  expect(stdioTarget(server).args).toEqual([expected]);
  expect(server.unresolved).toBeUndefined();
});

test.each(['args', 'env'])(
  'what stays unresolved in %s is passed on with a warning',
  async (key) => {
    const value = key === 'args' ? ['${NONE}'] : { KEY: '${NONE}' };
    const files = entry('.mcp.json', { command: 'x', [key]: value });
    expect((await serverOf(files, env)).unresolved).toBeUndefined();
    expect(await warningsOf(files, env)).toMatch(
      'the environment variable NONE is not set: it is passed on as it is',
    );
  },
);

test.each([
  ['url', { url: 'https://${NONE}/mcp' }],
  ['headers', { url: 'https://h/mcp', headers: { Authorization: 'Bearer ${NONE}' } }],
  ['command', { command: '${NONE}' }],
  ['cwd', { command: 'x', cwd: '${NONE}' }],
])('what stays unresolved in %s makes the server unresolved', async (_, value) => {
  const server = await serverOf(entry('.mcp.json', value), env);
  expect(server.unresolved).toBe('the environment variable NONE is not set');
});

test.each(['claude_desktop_config.json', '.mcp.json', 'mcp.json'])(
  'a token that %s gives its program in env never gets into the arguments',
  async (file) => {
    const server = await serverOf(
      entry(file, {
        command: 'npx',
        args: ['mcp-remote', 'https://h/mcp', '--header', 'Authorization:${AUTH}'],
        env: { AUTH: 'Bearer secret-value' },
      }),
      env,
    );
    expect(stdioTarget(server).args.at(-1)).toBe('Authorization:${AUTH}');
    expect(reveal(stdioTarget(server).env)).toEqual({ AUTH: 'Bearer secret-value' });
    expect(server.unresolved).toBeUndefined();
  },
);

test.each([
  ['httpUrl', { httpUrl: 'https://h/mcp' }, 'http'],
  ['httpUrl beside url', { url: 'https://other/sse', httpUrl: 'https://h/mcp' }, 'http'],
  ['serverUrl', { serverUrl: 'https://h/mcp' }, 'auto'],
  ['baseUrl', { baseUrl: 'https://h/mcp', type: 'streamableHttp', command: '' }, 'http'],
  ['a nested transport', { transport: { type: 'sse', url: 'https://h/mcp' } }, 'sse'],
  ['transportType', { url: 'https://h/mcp', transportType: 'sse' }, 'sse'],
])('an address in %s is understood', async (_, value, transport) => {
  const server = await serverOf(entry('mcp.json', value));
  expect(httpTarget(server)).toMatchObject({ url: 'https://h/mcp', transport });
});

test.each(['requestInit', 'requestOptions', 'transport'])('headers in %s are sent', async (key) => {
  const value = { url: 'https://h/mcp', [key]: { headers: { 'X-Key': 'k' } } };
  expect(reveal(httpTarget(await serverOf(entry('mcp.json', value))).headers)).toEqual({
    'X-Key': 'k',
  });
});

test.each([
  ['a command line', { command: 'npx -y "a b"' }, ['npx', '-y', 'a b']],
  ['a command line beside args', { command: 'npx -y', args: ['a'] }, ['npx', '-y', 'a']],
  ['a list', { command: ['npx', '-y', 'a'] }, ['npx', '-y', 'a']],
  ['a map', { command: { path: 'npx', args: ['-y', 'a'] } }, ['npx', '-y', 'a']],
  ['a path of Windows', { command: 'C:\\Program Files\\a.exe' }, ['C:\\Program Files\\a.exe']],
])('%s as command is understood', async (_, value, expected) => {
  const { command, args } = stdioTarget(await serverOf(entry('mcp.json', value)));
  expect([command, ...args]).toEqual(expected);
});

test('a program with a space in its path is not taken apart', async () => {
  const command = `${process.cwd()}/test/fixtures/programs/program with spaces`;
  expect(stdioTarget(await serverOf(entry('mcp.json', { command }))).command).toBe(command);
});

test("Codex's tokens and headers come from the environment and are secrets", async () => {
  const server = await serverOf(
    {
      'config.toml': `[mcp_servers.a]
url = "https://h/mcp"
bearer_token_env_var = "TOKEN"
http_headers = { X-Team = "core" }
env_http_headers = { X-Key = "TOKEN", X-None = "NONE" }
`,
    },
    env,
  );
  expect(reveal(httpTarget(server).headers)).toEqual({
    Authorization: 'Bearer token-value',
    'X-Team': 'core',
    'X-Key': 'token-value',
  });
  expect(server.source).toBe('config.toml:1');
  expect(server.hasCredentials).toBe(true);
});

test('two projects with a server of the same name are both monitored, each in its folder', async () => {
  const project = (argument: string) => ({
    mcpServers: { db: { command: 'x', args: [argument] } },
  });
  const { servers } = await configOf({
    '/home/dev/.claude.json': JSON.stringify({
      projects: { '/srv/shop': project('1'), '/srv/blog': project('2') },
    }),
  });
  expect(
    servers.map((server) => [server.name, stdioTarget(server).cwd, server.unresolved]),
  ).toEqual([
    ['db', '/srv/shop', undefined],
    ['db (blog)', '/srv/blog', undefined],
  ]);
});

test.each([
  ['package.json', '{ "dependencies": {} }', 'this is a package.json'],
  ['compose.json', '{ "services": {} }', 'this is a Docker Compose file'],
  ['manifest.json', '{ "manifest_version": "0.3" }', 'this is the manifest of an MCP bundle'],
  ['list.json', '[]', 'this is no client’s file: it holds a list'],
  ['other.json', '{ "a": 1 }', 'the file has neither mcpServers nor servers'],
  [
    'mcp.json',
    '{ "mcpServers": "x" }',
    'its mcpServers must be a map of servers, not a single value',
  ],
  ['empty.toml', '', 'the file is empty'],
])('%s is refused by what it is', async (file, text, why) => {
  const mistakes = await mistakesOf({ 'mcp-exporter.yml': `import: [${file}]`, [file]: text });
  expect(mistakes).toMatch(why);
  expect(mistakes).not.toMatch('must be a map,');
});
