import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse } from 'jsonc-parser';
import { expect, onTestFinished, test } from 'vitest';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import { makeCertificate } from '../unit/sources/probe/connection/make-certificate.ts';
import { REAL_SERVERS } from './support/real-servers.ts';
import { SCRIPTS } from './support/server-programs.ts';
import { startServer } from './support/start-server.ts';
import {
  callOf,
  connectClient,
  countCalls,
  entryOf,
  MAIN,
  makePlace,
  OPENING,
  type Place,
  startRaw,
  startServiceIn,
} from './support/stdio-command.ts';
import { until } from './support/until.ts';

// Goal: whatever a client of a stdio server does works the same through the gateway, without one, and across its death.
// Method: SDK clients and bare pipes on real processes of the command, the service and real servers.

const NAMES = [
  'everything-stdio',
  'everything-http',
  'everything-sse',
  'kubernetes-stdio',
  'kubernetes-stateless-http',
  'context7-stdio',
  'context7-http',
];
const EVERYTHING = REAL_SERVERS.filter(({ name }) => name.startsWith('everything-'));
const MODES = ['gateway', 'direct'] as const;

const BOTH = NAMES.flatMap((name) => REAL_SERVERS.filter((server) => server.name === name)).flatMap(
  (server) => MODES.map((mode) => [server.name, mode, server] as const),
);

async function placeOf(server: (typeof REAL_SERVERS)[number], mode: (typeof MODES)[number]) {
  const started = await startServer(server);
  onTestFinished(() => started.stop());
  const place = await makePlace({ [server.name]: entryOf(started.target) });
  const service = mode === 'gateway' ? await startServiceIn(place) : undefined;
  return { place, started, service };
}

async function placeOfScript(mode: (typeof MODES)[number], args = [SCRIPTS.everything, 'stdio']) {
  const place = await makePlace({ every: { command: process.execPath, args } });
  const service = mode === 'gateway' ? await startServiceIn(place) : undefined;
  return { place, service };
}

/** The service and the one child that its checks keep: started a moment later, that child would look left behind. */
async function settledProcesses(place: Place, mode: (typeof MODES)[number]): Promise<number[]> {
  if (mode === 'direct') return [];
  return until(async () => {
    const page = await (await fetch(place.metrics)).text();
    if (!/^mcp_server_capabilities\{.*kind="tools"\} [1-9]/m.test(page)) return undefined;
    const processes = await place.processes();
    return processes.length === 2 ? processes : undefined;
  });
}

/** Nothing of the command stays behind; the service and its own children may go on. */
async function expectNothingLeft(place: Place, before: readonly number[]): Promise<void> {
  await until(async () => {
    const now = await place.processes();
    return now.filter((id) => !before.includes(id)).length === 0;
  });
}

test.each(BOTH)('%s over %s lists and calls its tools', async (_name, mode, server) => {
  const { place } = await placeOf(server, mode);
  const { client, err, close } = await connectClient(place, server.name, {
    versionNegotiation: { mode: 'auto', probe: { timeoutMs: 30_000 } },
  });
  expect(client.getProtocolEra(), err()).toBe(server.era);
  expect((await client.listTools()).tools.length).toBeGreaterThanOrEqual(server.toolsMin);
  if (server.call) {
    const { tool, arguments: args } = server.call;
    const result = await client.callTool({ name: tool, arguments: args });
    expect(result.content).not.toEqual([]);
  }
  if (mode === 'direct') expect(err()).toContain('is served directly and unobserved');
  else {
    expect(err()).not.toContain('unobserved');
    expect(await countCalls(place, 'tools/list')).toBe(1);
    if (server.call) expect(await countCalls(place, 'tools/call')).toBe(1);
  }
  await close();
});

test.each(
  EVERYTHING.flatMap((server) => MODES.map((mode) => [server.name, mode, server] as const)),
)('%s over %s may ask, tell and be interrupted in mid-call', async (name, mode, server) => {
  const { place } = await placeOf(server, mode);
  const { client } = await connectClient(
    place,
    name,
    { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } },
    (each) => {
      each.setRequestHandler('sampling/createMessage', async () => ({
        role: 'assistant' as const,
        content: { type: 'text' as const, text: 'sampled' },
        model: 'none',
      }));
      each.setRequestHandler('elicitation/create', async () => ({ action: 'decline' as const }));
      each.setRequestHandler('roots/list', async () => ({
        roots: [{ uri: 'file:///workspace', name: 'workspace' }],
      }));
    },
  );
  const sampled = await client.callTool({
    name: 'trigger-sampling-request',
    arguments: { prompt: 'hello' },
  });
  expect(JSON.stringify(sampled)).toContain('sampled');
  const asked = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
  expect(JSON.stringify(asked)).toMatch(/decline/i);

  const steps: number[] = [];
  await client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 0.6, steps: 3 } },
    { onprogress: ({ progress }) => void steps.push(progress) },
  );
  // The last one comes with the result, and the SDK may be done with the call before it looks at it.
  expect(steps.slice(0, 2)).toEqual([1, 2]);

  const cancelling = new AbortController();
  const long = client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 30, steps: 30 } },
    { signal: cancelling.signal, onprogress: () => cancelling.abort(new Error('enough')) },
  );
  await expect(long).rejects.toThrow('enough');
  const echo = await client.callTool({ name: 'echo', arguments: { message: 'still here' } });
  expect(JSON.stringify(echo)).toContain('still here');
});

