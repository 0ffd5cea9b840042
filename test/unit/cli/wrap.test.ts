import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/settings/load-config.ts';
import { formatProblems } from '../../../src/settings/source-file.ts';
import { run } from '../../../src/cli/run.ts';
import { isSameServer } from '../../../src/facts/rules/is-same-server.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

const MCP_JSON = `{
  // Claude Code, checked in with the project
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "server-filesystem", "."], "env": { "TOKEN": "abc-secret" }, "timeout": 5000 },
    "search": {
      "type": "http",
      "url": "https://mcp.example.com/mcp?key=topsecret", // the remote one
      "headers": { "Authorization": "Bearer \${TOKEN:-none}" },
    },
    "old": { "type": "sse", "url": "http://127.0.0.1:3001/sse" },
  },
}
`;
const DESKTOP_JSON = `{
\t"globalShortcut": "Ctrl+Space \${NOT_OURS}",
\t"mcpServers": { "memory": { "command": "docker", "args": ["run", "-i", "mcp/memory"], "autoApprove": [] } }
}`;
const CURSOR_JSON = `{\r
  "mcpServers": {\r
    /* ours */\r
    "local": { "type": "stdio", "command": "python", "args": ["\${workspaceFolder}/server.py", 8080], "env": { "KEY": "\${env:TOKEN:-x}" }, "envFile": ".env" },\r
    "remote": { "url": "http://127.0.0.1:3000/sse" }\r
  }\r
}\r
`;
const VSCODE_JSON = `{
  "inputs": [{ "type": "promptString", "id": "key", "description": "API key", "password": true }],
  "servers": {
    "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp/", "gallery": true, "version": "1.0.0" },
    "perplexity": { "type": "stdio", "command": "npx", "args": ["-y", "server-perplexity"], "env": { "KEY": "\${input:key}", "UNSET": null } },
    "local": { "type": "stdio", "command": "npx", "env": { "PORT": 3000, "UNSET": null }, "dev": { "watch": "src/**" }, },
  }
}
`;

let folder = '';

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mcp-exporter-wrap-')));
  await writeFile(join(folder, '.env'), 'A=1\n');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function at(name: string): string {
  return join(folder, name);
}

async function put(name: string, text: string | Buffer): Promise<string> {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), text);
  return at(name);
}

async function command(...argv: string[]) {
  const context = createFakeContext({ env: { HOME: '/home/dev' } });
  const own = ['--config', at('mcp-exporter.yml')];
  const code = await run([...argv, ...(argv.includes('--config') ? [] : own)], context);
  return { code, out: context.out(), err: context.err() };
}

async function allFiles(): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((each) => each.isFile());
  const texts = files.map(async ({ name, parentPath }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

async function serversOf(path: string) {
  const loaded = await loadConfig({ path, env: { HOME: '/home/dev' } });
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems));
  return loaded.config.servers;
}

test.each([
  ['.mcp.json', '.mcp.json', MCP_JSON, ['files', 'search', 'old']],
  ['claude_desktop_config.json', 'claude_desktop_config.json', DESKTOP_JSON, ['memory']],
  ['.cursor/mcp.json', '.cursor/mcp.json', CURSOR_JSON, ['local', 'remote']],
  ['.vscode/mcp.json', '.vscode/mcp.json', VSCODE_JSON, ['github', 'local']],
])('%s is wrapped and comes back byte for byte', async (_name, file, text, moved) => {
  const path = await put(file, text);
  const before = await serversOf(path);
  const wrapped = await command('wrap', path);
  expect(wrapped).toMatchObject({ code: 0, err: '' });
  const own = await serversOf(at('mcp-exporter.yml'));
  expect(own.map(({ name }) => name)).toEqual(moved);
  for (const server of own) {
    const original = before.find(({ name }) => name === server.name);
    expect(original && isSameServer(server, original)).toBe(true);
  }
  expect(await command('unwrap', path)).toMatchObject({ code: 0, err: '' });
  expect(await readFile(path, 'utf8')).toBe(text);
  expect(Object.keys(await allFiles()).toSorted()).toEqual(
    ['.env', file, 'mcp-exporter.yml'].toSorted(),
  );
});

