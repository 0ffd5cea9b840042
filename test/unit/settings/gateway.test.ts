import { expect, test } from 'vitest';
import { configOf, loadFiles, mistakesOf, reveal, serverOf, warningsOf } from './load-text.ts';

const JWKS = '{ "keys": [] }';

test('the settings of the gateway apply to every server, and each server may override them', async () => {
  const config = await configOf(`
gateway:
  listen: 0.0.0.0:8080
  timeout: 1m
  maxInFlight: 10
  injectHeaders: true
mcpServers:
  a: { command: x }
  b: { command: x, gateway: { timeout: 2m, preserveHost: true, maxSessions: 3, injectHeaders: false } }
`);
  expect(config.gateway.listen).toEqual({ host: '0.0.0.0', port: 8080 });
  const [a, b] = config.servers.map(({ gateway }) => gateway);
  expect(a).toEqual({
    enabled: true,
    timeoutMs: 60_000,
    preserveHost: false,
    authorization: 'pass',
    injectHeaders: true,
    maxInFlight: 10,
    maxSessions: 20,
  });
  expect(b).toMatchObject({
    timeoutMs: 120_000,
    preserveHost: true,
    injectHeaders: false,
    maxInFlight: 10,
    maxSessions: 3,
  });
});

test.each(['off', '"off"', 'false'])('gateway.listen: %s switches it off', async (listen) => {
  const config = await configOf(
    `gateway: { listen: ${listen} }\nmcpServers: { a: { command: x } }`,
  );
  expect(config.gateway).not.toHaveProperty('listen');
});

test.each([
  ['127.0.0.1:19100', '', true],
  ['localhost:19100', '', true],
  ['"[::1]:19100"', '', true],
  ['0.0.0.0:19100', '', false],
  ['0.0.0.0:19100', 'injectHeaders: true', true],
  ['127.0.0.1:19100', 'injectHeaders: false', false],
  [
    '0.0.0.0:19100',
    'authentication: { bearerTokens: [{ name: a, token: 0123456789abcdef0 }] }',
    true,
  ],
])('behind %s with %j configured headers are sent: %s', async (listen, more, isSent) => {
  const server = await serverOf(
    `gateway: { listen: ${listen}${more && `, ${more}`} }\nmcpServers: { a: { command: x } }`,
  );
  expect(server.gateway.injectHeaders).toBe(isSent);
});

test.each([
  ['{ command: x }', true],
  ['{ command: x, disabled: true }', false],
  ['{ command: x, monitor: { enabled: false } }', false],
  ['{ command: x, disabled: true, gateway: { enabled: true } }', true],
  ['{ command: x, gateway: { enabled: false } }', false],
])('the gateway serves %s: %s', async (server, isServed) => {
  expect((await serverOf(`mcpServers: { a: ${server} }`)).gateway.enabled).toBe(isServed);
});

test('prices come per server and per tool, in US dollars', async () => {
  const server = await serverOf(`
mcpServers:
  a:
    command: x
    gateway:
      prices: { perCall: 0.5, perThousandInputTokens: 1, tools: { search: { perCall: "0.25" }, free: {} } }
`);
  expect(server.gateway.prices).toEqual({
    perCallUsd: 0.5,
    perThousandInputTokensUsd: 1,
    tools: { search: { perCallUsd: 0.25 }, free: {} },
  });
});

test("an imported server gets what our own file says of it, beside what stands in the client's", async () => {
  const server = await serverOf({
    'mcp-exporter.yml': `
import: [.mcp.json]
mcpServers: { a: { gateway: { timeout: 7s, prices: { tools: { t: { perCall: 1 } } } } } }
`,
    '.mcp.json': `{ "mcpServers": { "a": { "command": "x", "gateway": { "maxInFlight": 9, "timeout": "1s", "prices": { "perCall": 2 } } } } }`,
  });
  expect(server.gateway).toMatchObject({
    timeoutMs: 7_000,
    maxInFlight: 9,
    prices: { perCallUsd: 2, tools: { t: { perCallUsd: 1 } } },
  });
});

test('of two files that configure a server differently ours counts, and the other entry is not checked', async () => {
  const { servers } = await configOf({
    'mcp-exporter.yml': 'import: [.mcp.json]\nmcpServers: { a: { command: x } }',
    '.mcp.json': `{ "mcpServers": { "a": { "command": "x", "gateway": { "maxInFlight": 9 } } } }`,
  });
  // Settings of our own file hold for both entries, so only what the client's adds can differ.
  expect(servers.map(({ name, unresolved }) => [name, unresolved])).toEqual([
    ['a', undefined],
    [
      'a (.mcp.json:1)',
      'another server of this name is at mcp-exporter.yml:2 and differs; rename one of them',
    ],
  ]);
});

test('credentials come from variables and files, and print as a mask', async () => {
  const config = await configOf(
    {
      'mcp-exporter.yml': `
gateway:
  authentication:
    bearerTokens:
      - { name: ci, token: "\${CI}" }
      - { name: dev, token_file: dev.txt }
    jwt: { jwksFile: jwks.json, issuer: i, audience: a }
  rateLimit: { requests: 5, per: 10s }
tracing: { exporter: otlp, headers: { Authorization: "Bearer \${CI}" } }
mcpServers: {}
`,
      'dev.txt': 'planted-token-of-dev\n',
      'jwks.json': JWKS,
    },
    { CI: 'planted-token-of-ci' },
  );
  const { authentication, rateLimit } = config.gateway;
  expect(authentication?.bearerTokens.map(({ name, token }) => [name, token.reveal()])).toEqual([
    ['ci', 'planted-token-of-ci'],
    ['dev', 'planted-token-of-dev'],
  ]);
  expect(authentication?.jwt).toEqual({
    keys: { text: JWKS },
    issuer: 'i',
    audience: 'a',
    userClaim: 'sub',
  });
  expect(rateLimit).toEqual({ requests: 5, perMs: 10_000, burst: 5 });
  expect(reveal(config.tracing.headers)).toEqual({ Authorization: 'Bearer planted-token-of-ci' });
  expect(JSON.stringify(config)).not.toContain('planted');
});

