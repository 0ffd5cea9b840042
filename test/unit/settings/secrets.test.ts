import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { isSameServer } from '../../../src/facts/rules/is-same-server.ts';
import { redact } from '../../../src/facts/secret.ts';
import { argumentSecrets, headerSecrets } from '../../../src/settings/secrets.ts';
import { configOf, httpTarget, loadFiles, mistakesOf, serverOf, stdioTarget } from './load-text.ts';

const PLANTED = [
  'planted-in-variable',
  'planted-in-file',
  'planted-literal',
  'planted-password',
  'planted%2Fquery',
];

const FILES = {
  'mcp-exporter.yml': `
import: [/srv/project/.mcp.json]
admin: { tokenFile: token }
mcpServers:
  remote:
    url: "https://user-name:planted-password@example.com/\${PLANTED}/mcp?key=planted%2Fquery&next=\${PLANTED}"
    headers: { Authorization: "Bearer \${PLANTED}", X-Other: planted-literal, X-File_file: token }
    monitor: { call: { tool: t, arguments: { key: "\${PLANTED}", deep: ["a planted-literal b"] }, expect: { contains: "\${PLANTED}" } } }
  child:
    command: x
    args: [--api-key, planted-literal, "--token=\${PLANTED}", "\${PLANTED}"]
    env: { KEY: planted-password, KEY2_file: token }
`,
  '/srv/project/.mcp.json':
    '{ "mcpServers": { "imported": { "command": "x", "env": { "KEY": "planted-literal" }, "envFile": "dot-env" } } }',
  '/srv/project/dot-env': 'OTHER=planted-in-file',
  token: 'planted-in-file\n',
};
const env = { PLANTED: 'planted-in-variable' };

test.each([
  ['JSON', (value: unknown) => JSON.stringify(value)],
  ['the console', (value: unknown) => inspect(value, { depth: 20 })],
  [
    'the console with hidden properties',
    (value: unknown) => inspect(value, { depth: 20, showHidden: true }),
  ],
  ['text', (value: unknown) => String(value)],
])('no secret shows up when a configuration is printed as %s', async (_, print) => {
  const config = await configOf(FILES, env);
  const printed = [
    config,
    ...config.servers,
    ...config.servers.flatMap((server) => [server.target, server.monitor]),
  ].map(print);
  for (const secret of [...PLANTED, 'user-name']) expect(printed.join('\n')).not.toContain(secret);
});

test('the values that a check needs still hold the secrets', async () => {
  const [remote, child] = (await configOf(FILES, env)).servers;
  expect(remote && httpTarget(remote).url).toBe(
    'https://example.com/planted-in-variable/mcp?key=planted%2Fquery&next=planted-in-variable',
  );
  expect(remote?.monitor.call?.arguments['key']).toBe('planted-in-variable');
  expect(child && stdioTarget(child).args).toEqual([
    '--api-key',
    'planted-literal',
    '--token=planted-in-variable',
    'planted-in-variable',
  ]);
});

test('a message from outside about a server is masked by its list of secrets', async () => {
  const [remote, child] = (await configOf(FILES, env)).servers;
  const said = `401 for Bearer planted-in-variable, planted-literal, planted-in-file, planted/query, planted%2Fquery, planted-password`;
  expect(redact(said, remote?.secrets ?? [])).toBe('401 for ***, ***, ***, ***, ***, ***');
  expect(redact('unknown option --token=planted-in-variable', child?.secrets ?? [])).not.toContain(
    'planted',
  );
});

test('no secret is part of any message when a file with secrets is wrong in every other way', async () => {
  const result = await loadFiles(
    {
      'mcp-exporter.yml': `
mcpServers:
  a: { url: "htp://planted-literal@h/", headers: [planted-literal], env: planted-literal, args: planted-literal, type: 1 }
  b: { command: x, url: "http://h/\${PLANTED}", headers: { "A: planted" : 1, X: "planted-literal\\n\${PLANTED}" } }
  c: { command: x, monitor: { call: { tool: { planted-literal: 1 }, arguments: planted-literal, expect: planted-literal } } }
  d: { command: x, env: { A: [planted-literal] }, cwd: [planted-literal], envFile: planted-literal }
  e: { url: "http://h/mcp", monitor: { tls: { caFile: planted-literal } } }
admin: { tokenFile: [planted-literal] }
`,
    },
    env,
  );
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result.ok || result.problems)).not.toContain('planted-');
});

