import { spawn } from 'node:child_process';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { StdioTarget } from '../../facts/server.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { createChildGroup } from './child-group.ts';
import { createLineReader, createTextTail } from './child-lines.ts';
import type { ProcessTable } from './process-usage.ts';

/** The largest real answer seen is 226 kB of tools/list. */
export const LINE_BYTES_MAX = 4 * 1024 * 1024;
/** What may wait for a child that does not read its standard input. */
const UNREAD_BYTES_MAX = 1024 * 1024;
const STDERR_LIMITS = { bytesMax: 4096, linesMax: 20 };
/** What a child may still have to say after its exit, where something else holds its pipes open. */
const DRAIN_MS_MAX = 200;
/** The steps of an end: standard input closes, SIGTERM, SIGKILL. Together about 4 s, so that a shutdown is bounded. */
const END_MS_MAX = { input: 1_000, terminate: 1_500, kill: 1_500 };
const POLL_MS = 20;

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildListener {
  onLine(line: string): void;
  /** A line longer than {@link LINE_BYTES_MAX} was thrown away. */
  onOversizedLine(): void;
  /** Once; nothing comes after it. */
  onExit(exit: ChildExit): void;
  /** Standard error as it comes, for whoever stands in the place of a client's own child. */
  onErrorOutput?(chunk: Buffer): void;
}

export interface ChildLimits {
  /** Longer lines of standard output are thrown away. */
  readonly lineBytesMax: number;
  /** What may wait for a child that does not read its standard input. */
  readonly unreadBytesMax: number;
}

/** A process of ours that leads its own group and session, and talks in lines. */
export interface Child {
  readonly pid: number;
  readonly bytes: { readonly sent: number; readonly received: number };
  /** Resolves once it and all that it started are gone, whoever ended them. */
  readonly gone: Promise<void>;
  /** Starts reading; lines before it wait in the pipe. */
  listen(listener: ChildListener): void;
  /** @returns whether the line was taken: not after the end, nor while the child leaves too much unread */
  write(line: string): boolean;
  /** The last lines of standard error. */
  stderrTail(): string;
  /** Ends the whole group, by force if need be: about 4 s at most. Resolves when it is gone. */
  close(): Promise<void>;
  /** For the last moment of our own process: synchronous, at once. */
  killGroup(): void;
}

export type ChildStart =
  | { readonly ok: true; readonly child: Child }
  /** `code` is that of the system, such as ENOENT, else the error's message. */
  | { readonly ok: false; readonly code: string };

/**
 * Starts the command of a server.
 *
 * Its environment is the exporter's own with the configured one on top, as every MCP client does it: `npx` needs at
 * least PATH and HOME.
 */
export function startChild(
  target: StdioTarget,
  table: ProcessTable,
  clock: Clock,
  limits: ChildLimits = {
    lineBytesMax: LINE_BYTES_MAX,
    unreadBytesMax: UNREAD_BYTES_MAX,
  },
): Promise<ChildStart> {
  const failed = (error: unknown): ChildStart => ({
    ok: false,
    code: spawnErrorCode(error),
  });
  return new Promise((resolve) => {
    try {
      const subprocess = spawnGroup(target);
      subprocess.once('error', (error) => resolve(failed(error)));
      subprocess.once('spawn', () =>
        resolve({ ok: true, child: createChild(subprocess, table, clock, limits) }),
      );
    } catch (error) {
      resolve(failed(error));
    }
  });
}

function spawnGroup(target: StdioTarget) {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(target.env)) env[name] = value.reveal();
  return spawn(target.command, [...target.args], {
    env,
    ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

function createChild(
  subprocess: ReturnType<typeof spawnGroup>,
  table: ProcessTable,
  clock: Clock,
  { lineBytesMax, unreadBytesMax }: ChildLimits,
): Child {
  const { stdin, stdout, stderr } = subprocess;
  // There is a pid once `spawn` was emitted.
  const pid = subprocess.pid ?? 0;
  const group = createChildGroup(pid, table, clock);
  const stderrTail = createTextTail(STDERR_LIMITS);
  const bytes = { sent: 0, received: 0 };
  const { promise: exited, resolve: resolveExit } = Promise.withResolvers<ChildExit>();
  const { promise: gone, resolve: resolveGone } = Promise.withResolvers<void>();
  let hasExited = false;
  let ending: Promise<void> | undefined;

  // Without listeners a write to a child that is gone (EPIPE) would end our own process.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {});
  subprocess.on('error', () => {});
  stderr.on('data', (chunk: Buffer) => stderrTail.push(chunk));

  subprocess.once('exit', (code, signal) => {
    hasExited = true;
    void drained([stdout, stderr]).then(() => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      resolveExit({ code, signal });
    });
    // What it started would stay behind.
    void close();
  });

  function close(): Promise<void> {
    ending ??= endGroup();
    return ending;
  }

  async function endGroup(): Promise<void> {
    const isGone = (): boolean => hasExited && group.isGone();
    stdin.end();
    if (!hasExited) await until(() => hasExited, END_MS_MAX.input);
    if (!isGone()) {
      group.signal('SIGTERM');
      await until(isGone, END_MS_MAX.terminate);
    }
    if (!isGone()) {
      group.signal('SIGKILL');
      await until(isGone, END_MS_MAX.kill);
    }
    // A process that even SIGKILL does not end (it waits for a disk) must not hold up our own end.
    if (hasExited) await exited;
    resolveGone();
  }

  return {
    pid,
    bytes,
    gone,
    listen(listener) {
      const lines = createLineReader({ lineBytesMax, ...listener });
      stdout.on('data', (chunk: Buffer) => {
        bytes.received += chunk.length;
        lines.push(chunk);
      });
      const { onErrorOutput } = listener;
      if (onErrorOutput) stderr.on('data', onErrorOutput);
      void exited.then((exit) => listener.onExit(exit));
    },
    write(line) {
      if (!stdin.writable || stdin.writableLength > unreadBytesMax) return false;
      stdin.write(`${line}\n`);
      bytes.sent += Buffer.byteLength(line) + 1;
      return true;
    },
    stderrTail: () => stderrTail.text(),
    close,
    killGroup: () => group.signal('SIGKILL'),
  };
}

/** Resolves when all streams have ended, or soon after: a grandchild may hold them open. */
async function drained(streams: readonly Readable[]): Promise<void> {
  await until(
    () => streams.every((stream) => stream.readableEnded || stream.destroyed),
    DRAIN_MS_MAX,
  );
}

/** Looks every few milliseconds, since the end of processes that are not our own children is no event. */
async function until(isDone: () => boolean, limitMs: number): Promise<void> {
  const endsAtMs = performance.now() + limitMs;
  while (!isDone() && performance.now() < endsAtMs) await delay(POLL_MS);
}

function spawnErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/u.test(error.code)
    ? error.code
    : error.message;
}