test('a token that is easy to guess is a warning that does not quote it', async () => {
  const warnings = await warningsOf({
    'mcp-exporter.yml':
      'gateway: { authentication: { bearerTokens: [{ name: a, token: planted }] } }\nmcpServers: { a: { command: x } }',
  });
  expect(warnings).toMatch(/bearerTokens\[0\]\.token {2}this token is easy to guess/);
  expect(warnings).not.toContain('planted');
});

test.each([
  ['authentication: {}', 'must have bearerTokens or jwt'],
  ['authentication: { bearerTokens: [] }', 'must have bearerTokens or jwt'],
  ['authentication: { jwt: { issuer: i, audience: a } }', 'must have either jwksUrl or jwksFile'],
  [
    'authentication: { jwt: { jwksUrl: https://h/, jwksFile: f, issuer: i, audience: a } }',
    'must have either jwksUrl or jwksFile',
  ],
  ['authentication: { jwt: { jwksUrl: https://h/, issuer: i } }', 'audience  is missing'],
  ['authentication: { jwt: { jwksFile: nowhere.json, issuer: i, audience: a } }', 'does not exist'],
  ['rateLimit: { per: 1 }', 'must be a duration'],
])('gateway: { %s } is refused', async (gateway, message) => {
  expect(await mistakesOf(`gateway: { ${gateway} }\nmcpServers: {}`)).toContain(message);
});

test.each([
  ['127.0.0.1:1', '127.0.0.1:1', true],
  ['0.0.0.0:1', '127.0.0.1:1', true],
  ['"[::]:1"', '127.0.0.1:1', true],
  ['127.0.0.2:1', '127.0.0.1:1', false],
  ['127.0.0.1:0', '127.0.0.1:0', false],
  ['off', '127.0.0.1:19110', false],
])('a gateway at %s beside metrics at %s is a mistake: %s', async (gateway, listen, isMistake) => {
  const result = await loadFiles({
    'mcp-exporter.yml': `listen: ${listen}\ngateway: { listen: ${gateway} }\nmcpServers: {}`,
  });
  expect(result.ok).toBe(!isMistake);
});

test('a server that leads to the configured gateway is left out, one at its default port is not', async () => {
  const config = await configOf(`
gateway: { listen: 127.0.0.1:8080 }
mcpServers:
  own: { url: http://localhost:8080/x/mcp }
  other: { url: http://localhost:19100/x/mcp }
`);
  expect(config.servers.map(({ name }) => name)).toEqual(['other']);
});

test('an error rate is a share, and its default adapts as that of the response time does', async () => {
  const config = await configOf(`
defaults: { errorRate: { critical: 0.5% } }
mcpServers:
  a: { command: x }
  b: { command: x, monitor: { errorRate: { critical: 50%, toolErrors: 90%, minRequests: 1 }, callLatency: true } }
`);
  expect(config.servers.map(({ monitor }) => monitor.errorRate)).toEqual([
    {
      warningRatio: 0.0025,
      criticalRatio: 0.005,
      toolErrorRatio: 0.5,
      windowMs: 300_000,
      minRequests: 20,
    },
    {
      warningRatio: 0.01,
      criticalRatio: 0.5,
      toolErrorRatio: 0.9,
      windowMs: 300_000,
      minRequests: 1,
    },
  ]);
  expect(config.servers.map(({ monitor }) => monitor.callLatency)).toEqual([false, true]);
});

test.each(['0%', '101%', '5', '1.%', '-1%', '"1 % "', '1%%'])('%s is no share', async (share) => {
  expect(
    await mistakesOf(`defaults: { errorRate: { critical: ${share} } }\nmcpServers: {}`),
  ).toContain('must be a share with its unit');
});

test('authorization applies to every server unless one has its own', async () => {
  const config = await configOf(`
gateway: { authorization: rewrite }
mcpServers:
  a: { url: "http://a/mcp" }
  b: { url: "http://b/mcp", gateway: { authorization: pass } }
`);
  expect(config.servers.map(({ gateway }) => gateway.authorization)).toEqual(['rewrite', 'pass']);
});

test('a warning says that clients cannot authorize at the gateway and at a server', async () => {
  const warnings = await warningsOf({
    'mcp-exporter.yml': `
gateway:
  authorization: rewrite
  authentication: { bearerTokens: [{ name: a, token: 0123456789abcdef0 }] }
mcpServers:
  a: { url: "http://a/mcp" }
  b: { url: "http://b/mcp", gateway: { authorization: rewrite } }
  c: { url: "http://c/mcp", gateway: { publicUrl: "https://mcp.example.com/mcp" } }
`,
  });
  expect(
    warnings.match(/\S+ {2}(?=gateway.authentication takes the Authorization header)/g),
  ).toEqual([
    'gateway.authorization  ',
    'mcpServers.b.gateway.authorization  ',
    'mcpServers.c.gateway.publicUrl  ',
  ]);
});
