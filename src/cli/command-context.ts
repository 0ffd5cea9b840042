import type { App } from '../app/app.ts';
import type { AppOptions } from '../app/part.ts';
import type { Clock } from '../facts/ports/clock.ts';
import type { Connector } from '../sources/probe/ports.ts';
import type { Readable, Writable } from 'node:stream';

export interface CommandOutput {
  readonly stream: Writable;
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
}

/** Signals that a command reacts to. */
export type CommandSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Everything of the process and of the machine that a command may touch; tests hand in their own. */
export interface CommandContext {
  readonly stdin: Readable;
  readonly stdout: CommandOutput;
  readonly stderr: CommandOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The command line that starts this program again, without a subcommand; absolute paths. */
  readonly program: readonly [command: string, ...args: string[]];
  /** @returns a function that takes the listener away */
  onSignal(signal: CommandSignal, listener: () => void): () => void;
  /** For what nothing caught. @returns a function that takes the listener away */
  onFatal(listener: (error: unknown) => void): () => void;
  /** For the last moment of the process, whatever ended it; synchronous. @returns a function that takes the listener away */
  onExit(listener: () => void): () => void;
  /** Ends the process without waiting for anything. */
  exitNow(code: number): void;
  createApp(options: AppOptions): Promise<App>;
  createConnector(): Promise<Connector>;
}

/** What a command ends with. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
