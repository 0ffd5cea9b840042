import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '../../../src/facts/secret.ts';
import type { HttpTarget, StdioTarget } from '../../../src/facts/server.ts';
import { freePort } from './free-port.ts';
import type { CommandLine, Place, RealServer } from './real-servers.ts';

const START_MS_MAX = 45_000;
const STOP_MS_MAX = 3_000;
const OUTPUT_LENGTH_MAX = 4_000;

export interface StartedServer {
  readonly target: HttpTarget | StdioTarget;
  /** The working directory of everything that runs for it. */
  readonly directory: string;
  /** Never true for stdio servers, which the connection under test starts itself. */
  isRunning(): boolean;
  /**
   * Ends it with everything it started, and removes its directory.
   * @param signal tried first; default: SIGTERM
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a server that listens; of a stdio server only the place and the target are made.
 * @param env added to the server's environment
 * @param port for one that takes the place of another; default: any that is free
 */
export async function startServer(
  server: RealServer,
  env: Readonly<Record<string, string>> = {},
  port?: number,
): Promise<StartedServer> {
  const directory = await mkdtemp(join(tmpdir(), `mcp-${server.name}-`));
  for (const [name, text] of Object.entries(server.files ?? {})) {
    await writeFile(join(directory, name), text);
  }
  const place = {
    directory,
    port: server.transport === 'stdio' ? 0 : (port ?? (await freePort())),
  };
  const removeDirectory = () => rm(directory, { recursive: true, force: true, maxRetries: 5 });
  const line = server.commandLine(place);
  const environment = { ...offlineEnvironment(place), ...line.env, ...env };
  if (server.transport === 'stdio') {
    return {
      target: stdioTarget(line, environment, directory),
      directory,
      isRunning: () => false,
      stop: removeDirectory,
    };
  }
  const child = await startListening(server.name, line, environment, place);
  return {
    target: {
      kind: 'http',
      url: `http://127.0.0.1:${place.port}${server.path ?? '/'}`,
      transport: server.transport,
      headers: {},
      tlsSkipVerify: false,
    },
    directory,
    isRunning: () => !hasEnded(child),
    async stop(signal = 'SIGTERM') {
      await endGroup(child, signal);
      await removeDirectory();
    },
  };
}

/** A home of its own, and a proxy that is not there for whatever wants to leave the machine. */
function offlineEnvironment({ directory }: Place): Record<string, string> {
  const nowhere = 'http://127.0.0.1:9';
  return {
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    XDG_DATA_HOME: directory,
    XDG_CACHE_HOME: directory,
    DOTNET_BUNDLE_EXTRACT_BASE_DIR: join(directory, 'dotnet'),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    http_proxy: nowhere,
    https_proxy: nowhere,
    NO_PROXY: '127.0.0.1,localhost,::1',
    no_proxy: '127.0.0.1,localhost,::1',
  };
}

function stdioTarget(
  { command, args }: CommandLine,
  environment: Readonly<Record<string, string>>,
  cwd: string,
): StdioTarget {
  const secrets = Object.entries(environment).map(
    ([name, value]) => [name, new Secret(value)] as const,
  );
  return { kind: 'stdio', command, args, env: Object.fromEntries(secrets), cwd };
}

async function startListening(
  name: string,
  { command, args }: CommandLine,
  environment: Readonly<Record<string, string>>,
  { directory, port }: Place,
): Promise<ChildProcess> {
  const child = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_LENGTH_MAX);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.once('error', (error) => collect(Buffer.from(String(error))));
  const deadlineMs = Date.now() + START_MS_MAX;
  while (!(await accepts(port))) {
    if (hasEnded(child) || Date.now() > deadlineMs) {
      await endGroup(child, 'SIGTERM');
      throw new Error(`${name} does not listen on ${port}; it said: ${output}`);
    }
    await delay(50);
  }
  return child;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function endGroup(child: ChildProcess, first: NodeJS.Signals): Promise<void> {
  if (!child.pid) return;
  signalGroup(child.pid, first);
  if (!hasEnded(child)) await Promise.race([once(child, 'exit'), delay(STOP_MS_MAX)]);
  signalGroup(child.pid, 'SIGKILL');
  if (!hasEnded(child)) await once(child, 'exit');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
