import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import {
  configOf,
  httpTarget,
  mistakesOf,
  reveal,
  serverOf,
  stdioTarget,
  warningsOf,
} from './load-text.ts';

const MCP_JSON = `{
  // Claude Code, checked in with the project
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "server-filesystem", "."], "env": { "TOKEN": "\${TOKEN}" } },
    "search": { "type": "http", "url": "\${BASE:-https://mcp.example.com}/mcp", "headers": { "Authorization": "Bearer \${TOKEN}" } },
  },
}`;

const DESKTOP_JSON = `{
  "globalShortcut": "Ctrl+Space \${NOT_OURS}",
  "mcpServers": { "memory": { "command": "docker", "args": ["run", "-i", "mcp/memory"], "disabled": true, "autoApprove": [] } }
}`;

const CURSOR_JSON = `{
  "mcpServers": {
    "local": { "type": "stdio", "command": "python", "args": ["\${workspaceFolder}/tools/server.py"], "env": { "KEY": "\${env:TOKEN}" }, "envFile": "\${workspaceFolder}/.env" },
    "remote": { "url": "http://127.0.0.1:3000/sse" }
  }
}`;

const VSCODE_JSON = `{
  "inputs": [{ "type": "promptString", "id": "key", "description": "API key", "password": true }],
  "servers": {
    "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp/", "gallery": true, "version": "1.0.0" },
    "perplexity": { "type": "stdio", "command": "npx", "args": ["-y", "server-perplexity"], "env": { "KEY": "\${input:key}", "UNSET": null }, "dev": { "watch": "src/**" } },
  }
}`;

const env = { TOKEN: 'token-value', HOME: '/home/dev' };

test('.mcp.json is read with its comments and trailing commas, and starts programs in its folder', async () => {
  const [files, search] = (await configOf({ 'project/.mcp.json': MCP_JSON }, env)).servers;
  expect(files && stdioTarget(files)).toMatchObject({
    command: 'npx',
    args: ['-y', 'server-filesystem', '.'],
    cwd: resolve('project'),
  });
  expect(files && reveal(stdioTarget(files).env)).toEqual({ TOKEN: 'token-value' });
  expect(search && httpTarget(search)).toMatchObject({
    url: 'https://mcp.example.com/mcp',
    transport: 'http',
  });
  expect(search?.source).toBe('project/.mcp.json:5');
});

test('claude_desktop_config.json is read, and its other keys are ignored', async () => {
  const server = await serverOf(
    { '/home/dev/.config/Claude/claude_desktop_config.json': DESKTOP_JSON },
    env,
  );
  expect(server.monitor.enabled).toBe(false);
  expect(stdioTarget(server)).not.toHaveProperty('cwd');
});

test('.cursor/mcp.json is read with the variables of the workspace around it', async () => {
  const [local, remote] = (
    await configOf(
      { '/srv/project/.cursor/mcp.json': CURSOR_JSON, '/srv/project/.env': 'FROM_FILE=1' },
      env,
    )
  ).servers;
  expect(local && stdioTarget(local)).toMatchObject({
    args: ['/srv/project/tools/server.py'],
    cwd: '/srv/project',
  });
  expect(local && reveal(stdioTarget(local).env)).toEqual({ KEY: 'token-value', FROM_FILE: '1' });
  expect(remote && httpTarget(remote).transport).toBe('sse');
});

test("a user's own .cursor/mcp.json says nothing about where programs start", async () => {
  const server = await serverOf(
    { '/home/dev/.cursor/mcp.json': '{ "mcpServers": { "a": { "command": "x" } } }' },
    env,
  );
  expect(stdioTarget(server)).not.toHaveProperty('cwd');
});

test('.vscode/mcp.json is read; what only VS Code can ask for leaves its server unresolved', async () => {
  const [github, perplexity] = (
    await configOf({ '/srv/project/.vscode/mcp.json': VSCODE_JSON }, env)
  ).servers;
  expect(github && httpTarget(github).transport).toBe('auto');
  expect(github?.unresolved).toBeUndefined();
  expect(perplexity?.unresolved).toBe('needs ${input:key}, which only the client can ask for');
  expect(perplexity && Object.keys(stdioTarget(perplexity).env)).toEqual(['KEY']);
});

