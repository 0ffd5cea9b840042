import { spawn } from 'node:child_process';
import process from 'node:process';
import { finished } from 'node:stream/promises';
import { endsWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { StdioTarget } from '../../facts/server.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import type { MessageFacts } from '../message-facts.ts';
import type { ChildEnd } from './child-end.ts';
import { type ChildGroup, createChildGroup } from './child-group.ts';
import { createLineReader, createTextTail, type TextTail } from './child-lines.ts';
import type { ProcessTable } from './process-usage.ts';

const STDERR_LIMITS = { bytesMax: 4096, linesMax: 20 };
/** How long output is still read after the exit of a child, if another process holds its pipes open. */
const DRAIN_MS_MAX = 200;
/** The steps to end a child: standard input closes, SIGTERM, SIGKILL. Together about 4 s, so that a shutdown is bounded. */
const END_MS_MAX = { input: 1_000, terminate: 1_500, kill: 1_500 };

export interface ChildListener {
  onLine(line: string): void;
  /** A line longer than the limit was thrown away. */
  onOversizedLine(): void;
  /** See `LineReaderOptions`. */
  onSkimmedLine?(messages: readonly MessageFacts[]): void;
  /** Once; nothing comes after it. */
  onEnd(end: ChildEnd): void;
  /** Standard error as it arrives, for the command that takes the place of a client's own child. */
  onErrorOutput?(chunk: Buffer): void;
}

export interface ChildLimits {
  /** Longer lines of standard output are thrown away. */
  readonly lineBytesMax: number;
  /** What may wait for a child that does not read its standard input. */
  readonly unreadBytesMax: number;
}

export interface ChildOptions {
  readonly target: StdioTarget;
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly limits: ChildLimits;
  /** Applied to everything that the child wrote and a person may read. */
  readonly mask: (text: string) => string;
}

/** A process of ours that leads its own group and session, and talks in lines. */
export interface Child {
  readonly pid: number;
  readonly startedAtMs: MonotonicMs;
  readonly bytes: { readonly sent: number; readonly received: number };
  /** Resolves once it and all that it started are gone, whoever ended them. */
  readonly gone: Promise<void>;
  /** Starts reading; lines before it wait in the pipe. Called once. */
  listen(listener: ChildListener): void;
  /** @returns whether the line was taken: not after the end, nor while the child leaves too much unread */
  write(line: string): boolean;
  /** Undefined until the listener got it. */
  end(): ChildEnd | undefined;
  /** Ends the whole group, by force if need be: about 4 s at most. Resolves when it is gone. */
  close(): Promise<void>;
  /** Synchronous, for the `exit` event of our own process. */
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
export function startChild(options: ChildOptions): Promise<ChildStart> {
  const startedAtMs = options.clock.monotonicMs();
  const failed = (error: unknown): ChildStart => ({ ok: false, code: spawnErrorCode(error) });
  return new Promise((resolve) => {
    try {
      const subprocess = spawnGroup(options.target);
      subprocess.once('error', (error) => resolve(failed(error)));
      subprocess.once('spawn', () =>
        resolve({ ok: true, child: new ChildProcess(subprocess, startedAtMs, options) }),
      );
    } catch (error) {
      resolve(failed(error));
    }
  });
}

type Subprocess = ReturnType<typeof spawnGroup>;

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

class ChildProcess implements Child {
  readonly pid: number;
  readonly startedAtMs: MonotonicMs;
  readonly bytes = { sent: 0, received: 0 };
  readonly #subprocess: Subprocess;
  readonly #options: ChildOptions;
  readonly #group: ChildGroup;
  readonly #stderrTail: TextTail = createTextTail(STDERR_LIMITS);
  readonly #exited = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<ChildEnd>();
  readonly #gone = Promise.withResolvers<void>();
  #hasExited = false;
  #isStopped = false;
  #end: ChildEnd | undefined;
  #ending: Promise<void> | undefined;

  constructor(subprocess: Subprocess, startedAtMs: MonotonicMs, options: ChildOptions) {
    // Always set after the event `spawn`.
    this.pid = subprocess.pid ?? 0;
    this.startedAtMs = startedAtMs;
    this.#subprocess = subprocess;
    this.#options = options;
    this.#group = createChildGroup(this.pid, options.table, options.clock);
    // Without listeners a write to a child that is gone (EPIPE) would end our own process.
    for (const stream of subprocess.stdio) stream?.on('error', () => {});
    subprocess.on('error', () => {});
    subprocess.stderr.on('data', (chunk: Buffer) => this.#stderrTail.push(chunk));
    subprocess.once('exit', (code, signal) => void this.#onExit(code, signal));
  }

  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  listen(listener: ChildListener): void {
    const { stdout, stderr } = this.#subprocess;
    const { onErrorOutput, onSkimmedLine } = listener;
    const lines = createLineReader({
      lineBytesMax: this.#options.limits.lineBytesMax,
      onLine: (line) => listener.onLine(line),
      onOversizedLine: () => listener.onOversizedLine(),
      onSkimmedLine,
    });
    stdout.on('data', (chunk: Buffer) => {
      this.bytes.received += chunk.length;
      lines.push(chunk);
    });
    if (onErrorOutput) stderr.on('data', onErrorOutput);
    void this.#ended.promise.then((end) => {
      this.#end = end;
      listener.onEnd(end);
    });
  }

  write(line: string): boolean {
    const { stdin } = this.#subprocess;
    const { unreadBytesMax } = this.#options.limits;
    if (!stdin.writable || stdin.writableLength > unreadBytesMax) return false;
    stdin.write(`${line}\n`);
    this.bytes.sent += Buffer.byteLength(line) + 1;
    return true;
  }

  end(): ChildEnd | undefined {
    return this.#end;
  }

  close(): Promise<void> {
    this.#isStopped ||= this.#end === undefined;
    return this.#endGroup();
  }

  killGroup(): void {
    this.#group.signal('SIGKILL');
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const { clock, mask } = this.#options;
    const { stdin, stdout, stderr } = this.#subprocess;
    this.#hasExited = true;
    this.#exited.resolve();
    // Processes that it started would stay behind.
    void this.#endGroup();
    await endsWithin(clock, DRAIN_MS_MAX, Promise.all([stdout, stderr].map(drained)));
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
    this.#ended.resolve({
      code,
      signal,
      wasStopped: this.#isStopped,
      livedMs: clock.monotonicMs() - this.startedAtMs,
      stderrTail: mask(this.#stderrTail.text()),
    });
  }

  #endGroup(): Promise<void> {
    this.#ending ??= this.#escalate();
    return this.#ending;
  }

  async #escalate(): Promise<void> {
    const { clock } = this.#options;
    this.#subprocess.stdin.end();
    await endsWithin(clock, END_MS_MAX.input, this.#exited.promise);
    if (!this.#isGone()) await this.#signal('SIGTERM', END_MS_MAX.terminate);
    if (!this.#isGone()) await this.#signal('SIGKILL', END_MS_MAX.kill);
    // A process that even SIGKILL does not end (it waits for a disk) must not hold up our own end.
    if (this.#hasExited) await this.#ended.promise;
    this.#gone.resolve();
  }

  async #signal(name: NodeJS.Signals, limitMs: number): Promise<void> {
    const { clock } = this.#options;
    const startedAtMs = clock.monotonicMs();
    this.#group.signal(name);
    await endsWithin(clock, limitMs, this.#exited.promise);
    const restMs = limitMs - (clock.monotonicMs() - startedAtMs);
    if (this.#hasExited) await this.#group.untilGone(restMs);
  }

  #isGone(): boolean {
    return this.#hasExited && this.#group.isGone();
  }
}

/** Resolves at the end of the stream. A grandchild may hold it open for longer than the child lives. */
async function drained(stream: Subprocess['stdout']): Promise<void> {
  await finished(stream).catch(() => undefined);
}

function spawnErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/u.test(error.code)
    ? error.code
    : error.message;
}
