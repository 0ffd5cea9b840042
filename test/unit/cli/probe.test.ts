import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import type { ServerSpec } from '../../../src/facts/server.ts';
import type { Connector } from '../../../src/sources/probe/ports.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';
import { type Behaviour, createFakeConnector } from '../../fakes/fake-connector.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

const URL_TARGET = 'http://mcp.example.com/mcp';
const NAME = 'mcp.example.com';
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function setUp(behaviour?: Behaviour, name = NAME) {
  const clock = createFakeClock();
  const fake = createFakeConnector({ clock });
  if (behaviour) fake.script(name, behaviour);
  const opened: ServerSpec[] = [];
  const connector: Connector = {
    open(server, onChild) {
      opened.push(server);
      return fake.open(server, onChild);
    },
  };
  return { context: createFakeContext({ clock, connector }), fake, opened };
}

async function writeConfig(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-cli-'));
  folders.push(folder);
  const path = join(folder, 'mcp-exporter.yml');
  await writeFile(path, text);
  return path;
}

test('a healthy server ends with 0, after one steady and one deep check, and its connection is closed', async () => {
  const { context, fake } = setUp();

  expect(await run(['probe', URL_TARGET], context)).toBe(0);

  expect(fake.checks.map(({ kind }) => kind)).toEqual(['steady', 'deep']);
  expect(fake.closedCount(NAME)).toBe(1);
  expect(context.out()).toMatch(/\nHealthy: .+\n$/);
  expect(context.listenerCount()).toBe(0);
});

test('a proxy variable of the environment that is no proxy is a warning', async () => {
  const { context } = setUp();
  const env = { HTTP_PROXY: 'socks5://user:planted@tor:9050' };
  expect(await run(['probe', URL_TARGET], { ...context, env })).toBe(0);
  expect(context.err()).toMatch(
    /^warning: the variable HTTP_PROXY is not the URL of an HTTP proxy/,
  );
  expect(context.err()).not.toContain('planted');
});

test.each([
  ['refused', 'offline'],
  ['timeout', 'offline'],
  ['http_5xx', 'offline'],
  ['rpc_error', 'critical'],
  ['auth_required', 'warning'],
  ['rate_limited', 'warning'],
] as const)('a check that ends in %s means %s, and the exit code 1', async (outcome, status) => {
  const { context } = setUp(() => ({ outcome, detail: 'It said no.' }));

  expect(await run(['probe', '--json', URL_TARGET], context)).toBe(1);

  expect(JSON.parse(context.out())).toMatchObject({ status, outcome });
});

test('a credential that is refused is critical', async () => {
  const { context } = setUp(() => ({ outcome: 'auth_required', detail: 'It said no.' }));
  await run(['probe', '--json', URL_TARGET, '-H', 'Authorization: Bearer x'], context);
  expect(JSON.parse(context.out())).toMatchObject({ status: 'critical' });
});

test('a server that serves no fresh client is critical, though it can be reached', async () => {
  const { context } = setUp((kind) =>
    kind === 'deep' ? { outcome: 'timeout', detail: 'Nothing.' } : {},
  );
  expect(await run(['probe', '--json', URL_TARGET], context)).toBe(1);
  expect(JSON.parse(context.out())).toMatchObject({ status: 'critical', outcome: 'timeout' });
});

test('headers, timeout and URL reach the server', async () => {
  const { context, opened } = setUp();

  await run(['probe', URL_TARGET, '-H', 'A: 1', '-H', 'B: 2', '--timeout', '750ms'], context);

  const server = opened[0];
  expect(server?.monitor).toMatchObject({ timeoutMs: 750, startTimeoutMs: 750 });
  expect(server?.target).toMatchObject({ kind: 'http', url: URL_TARGET });
  const headers = server?.target.kind === 'http' ? server.target.headers : {};
  expect(Object.entries(headers).map(([name, value]) => [name, value.reveal()])).toEqual([
    ['A', '1'],
    ['B', '2'],
  ]);
});

test('what stands behind -- is a command, options included', async () => {
  const { context, opened } = setUp();

  expect(await run(['probe', '--json', '--', 'npx', '-y', '--json', '--', 'x'], context)).toBe(0);

  expect(opened[0]?.target).toMatchObject({
    kind: 'stdio',
    command: 'npx',
    args: ['-y', '--json', '--', 'x'],
  });
});

