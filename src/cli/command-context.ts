import type { App } from '../app/app.ts';
import type { AppOptions } from '../app/part.ts';
import type { HttpTarget } from '../facts/server.ts';
import type { AuthorizationAnswer } from '../protocol/oauth/ask-for-authorization.ts';
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

/** Every part of the process and the machine that a command may use; tests supply their own. */
export interface CommandContext {
  readonly stdin: Readable;
  readonly stdout: CommandOutput;
  readonly stderr: CommandOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The command line that starts this program again, without a subcommand; absolute paths. */
  readonly program: readonly [command: string, ...args: string[]];
  /** @returns a function that removes the listener */
  onSignal(signal: CommandSignal, listener: () => void): () => void;
  /** For uncaught errors. @returns a function that removes the listener */
  onFatal(listener: (error: unknown) => void): () => void;
  /** Runs synchronously when the process exits, for any reason. @returns a function that removes the listener */
  onExit(listener: () => void): () => void;
  /** Ends the process without waiting for anything. */
  exitNow(code: number): void;
  createApp(options: AppOptions): Promise<App>;
  createConnector(): Promise<Connector>;
  /** Asks a server whether its clients need OAuth; takes a bounded time. Never rejects. */
  askForAuthorization(target: HttpTarget): Promise<AuthorizationAnswer>;
  /** Shows a page to the person at this machine. @returns whether there is a browser to try */
  openBrowser(url: string): Promise<boolean>;
}

/** The result of a command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