test.each(EVERYTHING)(
  'when the service is killed in mid-session, $name goes on without it',
  async (server) => {
    const { place, service } = await placeOf(server, 'gateway');
    const { client, err } = await connectClient(place, server.name);
    await client.callTool({ name: 'echo', arguments: { message: 'one' } });
    await service?.kill('SIGKILL');
    const calls = ['two', 'three', 'four'].map((message) =>
      client.callTool({ name: 'echo', arguments: { message } }),
    );
    const results = await Promise.all(calls);
    expect(results.map((result) => JSON.stringify(result))).toEqual([
      expect.stringContaining('two'),
      expect.stringContaining('three'),
      expect.stringContaining('four'),
    ]);
    expect(err().match(/unobserved/g)).toHaveLength(1);
    expect(err()).toContain('went away');
  },
);

test('a call in flight is answered with an error when the service is killed, and the next one works', async () => {
  const { place, service } = await placeOfScript('gateway');
  const { client } = await connectClient(place, 'every');
  const { promise: running, resolve } = Promise.withResolvers<void>();
  const long = client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 30, steps: 300 } },
    { onprogress: () => resolve() },
  );
  long.catch(() => undefined);
  await running;
  await service?.kill('SIGKILL');
  await expect(long).rejects.toThrow(/could not be reached/);
  expect(
    JSON.stringify(await client.callTool({ name: 'echo', arguments: { message: 'next' } })),
  ).toContain('next');
});

test('a service that starts again is used again: the session is begun anew and counted', async () => {
  const { place, service } = await placeOfScript('gateway');
  const { client, err } = await connectClient(place, 'every');
  await client.callTool({ name: 'echo', arguments: { message: 'one' } });
  await service?.kill('SIGTERM');
  await startServiceIn(place);
  const result = await client.callTool({ name: 'echo', arguments: { message: 'two' } });
  expect(JSON.stringify(result)).toContain('two');
  expect(err()).not.toContain('unobserved');
  expect(await countCalls(place, 'tools/call')).toBe(1);
});

test('a gateway that comes late is used, replaced when it is lost, and its calls are counted', async () => {
  const { place } = await placeOfScript('direct');
  const { client, err } = await connectClient(place, 'every');
  const echo = async (message: string): Promise<void> => {
    const result = await client.callTool({ name: 'echo', arguments: { message } });
    expect(JSON.stringify(result)).toContain(message);
  };
  await echo('one');
  const service = await startServiceIn(place);
  await until(async () => err().includes('every is observed again'));
  await echo('two');
  expect(await countCalls(place, 'tools/call')).toBe(1);
  await service.kill('SIGKILL');
  await echo('three');
  expect(err().match(/served directly and unobserved/g)).toHaveLength(2);
  await until(async () => (await place.processes()).length === 2);
});

test.each(MODES)(
  'over %s all that was asked is answered when standard input ends at once',
  async (mode) => {
    const { place } = await placeOfScript(mode);
    const before = await settledProcesses(place, mode);
    const raw = startRaw(place, 'every');
    raw.send(
      ...OPENING,
      { jsonrpc: '2.0', id: 'list', method: 'tools/list' },
      callOf(2, 'echo', { message: 'naïve ☃ \u2028 line' }),
    );
    raw.end();
    expect(await raw.ended).toBe(0);
    const answers = raw.lines.map((line) => JSON.parse(line) as { id?: unknown; method?: string });
    expect(answers.filter(({ method }) => method === undefined).map(({ id }) => id)).toEqual([
      0,
      'list',
      2,
    ]);
    expect(raw.lines.join('\n')).toContain('naïve ☃ \u2028 line');
    await expectNothingLeft(place, before);
    if (mode === 'gateway') {
      const sessions = 'mcp_active_sessions{server="every",transport="http"} 0';
      await until(async () => (await (await fetch(place.metrics)).text()).includes(sessions));
    }
  },
);

