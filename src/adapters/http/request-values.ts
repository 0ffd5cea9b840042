import type { Request } from 'express';
import type { Status } from '../../domain/health.ts';
import { STATUSES } from '../../domain/health.ts';
import { HttpProblem } from './http-problem.ts';
import { isStatus } from './select-servers.ts';

const TEXT_LENGTH_MAX = 2_048;

/** One query parameter as text. Throws a 400 where it is given twice or is absurdly long. */
export function queryText(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new HttpProblem(400, `Give the parameter ${name} once.`);
  if (value.length > TEXT_LENGTH_MAX)
    throw new HttpProblem(400, `The parameter ${name} is too long.`);
  return value;
}

/** `status=offline,critical`. Throws a 400 that names what is allowed. */
export function queryStatuses(request: Request): readonly Status[] {
  const text = queryText(request, 'status');
  if (text === undefined || text === '') return [];
  return text.split(',').map((part) => {
    if (isStatus(part)) return part;
    throw new HttpProblem(400, `status=${part} is no status; allowed: ${STATUSES.join(', ')}.`);
  });
}

/** A whole number in `1..max`, `fallback` where it is not given. Throws a 400. */
export function queryLimit(request: Request, fallback: number, max: number): number {
  const text = queryText(request, 'limit');
  if (text === undefined) return fallback;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > max) {
    throw new HttpProblem(400, `limit must be a whole number from 1 to ${max}.`);
  }
  return limit;
}

/** A named part of the route's path, decoded. */
export function pathName(request: Request): string {
  const name: unknown = request.params['name'];
  return typeof name === 'string' ? name : '';
}