test('comments, layout and keys of the client stay where they were', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  await command('wrap', path);
  const stdio = `"/opt/mcp-exporter/dist/main.js", "stdio", "files", "--config", "${at('mcp-exporter.yml')}"`;
  expect(await readFile(path, 'utf8')).toBe(`{
  // Claude Code, checked in with the project
  "mcpServers": {
    "files": { "command": "/usr/bin/node", "args": [${stdio}], "timeout": 5000 },
    "search": {
      "type": "http",
      "url": "http://127.0.0.1:19100/search/mcp", // the remote one
    },
    "old": { "type": "sse", "url": "http://127.0.0.1:19100/old/sse" },
  },
}
`);
});

test('the difference is shown first, with every secret masked', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  const { out } = await command('wrap', path);
  expect(out).toContain('-    "files": { "command": "npx"');
  expect(out).toContain('+    "files": { "command": "/usr/bin/node"');
  expect(out).toContain('+      TOKEN: "***"');
  expect(out).not.toMatch(/abc-secret|topsecret/);
  const back = await command('unwrap', path);
  expect(back.out).toContain('+    "files": { "command": "npx"');
  expect(back.out).not.toMatch(/abc-secret|topsecret/);
});

test.each(['wrap', 'unwrap'])(
  '%s --dry-run shows the difference and writes nothing',
  async (name) => {
    const path = await put('.mcp.json', MCP_JSON);
    if (name === 'unwrap') await command('wrap', path);
    const before = await allFiles();
    const { code, out } = await command(name, path, '--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('+++ ');
    expect(out).toContain('nothing was changed (--dry-run)');
    expect(await allFiles()).toEqual(before);
  },
);

test('a second wrap changes nothing and keeps the first backup', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  await command('wrap', path);
  const before = await allFiles();
  const { code, out } = await command('wrap', path);
  expect(code).toBe(0);
  expect(out).toContain('wrapped already: files, search, old');
  expect(await allFiles()).toEqual(before);
  expect(before['.mcp.json.mcp-exporter-backup']).toBe(MCP_JSON);
});

test('servers are wrapped by name, one after the other, and come back together', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  await command('wrap', path, 'old');
  expect(await readFile(path, 'utf8')).toBe(
    MCP_JSON.replace('http://127.0.0.1:3001/sse', 'http://127.0.0.1:19100/old/sse'),
  );
  await command('wrap', path, 'files', 'search');
  await command('unwrap', path);
  expect(await readFile(path, 'utf8')).toBe(MCP_JSON);
});

test('a name that is not there is an error, and nothing is changed', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  const { code, err } = await command('wrap', path, 'flies');
  expect(code).toBe(1);
  expect(err).toBe(`${path} has no server "flies"; it has files, search, old\n`);
  expect(Object.keys(await allFiles()).toSorted()).toEqual(['.env', '.mcp.json']);
});

test('what only the client can resolve, and what is switched off, stays with a word', async () => {
  const path = await put('.vscode/mcp.json', VSCODE_JSON);
  const { out } = await command('wrap', path);
  expect(out).toContain(
    'left as it is: perplexity: needs ${input:key}, which only the client can ask for',
  );
  const text = await readFile(path, 'utf8');
  expect(text).toContain('"KEY": "${input:key}"');
  const off = await put(
    '.mcp.json',
    '{ "mcpServers": { "a": { "command": "x", "disabled": true } } }',
  );
  expect((await command('wrap', off)).out).toContain('left as it is: a: it is switched off there');
});

test('one server of a name that differs stays as it is, and the others are moved', async () => {
  await put('mcp-exporter.yml', 'mcpServers:\n  files: { command: other }\n');
  const path = await put('.mcp.json', MCP_JSON);
  const { code, out } = await command('wrap', path);
  expect(code).toBe(0);
  expect(out).toContain(
    `left as it is: files: is at ${at('mcp-exporter.yml')}:2 already and differs from the one in ${path}; rename one of them\n`,
  );
  expect(out).toContain('moved to');
  const text = await readFile(path, 'utf8');
  expect(text).toContain('"files": { "command": "npx"');
  expect(text).toContain('http://127.0.0.1:19100/search/mcp');
});

