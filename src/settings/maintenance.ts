import { z } from 'zod';
import {
  type MaintenanceTime,
  type MaintenanceWindow,
  WEEKDAYS,
  WINDOW_MS_MAX,
} from '../facts/maintenance.ts';
import {
  END_HOUR_PATTERN,
  HOUR_PATTERN,
  isMonthRange,
  isTimeZone,
  parseDays,
} from '../facts/rules/maintenance-time.ts';
import { asEpochMs, later } from '../facts/time.ts';
import { duration, list, section, text } from './schema-types.ts';
import { type Path, problemAt } from './source-file.ts';
import { MINUTE } from './units.ts';
import { checkServerNames, type Indexed, type ServerNames } from './user-alerts.ts';

const DAYS_ERROR = 'must be a day or a range of days, such as sunday or monday:friday';
const MONTH_ERROR =
  'must be a day of the month or a range of days, such as 8:14, or -7:-1 for the last seven';
const TIME_ERROR = 'must be a time with its zone, such as 2026-12-01T22:00:00+01:00';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
/** Who planned a window of the configuration. */
const AUTHOR = 'the configuration';

const RecurringSchema = section(
  {
    days: list(
      text({ description: 'A day or a range of days.' }).refine(
        (value) => parseDays(value) !== undefined,
        { error: DAYS_ERROR },
      ),
      {
        description: 'Days of the week on which a window begins.',
        examples: [['sunday'], ['monday:friday']],
      },
    )
      .min(1, { error: 'must name at least one day' })
      .default(['sunday:saturday']),
    daysOfMonth: list(
      z
        .preprocess(
          (value) => (typeof value === 'number' ? String(value) : value),
          z.string({ error: MONTH_ERROR }).refine(isMonthRange, { error: MONTH_ERROR }),
        )
        .meta({ type: ['string', 'number'], description: 'A day of the month or a range.' }),
      {
        description:
          'Days of the month; -1 is the last one. A day must be in both lists: `days: [tuesday]` with `daysOfMonth: ["8:14"]` is the second Tuesday.',
        examples: [['8:14'], ['-7:-1']],
      },
    )
      .min(1, { error: 'must name at least one day' })
      .exactOptional(),
    from: hour('Start.', HOUR_PATTERN, '02:00'),
    to: hour(
      'End; if it is not later than `from`, on the next day. `24:00` is the end of the day.',
      END_HOUR_PATTERN,
      '04:00',
    ),
    timeZone: text({ description: 'IANA name.', examples: ['Europe/Berlin'] })
      .refine(isTimeZone, { error: 'must be an IANA time zone, such as Europe/Berlin or UTC' })
      .default('UTC'),
  },
  { description: 'The same hours, again and again.' },
);

/** One entry of `maintenance:`; what only the rest of the configuration can tell is checked after it. */
export const WindowSchema = section(
  {
    name: text(
      { description: 'Name of the window, and its id in the API.', examples: ['patch-night'] },
      {
        pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
        message:
          'must be letters, digits, _, . and -, begin with a letter or digit and have up to 64 characters',
      },
    ),
    servers: z
      .union(
        [z.literal('all'), z.array(z.string({ error: 'must be the name of a server' })).min(1)],
        { error: 'must be all or a list of names of servers' },
      )
      .meta({ description: 'Servers that it is for.', examples: [['search', 'files']] })
      .default('all'),
    reason: text(
      { description: 'Why, for the people who see it.', examples: ['Patches of the week'] },
      { pattern: /^[^\p{Cc}]{1,500}$/u, message: 'must be one line of up to 500 characters' },
    ).exactOptional(),
    start: instant('Start of a window that occurs once.').exactOptional(),
    until: instant('Its end.').exactOptional(),
    duration: duration(1 * MINUTE, WINDOW_MS_MAX, {
      description: 'Its length, instead of `until`.',
      examples: ['2h'],
    }).exactOptional(),
    recurring: RecurringSchema.exactOptional(),
  },
  { description: 'One window: `start` with `until` or `duration`, or `recurring`.' },
).superRefine((input, context) => {
  const refuse = (message: string, key?: string): void => {
    context.addIssue({ code: 'custom', message, ...(key !== undefined && { path: [key] }) });
  };
  const { start, until, duration: lengthMs, recurring } = input;
  if (recurring) {
    for (const key of ['start', 'until', 'duration'] as const)
      if (input[key] !== undefined) refuse('must not be given together with recurring', key);
  } else if (start === undefined) refuse('needs start or recurring');
  else if (until === undefined && lengthMs === undefined) refuse('needs until or duration');
  else if (until !== undefined && lengthMs !== undefined)
    refuse('must not be given together with duration', 'until');
  else if (until !== undefined && until <= start) refuse('must be later than start', 'until');
  else if (until !== undefined && until - start > WINDOW_MS_MAX)
    refuse('must be at most 366 days after start', 'until');
});

/** `maintenance:` */
export const MaintenanceSchema = list(WindowSchema, {
  description:
    'Maintenance windows: checks and calls go on, but alerts are silent, and the time counts neither as up nor as down; see [maintenance.md](maintenance.md).',
  examples: [
    [
      {
        name: 'patch-night',
        servers: ['search'],
        recurring: { days: ['sunday'], from: '02:00', to: '04:00', timeZone: 'Europe/Berlin' },
      },
    ],
  ],
  reloadable: true,
});

type WindowInput = z.output<typeof WindowSchema>;

/** Turns `maintenance:` into settings, reporting what the schema cannot see. */
export function completeMaintenance(
  windows: readonly Indexed<WindowInput>[],
  names: ServerNames,
): MaintenanceWindow[] {
  const known = new Set<string>();
  return windows.map(({ index, input }) => {
    const at = (key: string): Path => ['maintenance', index, key];
    const report = (path: Path, message: string): void => {
      names.problems.push(problemAt(names.source, path, message));
    };
    if (known.has(input.name)) report(at('name'), 'a window of this name is here twice');
    known.add(input.name);
    checkServerNames(input.servers, at('servers'), names, report);
    return {
      id: input.name,
      source: 'config',
      ...(input.servers !== 'all' && { servers: input.servers }),
      time: timeOf(input),
      by: AUTHOR,
      reason: input.reason ?? '',
    };
  });
}

function timeOf({ start, until, duration: lengthMs, recurring }: WindowInput): MaintenanceTime {
  if (recurring) {
    const { days, ...rest } = recurring;
    const wanted = days.flatMap((text) => parseDays(text) ?? []);
    return { kind: 'recurring', days: WEEKDAYS.filter((day) => wanted.includes(day)), ...rest };
  }
  const startsAtMs = start ?? asEpochMs(0);
  return { kind: 'once', startsAtMs, endsAtMs: until ?? later(startsAtMs, lengthMs ?? 0) };
}

function hour(description: string, pattern: RegExp, example: string) {
  const message = `must be an hour such as "${example}", in quotes`;
  return text({ description, examples: [example] }, { pattern, message });
}

function instant(description: string) {
  return z
    .string({ error: TIME_ERROR })
    .transform((value, context) => {
      const atMs = TIME.test(value) ? Date.parse(value) : Number.NaN;
      if (!Number.isNaN(atMs)) return asEpochMs(atMs);
      context.addIssue({ code: 'custom', message: TIME_ERROR });
      return z.NEVER;
    })
    .meta({ description, examples: ['2026-12-01T22:00:00+01:00'] });
}
