import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type ClientOptions } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { onTestFinished } from 'vitest';
import type { HttpTarget, StdioTarget } from '../../../src/facts/server.ts';
import { processesIn } from './processes-in.ts';
import { until } from './until.ts';

export const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** A folder with a configuration, and ports that only it uses. */
export interface Place {
  readonly folder: string;
  readonly config: string;
  readonly gatewayPort: number;
  readonly metrics: string;
  /** Our own processes and their children, all of which run in the folder. */
  processes(): Promise<number[]>;
}

/** @param servers the block `mcpServers`, as JSON */
export async function makePlace(servers: Readonly<Record<string, unknown>>): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-stdio-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const port = await quietPort();
  const gatewayPort = await quietPort();
  const config = join(folder, 'mcp-exporter.yml');
  await writeFile(
    config,
    JSON.stringify({
      listen: `127.0.0.1:${port}`,
      gateway: { listen: `127.0.0.1:${gatewayPort}` },
      mcpServers: servers,
    }),
  );
  return {
    folder,
    config,
    gatewayPort,
    metrics: `http://127.0.0.1:${port}/metrics`,
    processes: () => processesIn(folder),
  };
}

/**
 * A free port below those that the system gives to outgoing connections: the configuration names it long before the
 * service takes it, and is still right after a restart.
 */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
}

/** The entry of a server as a configuration has it. */
export function entryOf(target: HttpTarget | StdioTarget): Readonly<Record<string, unknown>> {
  if (target.kind === 'http') return { url: target.url, type: target.transport };
  const env = Object.entries(target.env).map(([name, secret]) => [name, secret.reveal()]);
  return { command: target.command, args: target.args, env: Object.fromEntries(env) };
}

export interface RunningService {
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** The service with its gateway, once it listens. */
export async function startServiceIn({
  config,
  folder,
  gatewayPort,
}: Place): Promise<RunningService> {
  const child = spawn(
    process.execPath,
    [MAIN, 'serve', '--config', config, '--log-level', 'warn'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  onTestFinished(() => kill('SIGTERM'));
  await until(async () => {
    if (child.exitCode !== null) throw new Error('the service ended');
    return accepts(gatewayPort);
  });
  return { kill };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

/** How many calls of a method passed the gateway, by outcome. */
export async function countCalls(
  { metrics }: Place,
  operation: string,
  outcome = 'success',
): Promise<number> {
  const page = await (await fetch(metrics)).text();
  return page
    .split('\n')
    .filter((line) => line.startsWith('mcp_requests_total{'))
    .filter(
      (line) => line.includes(`operation="${operation}"`) && line.includes(`outcome="${outcome}"`),
    )
    .reduce((sum, line) => sum + Number(/\} (\S+)/.exec(line)?.[1] ?? 0), 0);
}

export interface ConnectedClient {
  readonly client: Client;
  /** What the command said on standard error. */
  readonly err: () => string;
  close(): Promise<void>;
}

/** An SDK client whose server is `mcp-exporter stdio NAME`. */
export async function connectClient(
  { config, folder }: Place,
  name: string,
  options: ClientOptions = {},
  prepare: (client: Client) => void = () => undefined,
): Promise<ConnectedClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, 'stdio', name, '--config', config],
    cwd: folder,
    stderr: 'pipe',
  });
  let err = '';
  transport.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const client = new Client({ name: 'stdio-client', version: '1.2.3' }, options);
  prepare(client);
  const close = (): Promise<void> => client.close();
  onTestFinished(close);
  await client.connect(transport, { timeout: 30_000 });
  return { client, err: () => err, close };
}

export interface RawClient {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly err: () => string;
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  send(...messages: readonly (object | string)[]): void;
  end(): void;
  /** The answer to an id, once it is there. */
  answer(id: number | string | null): Promise<Record<string, never>>;
}

/** The command with its bare pipes. */
export function startRaw({ config, folder }: Place, name: string): RawClient {
  const child = spawn(process.execPath, [MAIN, 'stdio', name, '--config', config], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let err = '';
  let rest = '';
  // By line feeds only: readline also breaks at U+2028, which JSON may hold.
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(
    ([code, signal]: unknown[]) => (code ?? signal) as number | string,
  );
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return {
    child,
    lines,
    err: () => err,
    ended,
    send(...messages) {
      for (const message of messages)
        child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
    },
    end: () => child.stdin.end(),
    answer: (id) =>
      until(() => {
        const found = lines
          .map((line) => JSON.parse(line) as Record<string, never>)
          .find((message) => message['id'] === id && !('method' in message));
        if (!found && child.exitCode !== null) throw new Error(`it ended: ${err}`);
        return found;
      }),
  };
}

export const OPENING = [
  {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '1' },
    },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
] as const;

export function callOf(id: number | string, name: string, args: object): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}