test('if no server can be moved because of their names, that is an error', async () => {
  await put('mcp-exporter.yml', 'mcpServers:\n  files: { command: other }\n');
  const path = await put('.mcp.json', MCP_JSON);
  const before = await allFiles();
  const { code, err } = await command('wrap', path, 'files');
  expect(code).toBe(1);
  expect(err).toBe(
    `files is at ${at('mcp-exporter.yml')}:2 already and differs from the one in ${path}; rename one of them\n`,
  );
  expect(await allFiles()).toEqual(before);
});

test.each([
  [
    'a block',
    'mcpServers:\n  # slow by nature\n  files:\n    monitor:   { interval: 1m }\n    gateway: { timeout: 7s }\n  search: {monitor: {offlineAfter: 5}}   # far away\n',
  ],
  [
    'no other server',
    'mcpServers: { files: { monitor: { interval: 1m }, gateway: { timeout: 7s } }, search: {monitor: {offlineAfter: 5}} }\n',
  ],
])(
  'imported servers that our file tunes in %s are wrapped, and both files come back byte for byte',
  async (_name, tuned) => {
    const own = `# ours, with a layout of its own\nimport:   [ .mcp.json ]\n${tuned}`;
    await put('mcp-exporter.yml', own);
    const path = await put('.mcp.json', MCP_JSON);
    const before = await serversOf(at('mcp-exporter.yml'));
    const wrapped = await command('wrap', path);
    expect(wrapped).toMatchObject({ code: 0, err: '' });
    expect(wrapped.out).toContain('files, search, old');
    const after = await serversOf(at('mcp-exporter.yml'));
    for (const name of ['files', 'search', 'old']) {
      const [old, now] = [before, after].map((list) => list.find((each) => each.name === name));
      expect(old && now && isSameServer(old, now)).toBe(true);
      expect(now?.gateway).toEqual(old?.gateway);
    }
    expect(await command('unwrap', path)).toMatchObject({ code: 0, err: '' });
    expect(await allFiles()).toEqual({
      '.env': 'A=1\n',
      '.mcp.json': MCP_JSON,
      'mcp-exporter.yml': own,
    });
  },
);

test.each([
  ['config.toml', '[mcp_servers.a]\ncommand = "x"\n', 'is TOML'],
  ['config.yaml', 'mcpServers:\n  - { name: a, command: x }\n', 'is YAML'],
  [
    'settings.json',
    '{ "context_servers": { "a": { "command": "x" } } }',
    'is in the format of Zed',
  ],
  ['opencode.json', '{ "mcp": { "a": { "command": ["x"] } } }', 'is in the format of opencode'],
])('%s is refused by its format', async (file, text, why) => {
  const path = await put(file, text);
  const { code, err } = await command('wrap', path);
  expect(code).toBe(1);
  expect(err).toContain(why);
  expect(err).toContain('which wrap and unwrap cannot edit');
});

test.each(['serverUrl', 'httpUrl', 'baseUrl'])(
  'an address in %s stays in that key',
  async (key) => {
    const text = `{ "mcpServers": { "a": { "${key}": "https://mcp.example.com/mcp", "timeout": 1 } } }\n`;
    const path = await put('mcp.json', text);
    await command('wrap', path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      mcpServers: { a: { [key]: 'http://127.0.0.1:19100/a/mcp', timeout: 1 } },
    });
    await command('unwrap', path);
    expect(await readFile(path, 'utf8')).toBe(text);
  },
);

test('a reference that its client does not expand is moved as it is written', async () => {
  const entry = {
    command: 'npx',
    args: ['mcp-remote', 'Authorization:${AUTH}'],
    env: { AUTH: 'Bearer s' },
  };
  const path = await put(
    'claude_desktop_config.json',
    JSON.stringify({ mcpServers: { a: entry } }),
  );
  expect((await command('wrap', path)).code).toBe(0);
  const [own] = await serversOf(at('mcp-exporter.yml'));
  expect(own?.target).toMatchObject({ args: ['mcp-remote', 'Authorization:${AUTH}'] });
});