test('an unresolved URL does not stop the others', async () => {
  const [a, b] = (
    await configOf({
      'mcp.json': '{ "servers": { "a": { "url": "${input:url}" }, "b": { "command": "x" } } }',
    })
  ).servers;
  expect(a?.unresolved).toMatch('${input:url}');
  expect(b?.unresolved).toBeUndefined();
});

test('servers of several files are combined, those of our own file first', async () => {
  const config = await configOf(
    {
      'mcp-exporter.yml':
        'import: [.mcp.json, .vscode/mcp.json]\nmcpServers: { own: { command: x } }',
      '.mcp.json': MCP_JSON,
      '.vscode/mcp.json': VSCODE_JSON,
    },
    env,
  );
  expect(config.servers.map(({ name }) => name)).toEqual([
    'own',
    'files',
    'search',
    'github',
    'perplexity',
  ]);
});

test('the same server in two files is one, whatever the order of its keys', async () => {
  const server = await serverOf({
    'mcp-exporter.yml': 'import: [a.json, b.json]',
    'a.json':
      '{ "mcpServers": { "a": { "url": "http://h/mcp", "headers": { "A": "1", "B": "2" } } } }',
    'b.json':
      '{ "mcpServers": { "a": { "headers": { "B": "2", "A": "1" }, "url": "http://h/mcp" } } }',
  });
  expect(server.source).toBe('a.json:1');
});

test.each([
  ['url', '"url": "http://other/mcp", "headers": { "A": "secret-1" }'],
  ['header', '"url": "http://h/mcp", "headers": { "A": "secret-2" }'],
])(
  'of two imported servers of one name with a different %s the second is not checked',
  async (_, entry) => {
    const config = await configOf({
      'mcp-exporter.yml': 'import: [a.json, b.json]',
      'a.json':
        '{ "mcpServers": { "a": { "url": "http://h/mcp", "headers": { "A": "secret-1" } } } }',
      'b.json': `{ "mcpServers": { "a": { ${entry} } } }`,
    });
    expect(config.servers.map(({ name, unresolved }) => [name, unresolved])).toEqual([
      ['a', undefined],
      [
        'a (b.json:1)',
        'another server of this name is at a.json:1 and differs; rename one of them',
      ],
    ]);
  },
);

test('an unknown key is a warning only in what is ours', async () => {
  const files = {
    '.mcp.json':
      '{ "mcpServers": { "a": { "command": "x", "brandNew": 1, "headers": { "A": "b" }, "monitor": { "retries": 3 } } } }',
  };
  expect((await serverOf(files)).unresolved).toBeUndefined();
  const warnings = await warningsOf(files);
  expect(warnings).not.toMatch('brandNew');
  expect(warnings).toMatch('mcpServers.a.monitor.retries  unknown key');
  expect(warnings).toMatch('mcpServers.a.headers  has no effect beside command');
});

test.each([
  ['type', '{ "type": "ws", "url": "http://h/mcp" }', 'type: "ws" is not supported'],
  ['variable', '{ "url": "http://${MISSING}/mcp" }', 'MISSING is not set'],
  ['file', '{ "command": "x", "envFile": "missing" }', 'envFile: the file does not exist'],
  ['null', 'null', 'must be a map, not nothing'],
  ['list', '["x"]', 'must be a map, not a list'],
  ['url', '{ "url": "h/mcp" }', 'url must be an absolute URL'],
  ['shape', '{ "command": { "a": 1 } }', 'command must be text'],
  ['empty entry', '{}', 'needs command (stdio) or url (http, sse)'],
])(
  'an imported entry with a wrong %s is not checked, and the others are',
  async (_, entry, why) => {
    const { servers } = await configOf({
      'mcp-exporter.yml': 'import: [.mcp.json]',
      '.mcp.json': `{ "mcpServers": { "bad": ${entry}, "good": { "command": "x" } } }`,
    });
    expect(servers.map(({ name }) => name)).toEqual(['bad', 'good']);
    expect(servers[0]?.unresolved).toMatch(why);
    expect(servers[0]?.gateway.enabled).toBe(false);
    expect(servers[1]?.unresolved).toBeUndefined();
  },
);

test.each([
  ['" a"', 'must not begin or end with a space'],
  [JSON.stringify('n'.repeat(129)), 'must not be longer than 128 bytes'],
  ['"__proto__"', 'must not be __proto__'],
  ['"_OTHER"', 'stands for everything beyond a limit'],
])('an imported server named %s is listed under its place', async (name, why) => {
  const [bad, good] = (
    await configOf({
      '.mcp.json': `{ "mcpServers": { ${name}: { "command": "x" }, "b": { "command": "x" } } }`,
    })
  ).servers;
  expect(bad?.name).toBe('.mcp.json:1:19');
  expect(bad?.unresolved).toMatch(why);
  expect(good?.name).toBe('b');
});

