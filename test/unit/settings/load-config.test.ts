import { expect, test } from 'vitest';
import {
  configOf,
  httpTarget,
  loadFiles,
  mistakesOf,
  reveal,
  serverOf,
  stdioTarget,
} from './load-text.ts';

test('the example of the design gives three servers and the documented defaults', async () => {
  const config = await configOf(
    `
listen: 127.0.0.1:19110
gateway: { listen: 127.0.0.1:19100 }
mcpServers:
  files:   { command: npx, args: [-y, "@modelcontextprotocol/server-filesystem", /tmp] }
  search:  { url: https://mcp.example.com/mcp, headers: { Authorization: "Bearer \${SEARCH_TOKEN}" } }
  old:     { type: sse, url: http://127.0.0.1:3001/sse }
defaults:
  interval: 30s
  retryInterval: 3s
  timeout: 5s
  startTimeout: 30s
  offlineAfter: 3
  healthyAfter: 2
  responseTime: { warning: 500ms, critical: 1s }
  errorRate:    { warning: 1%, critical: 5%, window: 5m, minRequests: 20 }
`,
    { SEARCH_TOKEN: 'abcdefgh' },
  );
  expect(config.listen).toEqual({ host: '127.0.0.1', port: 19110 });
  expect(config.gateway.listen).toEqual({ host: '127.0.0.1', port: 19100 });
  expect(config.servers.map(({ name, source }) => [name, source])).toEqual([
    ['files', 'mcp-exporter.yml:5'],
    ['search', 'mcp-exporter.yml:6'],
    ['old', 'mcp-exporter.yml:7'],
  ]);
  expect(config.servers[0]?.monitor).toEqual({
    enabled: true,
    intervalMs: 30_000,
    unhealthyIntervalMs: 15_000,
    retryIntervalMs: 3_000,
    offlineIntervalMsMax: 30_000,
    timeoutMs: 5_000,
    startTimeoutMs: 30_000,
    deepIntervalMs: 600_000,
    offlineAfter: 3,
    healthyAfter: 2,
    responseTime: { warningMs: 500, criticalMs: 1_000 },
    errorRate: {
      warningRatio: 0.01,
      criticalRatio: 0.05,
      toolErrorRatio: 0.5,
      windowMs: 300_000,
      minRequests: 20,
    },
    callLatency: false,
    era: 'auto',
  });
});

test('an empty block of servers is a configuration with all defaults and a warning', async () => {
  const result = await loadFiles({ 'mcp-exporter.yml': 'mcpServers: {}' });
  expect(result).toMatchObject({
    ok: true,
    config: {
      listen: { host: '127.0.0.1', port: 19110 },
      servers: [],
      probe: { concurrency: 256, allowUrlTargets: false },
      admin: {},
      log: { level: 'info', format: 'auto', access: true },
      gateway: {
        listen: { host: '127.0.0.1', port: 19100 },
        allowedHosts: [],
        allowedOrigins: [],
        bodyBytesMax: 16_000_000,
        sessionIdleMs: 1_800_000,
      },
      audit: { arguments: false },
      metrics: { toolHistogram: true, otelHistograms: false },
      tracing: { exporter: 'none', headers: {}, sampleRatio: 1, serviceName: 'mcp-exporter' },
    },
    warnings: [{ message: 'there is no server to watch' }],
  });
});

test.each([
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
  ['"[::1]:19110"', { host: '::1', port: 19110 }],
])('listen: %s is understood', async (listen, expected) => {
  expect((await configOf(`listen: ${listen}\nmcpServers: {}`)).listen).toEqual(expected);
});

test('paths are relative to the file that contains them, and ~/ is the home directory', async () => {
  const config = await configOf(
    {
      'etc/main.yml': `
import: [clients/a.json, ~/b.json]
admin: { tokenFile: ./token }
log: { file: { path: logs/a.log, maxSize: 1.5MB } }
mcpServers: { x: { command: ./run, cwd: work } }
`,
      'etc/clients/a.json': '{ "mcpServers": { "a": { "command": "a", "cwd": "sub" } } }',
      '/home/dev/b.json': '{ "mcpServers": { "b": { "command": "b" } } }',
      'etc/token': 'admin-token\n',
    },
    { HOME: '/home/dev' },
  );
  expect(config.servers.map((server) => [server.name, stdioTarget(server).cwd])).toEqual([
    ['x', 'etc/work'],
    ['a', 'etc/clients/sub'],
    ['b', undefined],
  ]);
  expect(config.admin.token?.reveal()).toBe('admin-token');
  expect(config.log.file).toEqual({ path: 'etc/logs/a.log', maxBytes: 1_500_000, maxFiles: 5 });
});

