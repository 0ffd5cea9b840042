import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const READY_MS = 30_000;
const STOP_MS = 5_000;

export interface StartedProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Instead of the own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** It is ready when this port takes connections, */
  readonly port: number;
  /** and this address, if there is one, answers with success. */
  readonly readyUrl?: string;
  /** For what it prints, which goes to a file as it would in earnest. */
  readonly folder: string;
}

/** Starts a server program and waits until it listens. */
export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const { name, command, args, env, port, readyUrl, folder } = options;
  const logPath = join(folder, `${name.replaceAll(/\W+/g, '-')}.log`);
  const log = openSync(logPath, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
    cwd: folder,
  });
  closeSync(log);
  // Whatever ends the benchmark, nothing of it stays behind.
  const kill = (): void => void child.kill();
  process.on('exit', kill);
  child.on('exit', () => process.off('exit', kill));
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`${name} could not be started: ${String(error)}`);
  });
  const started = await Promise.race([waitUntilReady(child, port, readyUrl), failed]);
  if (!started || child.pid === undefined) {
    child.kill('SIGKILL');
    const tail = readFileSync(logPath, 'utf8').slice(-2_000);
    throw new Error(`${name} did not listen on its port:\n${tail}`);
  }
  return { pid: child.pid, stop: () => stopChild(child) };
}

async function waitUntilReady(child: ChildProcess, port: number, url?: string): Promise<boolean> {
  const endMs = Date.now() + READY_MS;
  while (Date.now() < endMs && child.exitCode === null) {
    if ((await takesConnections(port)) && (url === undefined || (await succeeds(url)))) return true;
    await delay(50);
  }
  return false;
}

async function succeeds(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.ok === true;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}
