import type { Request } from 'express';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';
import { HttpProblem } from './http-problem.ts';
import type { LabelFilter } from './select-servers.ts';

/** Of a query parameter, in characters. */
export const TEXT_LENGTH_MAX = 2_048;

/** One query parameter as text. Throws a 400 if it is given twice or is absurdly long. */
export function queryText(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string')
    throw new HttpProblem(400, `Give the parameter ${name} only once.`);
  if (value.length > TEXT_LENGTH_MAX)
    throw new HttpProblem(400, `The parameter ${name} is too long.`);
  return value;
}

export const LABEL_FILTERS_MAX = 16;
/** `NAME=VALUE` */
export const LABEL_PATTERN = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/;

/** Each `label=NAME=VALUE` of the query. Throws a 400 for one without `=`, and for too many. */
export function queryLabels(request: Request): readonly LabelFilter[] {
  const given: unknown = request.query['label'] ?? [];
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (texts.length > LABEL_FILTERS_MAX)
    throw new HttpProblem(400, `Give label at most ${LABEL_FILTERS_MAX} times.`);
  return texts.map((text) => {
    const isText = typeof text === 'string' && text.length <= TEXT_LENGTH_MAX;
    const [, name, value] = isText ? (LABEL_PATTERN.exec(text) ?? []) : [];
    if (name === undefined || value === undefined)
      throw new HttpProblem(400, 'label must be NAME=VALUE, such as label=team=search.');
    return { name, value };
  });
}

/** A whole number in `1..max`, `fallback` if not given. Throws a 400. */
export function queryLimit(request: Request, fallback: number, max: number): number {
  const text = queryText(request, 'limit');
  if (text === undefined) return fallback;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > max) {
    throw new HttpProblem(400, `limit must be a whole number from 1 to ${max}.`);
  }
  return limit;
}

/** One of `choices`, `undefined` if not given. Throws a 400 that lists them. */
export function queryChoice<T extends string>(
  request: Request,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = queryText(request, name);
  return text === undefined || text === '' ? undefined : choose(name, text, choices);
}

/** Some of `choices`, separated by commas. Throws a 400 that lists them. */
export function queryChoices<T extends string>(
  request: Request,
  name: string,
  choices: readonly T[],
): readonly T[] {
  const parts = (queryText(request, name) ?? '').split(',').filter((part) => part !== '');
  return parts.map((part) => choose(name, part, choices));
}

function choose<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new HttpProblem(400, `${name}=${text} is not valid; allowed: ${choices.join(', ')}.`);
}

const INSTANT_MAX_MS = 8.64e15;

/** A time as ISO 8601 or Unix seconds; `undefined` if not given. Throws a 400. */
export function queryInstant(request: Request, name: string): EpochMs | undefined {
  const text = queryText(request, name);
  if (text === undefined || text === '') return undefined;
  const isSeconds = /^\d{1,13}(\.\d{1,9})?$/.test(text);
  const atMs = isSeconds ? Math.round(Number(text) * 1_000) : Date.parse(text);
  if (Number.isFinite(atMs) && atMs <= INSTANT_MAX_MS && (isSeconds || /^\d{4}-/.test(text)))
    return asEpochMs(atMs);
  throw new HttpProblem(
    400,
    `${name} must be a time such as 2026-11-21T09:15:00Z, or Unix seconds.`,
  );
}

/** A positive whole number; `undefined` if not given. Throws a 400. */
export function queryCursorId(request: Request): number | undefined {
  const text = queryText(request, 'cursor');
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new HttpProblem(400, 'cursor was not issued by this API.');
}

/** Id of an alert in the route's path; `undefined` if it cannot be one. */
export function pathId(request: Request): number | undefined {
  const id: unknown = request.params['id'];
  return typeof id === 'string' && /^[1-9]\d{0,14}$/.test(id) ? Number(id) : undefined;
}

/** A named part of the route's path, decoded. */
export function pathName(request: Request): string {
  const name: unknown = request.params['name'];
  return typeof name === 'string' ? name : '';
}
