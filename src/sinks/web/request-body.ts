import { json, type Request, type RequestHandler, urlencoded } from 'express';
import { type EpochMs, later } from '../../facts/time.ts';
import { HttpProblem } from './http-problem.ts';

const BODY_SIZE_MAX = '16kb';

/** In front of a route of the API that reads a body. */
export const parseJsonBody: RequestHandler = json({ limit: BODY_SIZE_MAX });
/** In front of a route that a form of a page leads to. */
export const parseFormBody: RequestHandler = urlencoded({ extended: false, limit: BODY_SIZE_MAX });

/** The body of a request of the API; none at all is an empty one. Throws a 415 for one of another type, which would be lost. */
export function jsonOf(request: Request): unknown {
  const body: unknown = request.body;
  if (body === undefined && !isEmpty(request))
    throw new HttpProblem(415, 'A body must be JSON (Content-Type: application/json).');
  return body ?? {};
}

/** The fields of a form; those that are left empty are not given. */
export function formOf(request: Request): Readonly<Record<string, unknown>> {
  const body: unknown = request.body ?? {};
  const fields = Object.entries(body as Record<string, unknown>).filter(
    // The guard has read the token.
    ([name, value]) => name !== 'token' && value !== '',
  );
  return Object.fromEntries(fields);
}

function isEmpty({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

/** When something ends that began at `nowMs`; `undefined` if it has no end. Throws a 400 for an end in the past. */
export function endOf(
  { duration, until }: { readonly duration?: number; readonly until?: EpochMs },
  nowMs: EpochMs,
): EpochMs | undefined {
  if (until !== undefined && until <= nowMs)
    throw new HttpProblem(400, 'until must be in the future.');
  return duration === undefined ? until : later(nowMs, duration);
}

/** @param by what the body says; `caller` is what is known about the request */
export function authorOf(by: string, caller: string): string {
  return by === '' ? caller : `${by}, via ${caller}`;
}