test('numbers and booleans become text as they are written', async () => {
  const target = stdioTarget(
    await serverOf(
      'mcpServers: { a: { command: x, args: [-p, 8080, 1.10, true], env: { PORT: 0o17, V: 1.10, ON: true } } }',
    ),
  );
  expect(target.args).toEqual(['-p', '8080', '1.10', 'true']);
  expect(reveal(target.env)).toEqual({ PORT: '0o17', V: '1.10', ON: 'true' });
});

test('a variable may be used for a number, a boolean and a duration', async () => {
  const config = await configOf(
    'probe: { concurrency: "${N}", allowUrlTargets: "${FLAG}" }\ndefaults: { interval: "${EVERY}s" }\nmcpServers: { a: { command: x } }',
    { N: '8', FLAG: 'true', EVERY: '20' },
  );
  expect(config.probe).toEqual({ concurrency: 8, allowUrlTargets: true });
  expect(config.servers[0]?.monitor.intervalMs).toBe(20_000);
});

test.each([
  ['${NAME}', 'value'],
  ['a-${NAME}-b-${NAME}', 'a-value-b-value'],
  ['${env:NAME}', 'value'],
  ['${NAME:-other}', 'value'],
  ['${UNSET:-other}', 'other'],
  ['${UNSET:-}', ''],
  ['${BLANK:-other}', 'other'],
  ['${BLANK}', ''],
  ['$${NAME}', '${NAME}'],
  ['$NAME', '$NAME'],
  ['${userHome}/x', '/home/dev/x'],
])('%s expands to %j', async (written, expected) => {
  const server = await serverOf(`mcpServers: { a: { command: x, args: ['${written}'] } }`, {
    NAME: 'value',
    BLANK: '',
    HOME: '/home/dev',
  });
  expect(stdioTarget(server).args).toEqual([expected]);
});

test('an expanded value is not expanded again', async () => {
  const server = await serverOf('mcpServers: { a: { command: x, args: ["${A}"] } }', {
    A: '${B}',
    B: 'no',
  });
  expect(stdioTarget(server).args).toEqual(['${B}']);
});

test('KEY_file takes the value of any key from a file, without its last line break', async () => {
  const server = await serverOf({
    'etc/mcp-exporter.yml':
      'mcpServers: { a: { url_file: url, headers: { Authorization_file: ./auth } } }',
    'etc/url': 'https://example.com/mcp\r\n',
    'etc/auth': 'Bearer abcdefgh\n\n',
  });
  expect(httpTarget(server).url).toBe('https://example.com/mcp');
  expect(reveal(httpTarget(server).headers)).toEqual({ Authorization: 'Bearer abcdefgh' });
});

test("an argument of a synthetic call and a variable of a client's file may end in _file", async () => {
  const config = await configOf({
    'mcp-exporter.yml': `
import: [a.json]
mcpServers: { b: { command: x, monitor: { call: { tool: t, arguments: { in_file: a.txt }, expect: { contains: ok } } } } }`,
    'a.json': '{ "mcpServers": { "a": { "command": "x", "env": { "in_file": "a.txt" } } } }',
  });
  expect(config.servers[0]?.monitor.call?.arguments).toEqual({ in_file: 'a.txt' });
  expect(config.servers[1] && reveal(stdioTarget(config.servers[1]).env)).toEqual({
    in_file: 'a.txt',
  });
});

test.each([
  ['{ url: "http://h/mcp" }', 'auto'],
  ['{ url: "http://h/sse" }', 'sse'],
  ['{ url: "http://h/sse/" }', 'sse'],
  ['{ url: "http://h/sse", type: http }', 'http'],
  ['{ url: "http://h/mcp", type: sse }', 'sse'],
  ['{ url: "http://h/mcp", type: streamable-http }', 'http'],
  ['{ url: "http://h/mcp", transport: streamableHttp }', 'http'],
])('the transport of %s is %s', async (entry, transport) => {
  expect(httpTarget(await serverOf(`mcpServers: { a: ${entry} }`)).transport).toBe(transport);
});