test('our own file keeps its comments and settings, and a server that is the same is shared', async () => {
  const own = `# ours
listen: 127.0.0.1:19210 # not the usual port
gateway:
  listen: 0.0.0.0:19333
  injectHeaders: true
mcpServers:
  # the old one
  old: { type: sse, url: http://127.0.0.1:3001/sse, monitor: { interval: 5s } }
`;
  await put('mcp-exporter.yml', own);
  const path = await put('.mcp.json', MCP_JSON);
  await command('wrap', path);
  const text = await readFile(at('mcp-exporter.yml'), 'utf8');
  expect(text.startsWith(own)).toBe(true);
  expect(await readFile(path, 'utf8')).toContain('http://127.0.0.1:19333/search/mcp');
  const { out } = await command('unwrap', path);
  expect(out).toContain('needed by somebody else: old');
  expect(await readFile(at('mcp-exporter.yml'), 'utf8')).toBe(own);
});

test('a server of two clients stays in our file until the last of them is unwrapped', async () => {
  const text = '{ "mcpServers": { "a": { "command": "/bin/server" } } }\n';
  const one = await put('one/config.json', text);
  const two = await put('two/config.json', text);
  await command('wrap', one);
  await command('wrap', two);
  await command('unwrap', one);
  expect(await serversOf(at('mcp-exporter.yml'))).toMatchObject([{ name: 'a' }]);
  await command('unwrap', two);
  expect(await serversOf(at('mcp-exporter.yml'))).toEqual([]);
  expect([await readFile(one, 'utf8'), await readFile(two, 'utf8')]).toEqual([text, text]);
});

test('what somebody edited in our file since stays there', async () => {
  const path = await put('.mcp.json', '{ "mcpServers": { "a": { "command": "/bin/server" } } }\n');
  await command('wrap', path);
  const own = at('mcp-exporter.yml');
  await writeFile(own, (await readFile(own, 'utf8')).replace('/bin/server', '/bin/other'));
  const { out } = await command('unwrap', path);
  expect(out).toContain('stays in');
  expect(await readFile(own, 'utf8')).toContain('/bin/other');
});

test('edits made since the wrap survive, and only the entries are put back', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  await command('wrap', path);
  const edited = (await readFile(path, 'utf8'))
    .replace('checked in', 'kept')
    .replace('"old":', '"new": { "command": "mine" },\n    "old":');
  await writeFile(path, edited);
  const { code, out } = await command('unwrap', path);
  expect(code).toBe(0);
  expect(out).toContain(
    'the file was edited since: only these entries were put back: files, search, old',
  );
  expect(out).toContain(`is now ${path}.mcp-exporter-backup-1`);
  const text = await readFile(path, 'utf8');
  expect(text).toContain('// Claude Code, kept with the project');
  expect(text).toContain('"new": { "command": "mine" }');
  expect(parse(text)).toEqual({
    mcpServers: {
      ...(parse(MCP_JSON) as { mcpServers: object }).mcpServers,
      new: { command: 'mine' },
    },
  });
});

test('a server added and wrapped later comes back from our own file', async () => {
  const path = await put('config.json', '{ "mcpServers": { "a": { "command": "/bin/a" } } }\n');
  await command('wrap', path);
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text.replace('"a":', '"b": { "command": "/bin/b", "env": { "K": "v" } }, "a":'),
  );
  await command('wrap', path);
  await command('unwrap', path);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
    mcpServers: { b: { command: '/bin/b', env: { K: 'v' } }, a: { command: '/bin/a' } },
  });
});

test('a backup of an earlier time is kept beside the new one', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  await put('.mcp.json.mcp-exporter-backup', 'earlier');
  await command('wrap', path);
  const files = await allFiles();
  expect(files['.mcp.json.mcp-exporter-backup-1']).toBe('earlier');
  expect(files['.mcp.json.mcp-exporter-backup']).toBe(MCP_JSON);
});

test('a file with a byte order mark keeps it', async () => {
  const path = await put('.mcp.json', `\u{feff}${MCP_JSON}`);
  await command('wrap', path);
  expect((await readFile(path, 'utf8')).startsWith('\u{feff}{')).toBe(true);
  await command('unwrap', path);
  expect(await readFile(path, 'utf8')).toBe(`\u{feff}${MCP_JSON}`);
});

