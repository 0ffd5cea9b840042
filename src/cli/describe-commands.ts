import type { Command } from 'commander';

/** A command as a shell sees it. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** What its first argument may be; `server` stands for the name of one. */
  readonly values: readonly string[] | 'server' | 'file';
  readonly commands: readonly CommandWords[];
}

export interface OptionWords {
  /** Such as `-c` and `--config`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What follows it; absent if nothing does. */
  readonly takes?: 'file' | 'text';
}

/** The tree of commands, for the scripts of shells. */
export function describeCommands(command: Command): CommandWords {
  const [first] = command.registeredArguments;
  const help: OptionWords = { flags: ['-h', '--help'], description: 'display help for command' };
  const options = command.options.map(({ short, long, description, flags }) => ({
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    ...(/[<[]/.test(flags) && ({ takes: flags.includes('<file>') ? 'file' : 'text' } as const)),
  }));
  const argument = first?.name();
  return {
    name: command.name(),
    description: command.description(),
    options: [...options, help],
    values:
      first?.argChoices ??
      (argument === 'name' || argument === 'target'
        ? 'server'
        : argument?.includes('file')
          ? 'file'
          : []),
    commands: command.commands.map(describeCommands),
  };
}