test.each([
  ['{ url: "http://h/mcp" }', false],
  ['{ url: "http://h/mcp", headers: { X-Tenant: a } }', false],
  ['{ url: "http://h/mcp", headers: { authorization: Bearer a } }', true],
  ['{ url: "http://h/mcp", headers: { X-API-Key: a } }', true],
  ['{ url: "http://h/mcp", headers: { Cookie: a=b } }', true],
  ['{ url: "http://user:pass@h/mcp" }', true],
  ['{ url: "http://h/mcp?api_key=a" }', true],
  ['{ url: "http://h/mcp?page=a" }', false],
  ['{ command: x, env: { API_KEY: a } }', false],
])('that %s has credentials is %s', async (entry, hasCredentials) => {
  expect((await serverOf(`mcpServers: { a: ${entry} }`)).hasCredentials).toBe(hasCredentials);
});

test('user and password of a URL become basic authentication, since fetch refuses such URLs', async () => {
  const target = httpTarget(
    await serverOf('mcpServers: { a: { url: "http://us%40er:p%20w@h/mcp?q=1#part" } }'),
  );
  expect(target.url).toBe('http://h/mcp?q=1');
  expect(reveal(target.headers)).toEqual({ Authorization: `Basic ${btoa('us@er:p w')}` });
});

test('a configured Authorization header takes precedence over user and password of the URL', async () => {
  const target = httpTarget(
    await serverOf(
      'mcpServers: { a: { url: "http://u:p@h/mcp", headers: { authorization: Bearer abc } } }',
    ),
  );
  expect(reveal(target.headers)).toEqual({ authorization: 'Bearer abc' });
});

test('settings of a server take precedence over defaults, key by key', async () => {
  const config = await configOf(`
defaults: { interval: 1m, timeout: 10s, responseTime: { warning: 2s, critical: 4s } }
mcpServers:
  a: { command: x, monitor: { timeout: 1s, responseTime: { critical: 3s } } }
  b: { command: x }
`);
  expect(
    config.servers.map(({ monitor }) => [
      monitor.intervalMs,
      monitor.timeoutMs,
      monitor.responseTime,
    ]),
  ).toEqual([
    [60_000, 1_000, { warningMs: 2_000, criticalMs: 3_000 }],
    [60_000, 10_000, { warningMs: 2_000, criticalMs: 4_000 }],
  ]);
});

test.each([
  [
    'interval: 1s',
    { intervalMs: 1_000, unhealthyIntervalMs: 1_000, retryIntervalMs: 1_000, timeoutMs: 1_000 },
  ],
  [
    'interval: 5m',
    { intervalMs: 300_000, unhealthyIntervalMs: 15_000, offlineIntervalMsMax: 300_000 },
  ],
  ['responseTime: { warning: 3s }', { responseTime: { warningMs: 3_000, criticalMs: 6_000 } }],
  ['responseTime: { critical: 100ms }', { responseTime: { warningMs: 50, criticalMs: 100 } }],
])('%s alone is enough: the built-in defaults adapt', async (setting, expected) => {
  expect(
    (await serverOf(`mcpServers: { a: { command: x, monitor: { ${setting} } } }`)).monitor,
  ).toMatchObject(expected);
});

test.each([
  ['disabled: true', false],
  ['disabled: false', true],
  ['monitor: { enabled: false }', false],
  ['disabled: true, monitor: { enabled: true }', true],
])('a server with %s is monitored: %s', async (keys, enabled) => {
  expect((await serverOf(`mcpServers: { a: { command: x, ${keys} } }`)).monitor.enabled).toBe(
    enabled,
  );
});

test('a disabled server need not have its variables', async () => {
  const server = await serverOf(
    'mcpServers: { a: { command: x, disabled: true, env: { KEY: "${MISSING}" } } }',
  );
  expect(server.unresolved).toMatch('MISSING is not set');
});

test('a synthetic call keeps its arguments as they are', async () => {
  const server = await serverOf(`
mcpServers:
  a:
    command: x
    monitor:
      call: { tool: search, arguments: { q: health, limit: 3, deep: [1, { a: null }] }, expect: { matches: "^\\\\d+$" } }
`);
  expect(server.monitor.call).toEqual({
    tool: 'search',
    arguments: { q: 'health', limit: 3, deep: [1, { a: null }] },
    expect: { matches: '^\\d+$' },
  });
});