test('mode and symbolic links stay, and a new file of ours is for its owner only', async () => {
  const path = await put('dotfiles/mcp.json', MCP_JSON);
  await chmod(path, 0o640);
  await symlink(path, at('linked.json'));
  expect((await command('wrap', at('linked.json'))).code).toBe(0);
  expect(await realpath(at('linked.json'))).toBe(path);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect((await stat(`${path}.mcp-exporter-backup`)).mode & 0o777).toBe(0o640);
  expect((await stat(at('mcp-exporter.yml'))).mode & 0o777).toBe(0o600);
  await command('unwrap', at('linked.json'));
  expect(await readFile(path, 'utf8')).toBe(MCP_JSON);
});

test.each([
  ['read-only', 'is read-only', (path: string) => chmod(path, 0o444)],
  ['hard-linked', 'has another hard link', (path: string) => link(path, at('other'))],
  [
    'of bytes that are no text',
    'is not UTF-8 text',
    (path: string) => writeFile(path, Buffer.of(0xff, 0xfe, 0x80)),
  ],
  ['no JSON', 'not JSON', (path: string) => writeFile(path, '{ "mcpServers": { "a" } }')],
  [
    'no client’s',
    'the file has neither mcpServers nor servers',
    (path: string) => writeFile(path, '{}'),
  ],
])('a file that is %s is refused with its name', async (_name, message, prepare) => {
  const path = await put('.mcp.json', MCP_JSON);
  await prepare(path);
  const before = await readFile(path);
  const { code, err } = await command('wrap', path);
  expect(code).toBe(1);
  expect(err).toContain(path);
  expect(err).toContain(message);
  expect(await readFile(path)).toEqual(before);
  expect(await readdir(folder)).not.toContain('mcp-exporter.yml');
});

test('a client’s file that is not there, a link to nothing and a directory are refused', async () => {
  await symlink(at('nowhere'), at('dangling.json'));
  expect((await command('wrap', at('missing.json'))).err).toContain('does not exist');
  expect((await command('wrap', at('dangling.json'))).err).toContain('symbolic link');
  expect((await command('wrap', folder)).err).toContain('is not a regular file');
});

test('a bad configuration of ours is not made worse', async () => {
  await put('mcp-exporter.yml', 'mcpServers:\n  a: { comand: x }\n');
  const path = await put('.mcp.json', MCP_JSON);
  const before = await allFiles();
  const { code, err } = await command('wrap', path);
  expect(code).toBe(1);
  expect(err).toContain('comand');
  expect(await allFiles()).toEqual(before);
});

test('where the gateway is off, or wants credentials that a client lacks, that is said', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  await put('mcp-exporter.yml', 'gateway: { listen: off }\nmcpServers: {}\n');
  expect((await command('wrap', path)).err).toContain('switches the gateway off');
  await put(
    'mcp-exporter.yml',
    'gateway: { authentication: { bearerTokens: [{ name: dev, token: t0ken-value }] } }\nmcpServers: {}\n',
  );
  const { code, out, err } = await command('wrap', path);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('left as it is: search: the gateway asks for credentials');
  expect(out).toContain(`moved to ${at('mcp-exporter.yml')}: files`);
});

test('a configuration that imports the file goes on working', async () => {
  const own = await put('mcp-exporter.yml', 'import: [./.mcp.json]\n');
  const path = await put('.mcp.json', MCP_JSON);
  expect(await command('wrap', path)).toMatchObject({ code: 0, err: '' });
  expect(await serversOf(own)).toMatchObject([
    { name: 'files' },
    { name: 'search' },
    { name: 'old' },
  ]);
  await command('unwrap', path);
  expect(await serversOf(own)).toMatchObject([
    { name: 'files' },
    { name: 'search' },
    { name: 'old' },
  ]);
});

test('there is nothing to put back in a file that was never wrapped', async () => {
  const path = await put('.mcp.json', MCP_JSON);
  const { code, out } = await command('unwrap', path);
  expect([code, out]).toEqual([0, 'nothing to put back\n']);
});