test('a mistake of our own file that concerns an imported server is still one', async () => {
  const mistakes = await mistakesOf({
    'mcp-exporter.yml':
      'import: [.mcp.json]\nmcpServers: { a: { monitor: { responseTime: { warning: 2s, critical: 1s } } } }',
    '.mcp.json': '{ "mcpServers": { "a": { "command": "x" } } }',
  });
  expect(mistakes).toMatch('mcp-exporter.yml:2');
});

test.each(['"disabled": true', '"enabled": false', '"isActive": false'])(
  'an entry with %s is disabled',
  async (flag) => {
    const files = { 'mcp.json': `{ "mcpServers": { "a": { "command": "x", ${flag} } } }` };
    const server = await serverOf(files);
    expect(server.monitor.enabled).toBe(false);
    expect(server.gateway.enabled).toBe(false);
    expect(await warningsOf(files)).toBe('');
  },
);

test('our own file sets how an imported server is monitored', async () => {
  const server = await serverOf(
    {
      'mcp-exporter.yml': `
import: [a.json]
mcpServers: { a: { monitor: { interval: 1m, call: { tool: t, arguments: { key: "\${TOKEN}" }, expect: { contains: ok } } } } }`,
      'a.json':
        '{ "mcpServers": { "a": { "url": "http://h/mcp", "monitor": { "offlineAfter": 5 } } } }',
    },
    env,
  );
  expect(server.monitor).toMatchObject({
    intervalMs: 60_000,
    offlineAfter: 5,
    call: { tool: 't' },
  });
  expect(server.secrets.map((secret) => secret.reveal())).toContain('token-value');
});

test('our own file disables an imported server', async () => {
  const server = await serverOf({
    'mcp-exporter.yml': 'import: [a.json]\nmcpServers: { a: { disabled: true } }',
    'a.json': '{ "mcpServers": { "a": { "command": "x" } } }',
  });
  expect(server.monitor.enabled).toBe(false);
});

test.each([
  ['http://127.0.0.1:19110/mcp', '127.0.0.1:19110'],
  ['http://localhost:19100/files/mcp', '127.0.0.1:19110'],
  ['http://[::1]:8080/', '0.0.0.0:8080'],
  ['http://exporter.example.com:8080/', 'exporter.example.com:8080'],
])(
  '%s leads back to an exporter that listens on %s and is left out with a warning',
  async (url, listen) => {
    const files = {
      'mcp-exporter.yml': `listen: ${listen}\nimport: [a.json]`,
      'a.json': JSON.stringify({ mcpServers: { self: { url }, other: { command: 'x' } } }),
    };
    expect((await serverOf(files)).name).toBe('other');
    expect(await warningsOf(files)).toMatch(
      'mcpServers.self  leads back to this exporter and is left out',
    );
  },
);

test.each([
  ['http://127.0.0.1:3000/mcp', '127.0.0.1:19110'],
  ['http://example.com:19100/mcp', '127.0.0.1:19110'],
  ['http://10.0.0.1:19110/mcp', '127.0.0.1:19110'],
])('%s is a server like any other to an exporter that listens on %s', async (url, listen) => {
  expect((await serverOf(`listen: ${listen}\nmcpServers: { a: { url: "${url}" } }`)).name).toBe(
    'a',
  );
});

test('a shell expression in a client file that is no variable stays as it is', async () => {
  const server = await serverOf({
    '.mcp.json':
      '{ "mcpServers": { "a": { "command": "sh", "args": ["-c", "echo ${X%y} ${Z"] } } }',
  });
  expect(stdioTarget(server).args).toEqual(['-c', 'echo ${X%y} ${Z']);
});

test.each(['Host', 'content-length', 'Transfer-Encoding', 'connection', 'MCP-Session-Id', 'TE'])(
  'a configuration may not set the header %s',
  async (name) => {
    const problems = await mistakesOf(
      `mcpServers: { a: { url: "http://h/mcp", headers: { ${name}: x } } }`,
    );
    expect(problems).toContain('this header is set by the exporter for each request');
  },
);