test('a configured name is checked with its own settings', async () => {
  const config = await writeConfig('mcpServers:\n  files: { command: serve-files, args: [a] }\n');
  const { context, opened } = setUp(undefined, 'files');

  expect(await run(['probe', 'files', '--config', config], context)).toBe(0);

  expect(opened[0]).toMatchObject({ name: 'files', target: { command: 'serve-files' } });
});

test.each([
  [['probe'], 'give a configured name, a URL, or -- and a command'],
  [['probe', 'x', '--', 'y'], 'not both'],
  [['probe', '-H', 'A: b', '--', 'y'], '--header applies to URLs only'],
  [['probe', '-H', 'A: b', 'files', '--config', 'CONFIG'], '--header applies to URLs only'],
  [['probe', 'ftp://a/b'], 'must start with http:// or https://'],
  [['probe', 'fiels', '--config', 'CONFIG'], 'has no server "fiels"; did you mean "files"?'],
  [['probe', 'something', '--config', 'CONFIG'], 'it has files, waiting'],
  [['probe', 'waiting', '--config', 'CONFIG'], 'waiting cannot be checked: '],
  [['probe', 'files', '--config', '/nowhere.yml'], '/nowhere.yml  the file does not exist'],
])('%j is a mistake that ends with 2 and checks nothing', async (argv, message) => {
  const config = await writeConfig(
    'mcpServers:\n  files: { command: a }\n  waiting: { command: b, env: { K: "${input:key}" } }\n',
  );
  const { context, opened } = setUp();

  expect(
    await run(
      argv.map((word) => (word === 'CONFIG' ? config : word)),
      context,
    ),
  ).toBe(2);

  expect(context.err()).toContain(message);
  expect(context.out()).toBe('');
  expect(opened).toEqual([]);
});

test('Ctrl-C ends the check, closes the connection and still says what was seen', async () => {
  const { context, fake } = setUp(() => 'hang');
  const ending = run(['probe', URL_TARGET], context);
  while (fake.checks.length === 0) await Promise.resolve();

  context.send('SIGINT');

  expect(await ending).toBe(1);
  expect(fake.closedCount(NAME)).toBe(1);
  expect(context.out()).toContain('Offline: ');
  expect(context.exits).toEqual([]);
});

test.each([
  ['localhost:3000/mcp', 'http://localhost:3000/mcp'],
  ['127.0.0.1:3000', 'http://127.0.0.1:3000/'],
  ['[::1]:3000/sse', 'http://[::1]:3000/sse'],
  ['10.1.2.3/mcp', 'http://10.1.2.3/mcp'],
  ['mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
  ['mcp.example.com:8443', 'https://mcp.example.com:8443/'],
])('a URL without a scheme, %s, is answered with %s', async (target, url) => {
  const { context, opened } = setUp();
  const config = await writeConfig('mcpServers:\n  files: { command: files }\n');

  expect(await run(['probe', target, '--config', config], context)).toBe(2);
  expect(await run(['probe', target, '-H', 'A: b'], context)).toBe(2);

  const message = `${JSON.stringify(target)} has no scheme: did you mean ${url}?\n`;
  expect(context.err()).toBe(message.repeat(2));
  expect(opened).toEqual([]);
});

test.each(['files', 'my.server', 'a/b', 'team/files.json'])(
  'an unknown name, %s, is not taken for a URL',
  async (name) => {
    const { context } = setUp();
    const config = await writeConfig('mcpServers:\n  filez: { command: files }\n');
    expect(await run(['probe', name, '--config', config], context)).toBe(2);
    expect(context.err()).toContain(`has no server ${JSON.stringify(name)}`);
  },
);

test('a server that asks for credentials is answered with how to give them', async () => {
  const refuse = () => ({ outcome: 'auth_required', detail: 'It said no.' }) as const;
  const without = setUp(refuse);
  await run(['probe', URL_TARGET], without.context);
  expect(without.context.out()).toMatch(
    /\nGive credentials with --header 'Authorization: Bearer TOKEN'\.\n$/,
  );

  const withHeader = setUp(refuse);
  await run(['probe', URL_TARGET, '-H', 'Authorization: Bearer x'], withHeader.context);
  expect(withHeader.context.out()).toContain('did not accept the credentials given with --header');

  const configured = setUp(refuse, 'remote');
  const config = await writeConfig(`mcpServers:\n  remote: { url: ${URL_TARGET} }\n`);
  await run(['probe', 'remote', '--config', config], configured.context);
  expect(configured.context.out()).toContain(`The credentials of remote are in ${config}:2.`);
});
