import { z } from 'zod';
import { WEEKDAYS } from '../../../facts/maintenance.ts';
import {
  END_HOUR_PATTERN,
  HOUR_PATTERN,
  isMonthRange,
  isTimeZone,
} from '../../../facts/rules/maintenance-time.ts';
import { author, end, hasOneEnd, instantText, notBoth } from './bodies.ts';

// What the API answers and accepts about maintenance windows.

const SERVERS_MAX = 1_000;
const SERVERS_ERROR = 'must be all, or a list of names of servers';
const HOUR_ERROR = 'must be an hour, such as 02:00';
const END_HOUR_ERROR = 'must be an hour, such as 04:00, or 24:00';
const MONTH_DAYS_ERROR =
  'must be a day of the month or a range of days, such as 8:14, or -7:-1 for the last seven';
const ZONE_ERROR = 'must be an IANA time zone, such as Europe/Berlin or UTC';

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });

const weekdays = z
  .array(z.enum(WEEKDAYS, { error: `must be one of ${WEEKDAYS.join(', ')}` }))
  .min(1, { error: 'must name at least one day' })
  .max(WEEKDAYS.length);

const recurringBody = z
  .strictObject({
    days: weekdays.default([...WEEKDAYS]).meta({ description: 'On which it begins' }),
    days_of_month: z
      .array(z.string().refine(isMonthRange, { error: MONTH_DAYS_ERROR }))
      .min(1, { error: 'must name at least one day' })
      .max(31)
      .exactOptional()
      .meta({
        description:
          'A day must be in both lists: `days: [tuesday]` with `days_of_month: ["8:14"]` is the second Tuesday. -1 is the last day',
        examples: [['8:14']],
      }),
    from: z.string({ error: HOUR_ERROR }).regex(HOUR_PATTERN, { error: HOUR_ERROR }),
    to: z
      .string({ error: END_HOUR_ERROR })
      .regex(END_HOUR_PATTERN, { error: END_HOUR_ERROR })
      .meta({ description: 'Not later than `from`: on the next day' }),
    time_zone: z
      .string({ error: ZONE_ERROR })
      .max(64, { error: ZONE_ERROR })
      .refine(isTimeZone, { error: ZONE_ERROR })
      .default('UTC')
      .meta({ description: 'IANA name', examples: ['Europe/Berlin'] }),
  })
  .meta({ description: 'The same hours, again and again' });

/** `POST /api/v1/maintenance` */
export const MaintenanceBody = z
  .strictObject({
    servers: z
      .union([z.literal('all'), z.array(z.string()).min(1).max(SERVERS_MAX)], {
        error: SERVERS_ERROR,
      })
      .default('all')
      .meta({ description: 'Names, or `all`', examples: [['search', 'files']] }),
    ...author,
    start: instantText.exactOptional().meta({ description: 'Now if absent' }),
    ...end,
    recurring: recurringBody.exactOptional(),
  })
  .refine(hasOneEnd, notBoth)
  .refine(({ recurring, duration, until }) => recurring || (duration ?? until) !== undefined, {
    error: 'a window needs duration, until or recurring',
  })
  .refine(
    ({ recurring, ...once }) =>
      !recurring || (once.start ?? once.duration ?? once.until) === undefined,
    { error: 'must not be given together with start, duration or until', path: ['recurring'] },
  );

/** Why a server is in maintenance now. */
export const maintenanceMark = z.strictObject({
  since: time,
  until: time,
  by: z.string(),
  reason: z.string(),
});

export const maintenanceWindow = z.strictObject({
  id: z.string(),
  source: z.enum(['config', 'api']),
  servers: z.array(z.string()).optional().meta({ description: 'Absent for all servers' }),
  by: z.string(),
  reason: z.string(),
  active: z.boolean(),
  start: time.meta({ description: 'Of the current or the next occurrence' }),
  until: time.meta({ description: 'Its end' }),
  recurring: z
    .strictObject({
      days: z.array(z.enum(WEEKDAYS)),
      days_of_month: z.array(z.string()).optional(),
      from: z.string(),
      to: z.string(),
      time_zone: z.string(),
    })
    .optional(),
});