test.each([
  ['mcpServers: { a: { command: x, env: { KEY: "planted-literal } } }'],
  ['mcpServers: { a: { env: { KEY: @planted-literal } } }'],
  ['a: "planted-literal" planted-literal'],
  ['a: *planted-literal'],
  ['a: !planted-literal x'],
  ['%YAML planted-literal\n---\na: b: planted-literal'],
  ['a: "\\planted-literal"'],
])('no secret is part of the message for %j, which is not YAML', async (text) => {
  for (const name of ['a.yml', 'a.json']) {
    const result = await loadFiles({ [name]: text });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('planted');
  }
});

test.each([
  ['the host', 'http://${V}:3000/mcp', 'gate.example.com', []],
  ['the port', 'http://h:${V}/mcp', '30001', []],
  ['the whole address', '${V}/mcp', 'https://gate.example.com', []],
  ['a part of the path', 'http://h/${V}/mcp', 'abcdef', ['abcdef']],
  ['a value of the query', 'http://h/mcp?k=${V}', 'abcdef', ['abcdef']],
  ['the password', 'http://u:${V}@h/mcp', 'abcdef', ['dTphYmNkZWY=', 'abcdef']],
])(
  'a variable that is %s of a URL is a secret only where it hides something',
  async (_, url, value, expected) => {
    const server = await serverOf(`mcpServers: { a: { url: "${url}" } }`, { V: value });
    const secrets = server.secrets.map((secret) => secret.reveal());
    expect(secrets.filter((secret) => secret !== 'u' && !secret.startsWith('Basic '))).toEqual(
      expected,
    );
  },
);

test('longer secrets come first, so that a whole is masked before its parts', async () => {
  const server = await serverOf(
    'mcpServers: { a: { url: "http://h/", headers: { A: "Bearer abcdef", B: "Bearer abcdefgh" } } }',
  );
  const lengths = server.secrets.map((secret) => secret.reveal().length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
});

test.each([
  ['header', '{ url: "http://h/", headers: { A: "${V}" } }'],
  ['variable', '{ command: x, env: { A: "${V}" } }'],
])(
  'a server with another secret %s is another server, though both print alike',
  async (_, entry) => {
    const one = await serverOf(`mcpServers: { a: ${entry} }`, { V: 'first' });
    const two = await serverOf(`mcpServers: { a: ${entry} }`, { V: 'other' });
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
    expect(isSameServer(one, two)).toBe(false);
    expect(isSameServer(one, await serverOf(`\nmcpServers: { a: ${entry} }`, { V: 'first' }))).toBe(
      true,
    );
  },
);

test.each([
  ['mcpServers: { a: { command: x, monitor: { interval: often } } }', '"often"'],
  ['tracing: { exporter: jager }', '"jager"'],
  ['alerting: { email: { to: [a@b], from: nobody, smarthost: "h:25" } }', '"nobody"'],
])('a wrong value of a harmless key is quoted: %s', async (text, quoted) => {
  expect(await mistakesOf(text)).toContain(`not ${quoted}`);
});

test.each([
  ['tracing: { endpoint: "planted-literal" }'],
  ['admin: planted-literal'],
  ['import: planted-literal'],
  ['gateway: { authentication: { bearerTokens: [{ name: a, token: "planted literal" }] } }'],
  ['gateway: { authentication: planted-literal }'],
  ['alerting: { slack: { webhookUrlFile: "https://planted", channel: a } }'],
])('a wrong value of a key that may hold a secret is not quoted: %s', async (text) => {
  const mistakes = await mistakesOf(text);
  expect(mistakes).toContain('must');
  expect(mistakes).not.toContain('planted');
});

test.each([
  [['-p', 'pass word'], ['pass word']],
  [['-p', '8080'], []],
  [['-p', './dir'], []],
  [['postgres://u:pa%3Ass@db/x'], ['pa%3Ass', 'pa:ss']],
  [['--url=https://h/?api_key=abc&x=y'], ['abc']],
  [
    ['--header', 'Authorization: Bearer abc'],
    ['Bearer abc', 'abc'],
  ],
  [['-H', 'X-Api-Key: abc'], ['abc']],
  [['-H', 'Accept: text/plain'], []],
])('the secrets among the arguments %j are %j', (args, secrets) => {
  expect(argumentSecrets(args)).toEqual(secrets);
});

test('the password of basic credentials is a secret by itself', () => {
  const encoded = Buffer.from('user:pa:ss').toString('base64');
  expect(headerSecrets(`Basic ${encoded}`)).toEqual([`Basic ${encoded}`, encoded, 'pa:ss']);
});