test('certificate authorities are read from the file that tls names, relative to where it is named', async () => {
  const pem = '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n';
  const config = await configOf({
    'etc/main.yml': `
defaults: { tls: { caFile: ca.pem } }
mcpServers:
  a: { url: "https://h/mcp" }
  b: { url: "https://h/mcp", monitor: { tls: { insecureSkipVerify: true } } }
`,
    'etc/ca.pem': pem,
  });
  expect(
    config.servers.map(httpTarget).map(({ tlsCa, tlsSkipVerify }) => [tlsCa, tlsSkipVerify]),
  ).toEqual([
    [pem, false],
    [undefined, true],
  ]);
});

test('envFile adds variables that env overrides', async () => {
  const server = await serverOf({
    'mcp-exporter.yml': 'mcpServers: { a: { command: x, envFile: .env, env: { B: mine } } }',
    '.env': '# comment\nA=1\nexport C="two words"\nB=theirs\n',
  });
  expect(reveal(stdioTarget(server).env)).toEqual({ A: '1', B: 'mine', C: 'two words' });
});

test('anchors, aliases and merge keys work', async () => {
  const config = await configOf(`
mcpServers:
  a: &base { command: x, args: [1], monitor: &slow { interval: 1m } }
  b: { <<: *base, args: [2] }
  c: { command: y, monitor: *slow }
`);
  expect(
    config.servers.map((server) => [
      stdioTarget(server).command,
      stdioTarget(server).args,
      server.monitor.intervalMs,
    ]),
  ).toEqual([
    ['x', ['1'], 60_000],
    ['x', ['2'], 60_000],
    ['y', [], 60_000],
  ]);
});

test('our own file may be written as JSON', async () => {
  const config = await configOf({
    'config.json': '{ "listen": "127.0.0.1:1", "mcpServers": { "a": { "command": "x" } } }',
  });
  expect(config.listen.port).toBe(1);
  expect(config.servers).toHaveLength(1);
});

test.each([
  'github.com/upstash/context7',
  'Figma Dev Mode',
  '日本語',
  'a'.repeat(128),
  'constructor',
  'url',
])('a server may be called %s', async (name) => {
  expect((await serverOf(`mcpServers: { ${JSON.stringify(name)}: { command: x } }`)).name).toBe(
    name,
  );
});

test('a configuration is deeply frozen', async () => {
  const config = await configOf('mcpServers: { a: { command: x, args: [a] } }');
  expect(() => Object.assign(config.servers[0]?.monitor ?? {}, { intervalMs: 1 })).toThrow(
    TypeError,
  );
  expect(() => Object.assign(config.listen, { port: 1 })).toThrow(TypeError);
});

test('every file that was read or looked for is listed, even if the configuration is invalid', async () => {
  const { files } = await loadFiles({
    'main.yml':
      'import: [a.json, missing.json]\nadmin: { tokenFile: token }\nmcpServers: { a: { url_file: url } }',
    'a.json': '{ "mcpServers": {} }',
  });
  expect(files.toSorted()).toEqual(['a.json', 'main.yml', 'missing.json', 'token', 'url']);
});

test.each([
  [
    'a file with a byte order mark and CRLF',
    '\uFEFFmcpServers:\r\n  a: { command: 1 }\r\n',
    'mcp-exporter.yml:2:17  mcpServers.a.command',
  ],
  [
    'a key after a long text',
    `# ${'ü'.repeat(50)}\nmcpServers: { ü: { command: 1 } }`,
    'mcp-exporter.yml:2:29  mcpServers.ü.command',
  ],
])('positions are right in %s', async (_, text, expected) => {
  expect(await mistakesOf(text)).toMatch(expected);
});

test('a file name with control characters cannot break a message into two lines', async () => {
  expect((await mistakesOf({ 'a\nb.yml': 'lisen: 1' })).split('\n')).toHaveLength(1);
});

test.each([
  ['brackets', '['.repeat(100_000)],
  ['braces', `a: ${'{a: '.repeat(20_000)}`],
  [
    'aliases',
    `a: &a [1]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [${i ? `*b${i - 1}, *b${i - 1}` : '*a, *a'}]`).join('\n')}`,
  ],
])('a file that nests %s beyond all bounds is a mistake, not a crash', async (_, text) => {
  expect(await mistakesOf(text)).toMatch(/^mcp-exporter\.yml:/);
  expect(await mistakesOf({ 'a.json': text })).toMatch(/^a\.json:/);
});
