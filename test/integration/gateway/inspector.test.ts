import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONFORMANCE_SCRIPTS } from '../support/conformance-programs.ts';
import { freePort } from '../support/free-port.ts';
import { SCRIPTS } from '../support/server-programs.ts';
import {
  httpServer,
  nodeServer,
  type StartedGateway,
  startGateway,
} from '../support/start-gateway.ts';
import { runInspector } from './support/run-inspector.ts';
import { type Listener, startListener } from './support/start-listener.ts';
import { type Program, startProgram } from './support/start-program.ts';

/**
 * Goal: the MCP Inspector shows the same of a server, directly and through the gateway.
 * Method: a scripted session of its command line client over each transport; its output must be equal.
 */
const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const MAIN = join(import.meta.dirname, '../../../src/main.ts');

const LIST_TOOLS = ['--method', 'tools/list'];
const CALL_ECHO = [
  '--method',
  'tools/call',
  '--tool-name',
  'echo',
  '--tool-arg',
  'message=grüße 😀',
];
const CALL_TEXT = ['--method', 'tools/call', '--tool-name', 'test_simple_text'];
const LIST_PROMPTS = ['--method', 'prompts/list'];
const LIST_RESOURCES = ['--method', 'resources/list'];
const MODERN = ['--protocol-era', 'modern'];

let reference: Program;
let http: Listener;
let sse: Listener;
let gateway: StartedGateway;
let directory: string;

beforeAll(async () => {
  [reference, http, sse] = await Promise.all([
    startProgram(CONFORMANCE_SCRIPTS.referenceHttp),
    startListener(SCRIPTS.everything, ['streamableHttp'], await freePort()),
    startListener(SCRIPTS.everything, ['sse'], await freePort()),
  ]);
  gateway = await startGateway({
    servers: [
      httpServer('reference', `http://127.0.0.1:${reference.port}/mcp`),
      httpServer('http', `http://127.0.0.1:${http.port}/mcp`),
      httpServer('sse', `http://127.0.0.1:${sse.port}/sse`, {}, 'sse'),
      nodeServer('stdio', STDIO_ARGS),
    ],
  });
  directory = await mkdtemp(join(tmpdir(), 'mcp-inspector-config-'));
  const config = {
    gateway: { listen: `127.0.0.1:${gateway.port}` },
    mcpServers: { stdio: { command: process.execPath, args: STDIO_ARGS } },
  };
  await writeFile(join(directory, 'mcp-exporter.yml'), JSON.stringify(config));
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([reference?.stop(), http?.stop(), sse?.stop()]);
  if (directory) await rm(directory, { recursive: true, force: true });
});

const STDIO_ARGS = [SCRIPTS.everything, 'stdio'];

interface Route {
  readonly transport: 'http' | 'sse' | 'stdio';
  readonly direct: () => readonly string[];
  readonly through: () => readonly string[];
}

const ROUTES = {
  http: {
    transport: 'http',
    direct: () => [`http://127.0.0.1:${http.port}/mcp`],
    through: () => [gateway.url('http')],
  },
  reference: {
    transport: 'http',
    direct: () => [`http://127.0.0.1:${reference.port}/mcp`],
    through: () => [gateway.url('reference')],
  },
  sse: {
    transport: 'sse',
    direct: () => [`http://127.0.0.1:${sse.port}/sse`],
    through: () => [gateway.url('sse', '/sse')],
  },
  // `mcp-exporter stdio NAME` in the place of the server's own command; it finds its configuration where it is started.
  stdio: {
    transport: 'stdio',
    direct: () => [process.execPath, ...STDIO_ARGS],
    through: () => [process.execPath, MAIN, 'stdio', 'stdio'],
  },
} as const satisfies Record<string, Route>;

interface Step {
  readonly route: keyof typeof ROUTES;
  readonly args: readonly string[];
  readonly isQuick: boolean;
  /** In the output of both. */
  readonly shows: string;
}

const STEPS: readonly Step[] = [
  { route: 'http', args: LIST_TOOLS, isQuick: true, shows: 'trigger-long-running-operation' },
  { route: 'http', args: CALL_ECHO, isQuick: true, shows: 'Echo: grüße 😀' },
  { route: 'http', args: LIST_PROMPTS, isQuick: true, shows: 'prompts' },
  { route: 'http', args: LIST_RESOURCES, isQuick: true, shows: 'resources' },
  { route: 'sse', args: LIST_TOOLS, isQuick: false, shows: 'trigger-long-running-operation' },
  { route: 'sse', args: CALL_ECHO, isQuick: true, shows: 'Echo: grüße 😀' },
  { route: 'sse', args: LIST_PROMPTS, isQuick: true, shows: 'prompts' },
  { route: 'sse', args: LIST_RESOURCES, isQuick: false, shows: 'resources' },
  { route: 'reference', args: [...MODERN, ...LIST_TOOLS], isQuick: false, shows: 'test_sampling' },
  { route: 'reference', args: [...MODERN, ...CALL_TEXT], isQuick: true, shows: 'simple text' },
  { route: 'reference', args: [...MODERN, ...LIST_PROMPTS], isQuick: false, shows: 'test_simple' },
  { route: 'reference', args: [...MODERN, ...LIST_RESOURCES], isQuick: false, shows: 'static' },
  { route: 'stdio', args: LIST_TOOLS, isQuick: false, shows: 'trigger-long-running-operation' },
  { route: 'stdio', args: CALL_ECHO, isQuick: true, shows: 'Echo: grüße 😀' },
  { route: 'stdio', args: LIST_PROMPTS, isQuick: false, shows: 'prompts' },
  { route: 'stdio', args: LIST_RESOURCES, isQuick: false, shows: 'resources' },
];

test.each(STEPS.filter(({ isQuick }) => isFull || isQuick))(
  'the Inspector shows the same over $route through the gateway: $args',
  async ({ route, args, shows }) => {
    const { transport, direct, through } = ROUTES[route];
    const calls = gateway.records.length;
    const [one, other] = await Promise.all([
      runInspector(direct(), transport, args, directory),
      runInspector(through(), transport, args, directory),
    ]);
    expect(one).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(shows) });
    expect(other.stdout, other.stderr).toBe(one.stdout);
    expect(other.exitCode).toBe(0);
    // It did go through the gateway.
    const seen = gateway.records.slice(calls).map(({ operation }) => operation);
    expect(seen).toContain(args[args.indexOf('--method') + 1]);
  },
);
