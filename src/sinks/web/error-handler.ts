import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, Request } from 'express';
import { HttpProblem } from './http-problem.ts';
import type { HttpLog } from './ports.ts';
import { problemText } from './problem-text.ts';

/** Renders the page that a browser gets for an error. */
export type ErrorPage = (problem: {
  status: number;
  title: string;
  detail: string;
  id: string;
}) => string;

/**
 * The one place where errors become answers: problem+json (RFC 9457) or, on the pages, HTML, each with an id that is in
 * the log as well. Of an unexpected error the caller learns only the id.
 */
export function errorHandler(log: HttpLog, errorPage: ErrorPage): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = toProblem(error);
    const id = randomUUID();
    const title = STATUS_CODES[problem.status] ?? 'Error';
    const fields = { id, method: request.method, path: request.path, status: problem.status };
    if (problem.status >= 500) log.error({ ...fields, err: error }, 'request failed');
    else if (problem.status === 401 || problem.status === 403) {
      log.warn(
        { ...fields, detail: problem.message, peer: request.socket.remoteAddress },
        'request refused',
      );
    } else log.debug({ ...fields, detail: problem.message }, 'request refused');
    if (response.headersSent) return next(error);
    response.status(problem.status).set(problem.headers);
    const detail = problem.message;
    if (wantsPage(request)) {
      response.type('html').send(errorPage({ status: problem.status, title, detail, id }));
      return;
    }
    response.type('application/problem+json').send(problemText(problem.status, detail, id));
  };
}

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const status = statusOf(error);
  if (status !== undefined) return new HttpProblem(status, 'The request could not be parsed.');
  return new HttpProblem(500, 'Internal error. The log has the details under this id.');
}

/** Express and its parsers mark what the client did wrong with a 4xx `status`. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

const MACHINE_PATHS = /^\/(?:api|-|probe|metrics|sd|health|assets)(?:\/|$)/;

function wantsPage(request: Request): boolean {
  return !MACHINE_PATHS.test(request.path) && request.accepts(['json', 'html']) === 'html';
}
