import { z } from 'zod';
import { TEST_SEVERITIES } from '../../../facts/alert-event.ts';
import { MARKER_KINDS } from '../../../facts/event-log.ts';
import { parseDuration } from '../../../facts/rules/duration-text.ts';
import { asEpochMs } from '../../../facts/time.ts';

// The bodies of requests that change something. No body at all is an empty one. Unknown keys are refused: a misspelled end
// would otherwise disable a server for ever.

const REASON_CHARS_MAX = 500;
const BY_CHARS_MAX = 128;
/** Longer than anybody plans. */
const DURATION_MS_MAX = 366 * 24 * 60 * 60_000;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** One line, since it becomes part of one. */
function line(charsMax: number, description: string) {
  const error = `must be text of at most ${charsMax} characters`;
  return z
    .string({ error })
    .transform((text) =>
      text
        .replace(/\p{Cc}+/gu, ' ')
        .trim()
        .toWellFormed(),
    )
    .refine((text) => text.length <= charsMax, { error })
    .nullish()
    .transform((text) => text ?? '')
    .meta({ description });
}

const DURATION_ERROR = 'must be a duration with its unit (s, m, h, d), such as 30m or 1h30m';

const durationText = z
  .string({ error: DURATION_ERROR })
  .transform((text, context) => {
    const durationMs = parseDuration(text);
    if (durationMs !== undefined && durationMs >= 1_000 && durationMs <= DURATION_MS_MAX)
      return durationMs;
    context.addIssue({ code: 'custom', message: `${DURATION_ERROR}, from 1s to 366d` });
    return z.NEVER;
  })
  .meta({ description: 'A duration with its unit, such as `30m`.', examples: ['1h'] });

const INSTANT_ERROR = 'must be a time with its zone, such as 2026-11-28T13:45:00Z';

export const instantText = z
  .string({ error: INSTANT_ERROR })
  .transform((text, context) => {
    const atMs = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(atMs)) return asEpochMs(atMs);
    context.addIssue({ code: 'custom', message: INSTANT_ERROR });
    return z.NEVER;
  })
  .meta({ description: 'A time, ISO 8601 with its zone.', examples: ['2026-11-28T13:45:00Z'] });

export const author = {
  reason: line(REASON_CHARS_MAX, 'Why, for the people who see it.'),
  by: line(BY_CHARS_MAX, 'Who; what is known about the request is added.'),
};

export const end = {
  duration: durationText.exactOptional(),
  until: instantText.exactOptional(),
};

export const notBoth = {
  error: 'must not be given together with duration',
  path: ['until'],
};

export function hasOneEnd({ duration, until }: { duration?: number; until?: number }): boolean {
  return duration === undefined || until === undefined;
}

/** `POST …/NAME/enable`, `…/NAME/restart`, `…/NAME/check` and `…/servers/check` */
export const OrderBody = z.strictObject(author);

/** `POST …/NAME/disable` */
export const DisableBody = z.strictObject({ ...author, ...end }).refine(hasOneEnd, notBoth);

function requiredText(what: string, charsMax: number) {
  const error = `must be ${what} of 1 to ${charsMax} characters`;
  return z
    .string({ error })
    .overwrite((given) => given.trim().toWellFormed())
    .min(1, { error })
    .max(charsMax, { error });
}

/** `POST /api/v1/alerts/ID/notes` */
export const NoteBody = z.strictObject({ text: requiredText('a note', 2_000), by: author.by });

/** `POST /api/v1/alerts/ID/acknowledge` */
export const AcknowledgeBody = z.strictObject({ ...author, ...end }).refine(hasOneEnd, notBoth);

/** `POST /api/v1/alerts/ID/silence` */
export const SilenceBody = z
  .strictObject({ ...author, ...end })
  .refine(hasOneEnd, notBoth)
  .refine(({ duration, until }) => duration !== undefined || until !== undefined, {
    error: 'or until must be given: a silence has an end',
    path: ['duration'],
  });

/** `POST /api/v1/alerts/test` */
export const TestAlertBody = z.strictObject({
  by: author.by,
  severity: z.enum(TEST_SEVERITIES).default('warning'),
});

/** `POST /api/v1/markers` */
export const MarkerBody = z.strictObject({
  kind: z.enum(MARKER_KINDS),
  text: requiredText('a text', 500),
  server: z.string().optional(),
  at: z.iso.datetime({ offset: true }).optional(),
});
