import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDays } from '../facts/rules/maintenance-time.ts';
import type { CommandRun } from './command-run.ts';
import {
  MAINTENANCE_ADD_HELP,
  MAINTENANCE_CANCEL_HELP,
  MAINTENANCE_LIST_HELP,
} from './help-text.ts';
import { parseDurationOption, parseInstantOption } from './parse-options.ts';
import { authorOf, withAuthor, withReason, withServiceOptions } from './service-commands.ts';

const RECURRING_OPTIONS = ['from', 'to', 'days', 'daysOfMonth', 'timeZone'] as const;

export function addMaintenance(program: Command, run: CommandRun): void {
  const command = program
    .command('maintenance')
    .description('list, plan and cancel maintenance windows of the running service');
  addList(command, run);
  addAdd(command, run);
  addCancel(command, run);
}

function addList(parent: Command, { context, end }: CommandRun): void {
  withServiceOptions(parent.command('list').description('list the windows that have not ended'))
    .addHelpText('after', MAINTENANCE_LIST_HELP)
    .action(async (options) => {
      const { listWindows } = await import('./maintenance.ts');
      end(await listWindows(options, context));
    });
}

function addAdd(parent: Command, { context, end }: CommandRun): void {
  const command = parent
    .command('add')
    .description('plan a window in which servers may fail: no alerts, neither up nor down')
    .argument('[name...]', 'configured servers')
    .option('--all', 'all servers')
    .option('--for <duration>', 'its length, such as 2h', parseDurationOption)
    .addOption(
      new Option('--until <time>', 'its end, such as 2026-11-28T18:00')
        .argParser(parseInstantOption)
        .conflicts('for'),
    )
    .option('--start <time>', 'its start, instead of now', parseInstantOption)
    .option('--from <hour>', 'of a recurring window: its start, such as 22:00')
    .option('--to <hour>', 'its end; if not later than --from, on the next day')
    .option('--days <days>', 'days of the week, such as saturday,sunday', parseDaysOption)
    .option('--days-of-month <days>', 'days of the month, such as 8:14 or -1', parseListOption)
    .option('--time-zone <zone>', 'such as Europe/Berlin, instead of UTC');
  withServiceOptions(withAuthor(withReason(command)))
    .addHelpText('after', MAINTENANCE_ADD_HELP)
    .action(async (names: readonly string[], { all, ...options }) => {
      if (names.length > 0 === (all === true))
        command.error('error: give either the names of servers or --all');
      const isRecurring = RECURRING_OPTIONS.some((name) => options[name] !== undefined);
      const isOnce = options.for !== undefined || options.until !== undefined;
      if (isRecurring === isOnce)
        command.error('error: give --for or --until, or --from and --to of a recurring window');
      const { addWindow } = await import('./maintenance.ts');
      end(await addWindow({ ...options, ...authorOf(options, context), names }, context));
    });
}

function addCancel(parent: Command, { context, end }: CommandRun): void {
  const command = parent
    .command('cancel')
    .description('cancel a window; one that is active ends')
    .argument('<id>', 'of the list');
  withServiceOptions(withAuthor(withReason(command)))
    .addHelpText('after', MAINTENANCE_CANCEL_HELP)
    .action(async (id: string, options) => {
      const { cancelWindow } = await import('./maintenance.ts');
      end(await cancelWindow({ ...options, ...authorOf(options, context), id }, context));
    });
}

function parseListOption(text: string): readonly string[] {
  return text.split(',');
}

/** `saturday,sunday`, `monday:friday` → the days. */
function parseDaysOption(text: string): readonly string[] {
  const days = text.split(',').map(parseDays);
  if (days.includes(undefined))
    throw new InvalidArgumentError(
      'It must be days, for example saturday,sunday or monday:friday.',
    );
  return [...new Set(days.flatMap((part) => part ?? []))];
}
