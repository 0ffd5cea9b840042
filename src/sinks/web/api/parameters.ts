import type { Request } from 'express';
import type { JsonObject } from '../../../facts/json-object.ts';
import type { EpochMs } from '../../../facts/time.ts';
import { HttpProblem } from '../http-problem.ts';
import {
  queryChoice,
  queryChoices,
  queryCursorId,
  queryInstant,
  queryLabels,
  LABEL_FILTERS_MAX,
  LABEL_PATTERN,
  queryLimit,
  queryText,
  TEXT_LENGTH_MAX,
} from '../request-values.ts';
import type { LabelFilter } from '../select-servers.ts';

/** One query parameter: how it is read, and how the OpenAPI document describes it. */
export interface Parameter<Value> {
  readonly description: string;
  /** JSON Schema. */
  readonly schema: JsonObject;
  /** For the document only: what is missing is reported by the reader. */
  readonly isRequired?: boolean;
  /** Throws a 400. */
  read(request: Request, name: string): Value;
}

export type QueryParameters = Readonly<Record<string, Parameter<unknown>>>;

export type QueryValues<Parameters extends QueryParameters> = {
  readonly [Name in keyof Parameters]: Parameters[Name] extends Parameter<infer Value>
    ? Value
    : never;
};

/** All parameters of a query. Others that a client sends are ignored. Throws a 400 for the first that is not valid. */
export function readQuery<Parameters extends QueryParameters>(
  request: Request,
  parameters: Parameters,
): QueryValues<Parameters> {
  const values = Object.entries(parameters).map(([name, parameter]) => [
    name,
    parameter.read(request, name),
  ]);
  // The same names, each with what its own parameter reads.
  return Object.fromEntries(values) as QueryValues<Parameters>;
}

/** Text; an empty one is none. */
export function text(description: string): Parameter<string | undefined> {
  return {
    description,
    schema: { type: 'string', maxLength: TEXT_LENGTH_MAX },
    read: (request, name) => queryText(request, name) || undefined,
  };
}

export function choice<Choice extends string>(
  choices: readonly Choice[],
  description: string,
): Parameter<Choice | undefined> {
  return {
    description,
    schema: { type: 'string', enum: choices },
    read: (request, name) => queryChoice(request, name, choices),
  };
}

/** Some of `choices`, separated by commas. */
export function choices<Choice extends string>(
  allowed: readonly Choice[],
  description: string,
): Parameter<readonly Choice[]> {
  return {
    description: `${description} Several are separated by commas; allowed: ${allowed.join(', ')}.`,
    schema: { type: 'string', examples: [allowed.slice(0, 2).join(',')] },
    read: (request, name) => queryChoices(request, name, allowed),
  };
}

/** `NAME=VALUE`, as often as there are labels to filter by. */
export function labels(): Parameter<readonly LabelFilter[]> {
  return {
    description:
      'Only servers with this label, as NAME=VALUE; those without it if VALUE is empty. May be given several times.',
    schema: {
      type: 'array',
      items: { type: 'string', pattern: LABEL_PATTERN.source, maxLength: TEXT_LENGTH_MAX },
      maxItems: LABEL_FILTERS_MAX,
      examples: [['team=search']],
    },
    read: (request) => queryLabels(request),
  };
}

export function instant(description: string): Parameter<EpochMs | undefined> {
  return {
    description: `${description} ISO 8601, or Unix seconds.`,
    schema: { type: 'string', examples: ['2026-11-21T09:15:00Z'] },
    read: queryInstant,
  };
}

const WINDOW_UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WINDOW_MAX_MS = 90 * WINDOW_UNITS_MS.d;

/** Length of time up to now, in milliseconds. */
export function window(fallback: string): Parameter<number> {
  return {
    description: 'Length of time up to now, such as 30m, 24h or 7d.',
    schema: { type: 'string', pattern: '^[1-9][0-9]{0,4}[mhd]$', default: fallback },
    read(request, name) {
      const written = queryText(request, name) || fallback;
      const [, count, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(written) ?? [];
      const windowMs = Number(count) * WINDOW_UNITS_MS[unit === 'm' || unit === 'h' ? unit : 'd'];
      if (windowMs >= 5 * WINDOW_UNITS_MS.m && windowMs <= WINDOW_MAX_MS) return windowMs;
      throw new HttpProblem(400, `${name} must be a time from 5m to 90d, such as 24h.`);
    },
  };
}

const RECORD_ID_MAX = 999_999_999_999_999;

export function limit(fallback: number, max: number): Parameter<number> {
  return {
    description: 'Entries of one answer at most.',
    schema: { type: 'integer', minimum: 1, maximum: max, default: fallback },
    read: (request) => queryLimit(request, fallback, max),
  };
}

/** Id of something that the journal holds. */
export function recordId(description: string): Parameter<number | undefined> {
  return {
    description,
    schema: { type: 'integer', minimum: 1, maximum: RECORD_ID_MAX },
    read(request, name) {
      const written = queryText(request, name);
      if (written === undefined || written === '') return undefined;
      if (/^[1-9]\d{0,14}$/.test(written)) return Number(written);
      throw new HttpProblem(400, `${name} must be a whole number from 1 to ${RECORD_ID_MAX}.`);
    },
  };
}

/** `next_cursor` of the answer before, where that is a number. */
export function cursorId(): Parameter<number | undefined> {
  return { ...cursor(), read: (request) => queryCursorId(request) };
}

/** `next_cursor` of the answer before, where it is a place in the journal. */
export function journalCursor(): Parameter<string | undefined> {
  const opaque = cursor();
  return {
    ...opaque,
    read(request, name) {
      const place = opaque.read(request, name);
      if (place === undefined || /^\d{1,15}(?:-\d{1,15}){1,2}$/.test(place)) return place;
      throw new HttpProblem(400, 'cursor was not issued by this API.');
    },
  };
}

/** `next_cursor` of the answer before. */
export function cursor(): Parameter<string | undefined> {
  return text('next_cursor of the previous answer; without one, the answer begins at the start.');
}

/** What is left of `Values` once entries that are undefined are gone. */
type Present<Values> = {
  readonly [Name in keyof Values as undefined extends Values[Name] ? never : Name]: Values[Name];
} & {
  readonly [Name in keyof Values as undefined extends Values[Name] ? Name : never]?: Exclude<
    Values[Name],
    undefined
  >;
};

/** The values that were given. */
export function present<Values extends object>(values: Values): Present<Values> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Present<Values>;
}
