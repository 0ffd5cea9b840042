import { Argument, type Command, Option } from 'commander';
import { COMPLETION_SHELLS, type CompletionShell, writeCompletion } from './completion.ts';
import { type CommandContext, EXIT } from './command-context.ts';
import type { CommandRun } from './command-run.ts';
import { describeCommands } from './describe-commands.ts';
import { TEST_SEVERITIES } from '../facts/alert-event.ts';
import {
  ALERT_TEST_HELP,
  CHECK_HELP,
  COMPLETION_HELP,
  DISABLE_HELP,
  ENABLE_HELP,
  RESTART_HELP,
  STATUS_HELP,
} from './help-text.ts';
import { parseDurationOption, parseInstantOption, parseUrlOption } from './parse-options.ts';

/** Adds the options of every command that talks to the running service (`ServiceCommandOptions`). */
export function withServiceOptions(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'the service, instead of the address in the configuration',
      parseUrlOption,
    )
    .option('-c, --config <file>', 'the configuration of the service')
    .option('--token-file <file>', 'file with the admin token')
    .option('--json', 'print the answer of the API');
}

/** Adds who does it, for the journal. */
export function withAuthor(command: Command): Command {
  return command.option('--by <name>', 'who does it, instead of $USER');
}

/** @returns what `--by` says, else the name of the user of this terminal */
export function authorOf(
  { by }: { readonly by?: string },
  { env }: Pick<CommandContext, 'env'>,
): { readonly by?: string } {
  const name = by ?? (env['USER'] || env['LOGNAME']);
  return name ? { by: name } : {};
}

export function addStatus(program: Command, { context, end }: CommandRun): void {
  withServiceOptions(
    program
      .command('status')
      .description('show what the running service knows of its servers')
      .argument('[name]', 'one server, in detail')
      .option('--names', 'print the names of the servers alone, one a line'),
  )
    .addHelpText('after', STATUS_HELP)
    .action(async (name: string | undefined, options) => {
      const { showStatus } = await import('./show-status.ts');
      end(await showStatus({ ...options, name }, context));
    });
}

export function addCheck(program: Command, { context, end }: CommandRun): void {
  const command = program
    .command('check')
    .description('have the running service check a server, or all, now')
    .argument('[name]', 'configured server')
    .option('--all', 'all servers that are not disabled');
  withServiceOptions(withAuthor(command))
    .addHelpText('after', CHECK_HELP)
    .action(async (name: string | undefined, { all, ...options }) => {
      if ((name === undefined) === (all === undefined))
        command.error('error: give either the name of a server or --all');
      const { checkServers } = await import('./check-servers.ts');
      end(await checkServers({ ...options, ...authorOf(options, context), name }, context));
    });
}

export function addRestart(program: Command, { context, end }: CommandRun): void {
  const command = program
    .command('restart')
    .description('restart the child of a stdio server, and check it')
    .argument('<name>', 'configured server');
  withServiceOptions(withAuthor(withReason(command)))
    .addHelpText('after', RESTART_HELP)
    .action(async (name: string, options) => {
      const { restartServer } = await import('./check-servers.ts');
      end(await restartServer({ ...options, ...authorOf(options, context), name }, context));
    });
}

export function addDisable(program: Command, run: CommandRun): void {
  const command = program
    .command('disable')
    .description('take a server out of service: no checks, no calls, no alerts')
    .argument('<name>', 'configured server')
    .option('--for <duration>', 'enable it again after this time, such as 30m', parseDurationOption)
    .addOption(
      new Option('--until <time>', 'enable it again then, such as 2026-11-28T18:00')
        .argParser(parseInstantOption)
        .conflicts('for'),
    );
  addSwitch('disable', withReason(command), DISABLE_HELP, run);
}

export function addEnable(program: Command, run: CommandRun): void {
  const command = program
    .command('enable')
    .description('take a disabled server back into service')
    .argument('<name>', 'configured server');
  addSwitch('enable', withReason(command), ENABLE_HELP, run);
}

export function withReason(command: Command): Command {
  return command.option('--reason <text>', 'for the people who see it');
}

function addSwitch(
  to: 'disable' | 'enable',
  command: Command,
  help: string,
  { context, end }: CommandRun,
): void {
  withServiceOptions(withAuthor(command))
    .addHelpText('after', help)
    .action(async (name: string, options) => {
      const { switchServer } = await import('./switch-server.ts');
      end(await switchServer({ ...options, ...authorOf(options, context), to, name }, context));
    });
}

export function addAlert(program: Command, { context, end }: CommandRun): void {
  const alert = program.command('alert').description('try where alerts go');
  const command = alert
    .command('test')
    .description('send a test alert through Alertmanager and show where it goes')
    .addOption(
      new Option('--severity <severity>', 'who is notified depends on it; critical may page people')
        .choices(TEST_SEVERITIES)
        .default('warning'),
    );
  withServiceOptions(withAuthor(command))
    .addHelpText('after', ALERT_TEST_HELP)
    .action(async (options) => {
      const { requestTestAlert } = await import('./request-test-alert.ts');
      end(await requestTestAlert({ ...options, ...authorOf(options, context) }, context));
    });
}

export function addCompletion(program: Command, { context, end }: CommandRun): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(COMPLETION_SHELLS))
    .addHelpText('after', COMPLETION_HELP)
    .action((shell: CompletionShell) => {
      context.stdout.stream.write(writeCompletion(shell, describeCommands(program)));
      end(EXIT.ok);
    });
}