test.each(MODES)('over %s a message of 10 MB passes both ways', async (mode) => {
  const { place } = await placeOfScript(mode);
  const raw = startRaw(place, 'every');
  raw.send(...OPENING);
  await raw.answer(0);
  const message = 'x'.repeat(10_000_000);
  raw.send(callOf(1, 'echo', { message }));
  const answer = await raw.answer(1);
  expect(JSON.stringify(answer).length).toBeGreaterThan(10_000_000);
});

test.each(MODES)('over %s a batch and a line that is no JSON end nothing', async (mode) => {
  const { place } = await placeOfScript(mode);
  const raw = startRaw(place, 'every');
  raw.send(...OPENING);
  await raw.answer(0);
  raw.send('this is {no} JSON', '', '42', '{"jsonrpc":"2.0","id":77}');
  raw.send(callOf(1, 'echo', { message: 'after garbage' }));
  expect(JSON.stringify(await raw.answer(1))).toContain('after garbage');
  if (mode === 'gateway')
    expect(await raw.answer(null)).toMatchObject({ error: { code: -32_700 } });
});

test.each(MODES.flatMap((mode) => (['SIGTERM', 'SIGINT'] as const).map((s) => [mode, s] as const)))(
  'over %s %s ends the command at once, with a call in flight, and leaves nothing behind',
  async (mode, signal) => {
    const { place } = await placeOfScript(mode);
    const before = await settledProcesses(place, mode);
    const raw = startRaw(place, 'every');
    raw.send(...OPENING);
    await raw.answer(0);
    raw.send(callOf(1, 'trigger-long-running-operation', { duration: 60, steps: 2 }));
    const startedMs = performance.now();
    raw.child.kill(signal);
    expect(await raw.ended).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    await expectNothingLeft(place, before);
  },
);

test('when the server itself dies, the command ends with its words and the code 1', async () => {
  const target = fakeServer({ ping: 'crash' });
  const place = await makePlace({ fragile: { command: target.command, args: target.args } });
  const raw = startRaw(place, 'fragile');
  raw.send(...OPENING);
  await raw.answer(0);
  raw.send({ jsonrpc: '2.0', id: 1, method: 'ping' });
  expect(await raw.ended).toBe(1);
  expect(raw.err()).toContain('fragile: the server ended: signal SIGSEGV');
  await expectNothingLeft(place, []);
});

test('what the server says on standard error reaches the client’s log', async () => {
  const target = fakeServer({ exitAtOnce: { code: 3, stderr: 'no such database\n' } });
  const place = await makePlace({ broken: { command: target.command, args: target.args } });
  const raw = startRaw(place, 'broken');
  expect(await raw.ended).toBe(1);
  expect(raw.err()).toContain('no such database\n');
  expect(raw.err()).toContain('broken: the server ended: exit code 3');
});

test('a command that is not there is said, and ends with 1', async () => {
  const place = await makePlace({ missing: { command: '/nowhere/server' } });
  const raw = startRaw(place, 'missing');
  expect(await raw.ended).toBe(1);
  expect(raw.err()).toContain('it could not be started (ENOENT)');
});

test('a stubborn child with a grandchild does not outlive the command', async () => {
  const target = fakeServer({ isStubborn: true, grandchild: 'own_group' });
  const place = await makePlace({ stubborn: { command: target.command, args: target.args } });
  const raw = startRaw(place, 'stubborn');
  raw.send(...OPENING);
  await raw.answer(0);
  raw.child.kill('SIGTERM');
  expect(await raw.ended).toBe(0);
  await expectNothingLeft(place, []);
});

