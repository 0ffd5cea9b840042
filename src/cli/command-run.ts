import type { Command } from 'commander';
import type { CommandContext, ExitCode } from './command-context.ts';

/** What a command gets when it is added. */
export interface CommandRun {
  readonly context: CommandContext;
  /** The arguments after `--`. */
  readonly command: readonly string[];
  readonly end: (code: ExitCode) => void;
}

export type AddCommand = (program: Command, run: CommandRun) => void;