async function occupy(
  place: Place,
  answer: (server: Server) => void = (server) =>
    server.on('request', (_request, response) => response.end('{"service":"another"}')),
): Promise<void> {
  const server = createServer();
  answer(server);
  server.listen(place.gatewayPort, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
}

test.each([
  ['answers something else', undefined],
  ['never answers', (server: Server) => server.on('request', () => undefined)],
])('where another program has the port and %s, the server is started', async (_name, answer) => {
  const { place } = await placeOfScript('direct');
  await occupy(place, answer);
  const { client, err } = await connectClient(place, 'every');
  expect((await client.listTools()).tools).not.toEqual([]);
  expect(err()).toContain('is not this gateway');
});

test('a gateway that does not have the server is said', async () => {
  const { place } = await placeOfScript('gateway');
  const text = JSON.stringify({
    gateway: { listen: `127.0.0.1:${place.gatewayPort}` },
    mcpServers: { other: { command: process.execPath, args: [SCRIPTS.everything, 'stdio'] } },
  });
  await writeFile(`${place.folder}/other.yml`, text);
  const other = { ...place, config: `${place.folder}/other.yml` };
  const { client, err } = await connectClient(other, 'other');
  expect((await client.listTools()).tools).not.toEqual([]);
  expect(err()).toContain('does not have this server');
});

test('a mistake elsewhere in the configuration keeps no client from its server', async () => {
  const { place } = await placeOfScript('direct');
  const text = `
gateway: { listen: 127.0.0.1:${place.gatewayPort} }
mcpServers:
  every: { command: ${process.execPath}, args: [${SCRIPTS.everything}, stdio] }
  search: { url: https://mcp.example.com/mcp, headers: { Authorization: "Bearer \${NOT_SET_HERE}" } }
  typo: { comand: x }
`;
  await writeFile(place.config, text);
  const { client, err } = await connectClient(place, 'every');
  expect((await client.listTools()).tools).not.toEqual([]);
  expect(err()).toContain('has mistakes elsewhere, which are passed over');
  expect(err()).toContain('NOT_SET_HERE');
});

test.each([['no such server', 'evry', 'has no server "evry"; did you mean "every"?']])(
  '%s is said in one line, with the code 2',
  async (_name, name, message) => {
    const { place } = await placeOfScript('direct');
    const raw = startRaw(place, name);
    expect(await raw.ended).toBe(2);
    expect(raw.err()).toContain(message);
    expect(raw.lines).toEqual([]);
  },
);

test('progress and result leave in the order of the server', async () => {
  const { place } = await placeOfScript('gateway');
  const raw = startRaw(place, 'every');
  raw.send(...OPENING);
  await raw.answer(0);
  raw.send({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: 'trigger-long-running-operation',
      arguments: { duration: 0.3, steps: 3 },
      _meta: { progressToken: 'p' },
    },
  });
  await raw.answer(1);
  const order = raw.lines
    .map((line) => JSON.parse(line) as { id?: number; params?: { progress?: number } })
    .map(({ id, params }) => (id === 1 ? 'result' : params?.progress))
    .filter((step) => step !== undefined);
  expect(order).toEqual([1, 2, 3, 'result']);
});

test('a gateway with TLS and bearer tokens is spoken to with what its own configuration says', async () => {
  const { place } = await placeOfScript('direct');
  const { key, cert } = makeCertificate({ altName: 'DNS:elsewhere.example' });
  const files = {
    'key.pem': key,
    'cert.pem': cert,
    'web.yml': 'tls_server_config: { cert_file: cert.pem, key_file: key.pem }\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(place.folder, name), text);
  const config = JSON.parse(await readFile(place.config, 'utf8')) as { gateway: object };
  const bearerTokens = [{ name: 'local', token: 'a-token-of-some-length' }];
  const gateway = { ...config.gateway, authentication: { bearerTokens } };
  await writeFile(place.config, JSON.stringify({ ...config, gateway, webConfigFile: 'web.yml' }));
  await startServiceIn(place);
  const { client, err } = await connectClient(place, 'every');
  expect((await client.listTools()).tools).not.toEqual([]);
  expect(err()).not.toContain('unobserved');
});

test('a wrapped file works with a real client, without the service and through it', async () => {
  const { place } = await placeOfScript('direct');
  const file = join(place.folder, 'mcp.json');
  const entry = { command: process.execPath, args: [SCRIPTS.everything, 'stdio'] };
  const original = `{\n  // mine\n  "mcpServers": { "moved": ${JSON.stringify(entry)} },\n}\n`;
  await writeFile(file, original);
  await runMain(place, 'wrap', file, '--config', place.config);

  const wrapped = parse(await readFile(file, 'utf8')) as {
    mcpServers: { moved: { command: string; args: string[] } };
  };
  const connect = async () => {
    const transport = new StdioClientTransport({ ...wrapped.mcpServers.moved, stderr: 'ignore' });
    const client = new Client({ name: 'wrapped', version: '1' });
    onTestFinished(() => client.close());
    await client.connect(transport, { timeout: 30_000 });
    const { content } = await client.callTool({ name: 'echo', arguments: { message: 'moved' } });
    expect(JSON.stringify(content)).toContain('moved');
    await client.close();
  };
  await connect();
  await startServiceIn(place);
  await connect();
  expect(await countCalls(place, 'tools/call')).toBe(1);

  await runMain(place, 'unwrap', file);
  expect(await readFile(file, 'utf8')).toBe(original);
});

async function runMain({ folder }: Place, ...argv: string[]): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...argv], { cwd: folder, stdio: 'ignore' });
  expect((await once(child, 'close'))[0]).toBe(0);
}
