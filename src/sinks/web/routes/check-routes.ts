import type { Request } from 'express';
import { resultWithin } from '../../../facts/deadline.ts';
import { type Operation, readBody } from '../api/operation.ts';
import type { CheckedServer } from '../check-all.ts';
import { findServer } from '../find-server.ts';
import { HttpProblem } from '../http-problem.ts';
import { authorOf, jsonOf, parseJsonBody } from '../request-body.ts';
import { pathName } from '../request-values.ts';
import { reportJson } from '../server-json.ts';
import { SHOW_SERVER } from './api-routes.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, type Route } from './route.ts';

const CHECK_ALL = '/api/v1/mcp/servers/check';
/** Checks that last longer go on, and the answer says how far they are; proxies rarely wait longer than a minute. */
const WAIT_MS_MAX = 45_000;

const ORDER = { schema: 'Order', isOptional: true } as const;

const CHECK_EVERY_SERVER: Operation = {
  summary: 'Checks all servers now; 202 if that lasts, and the same request joins it',
  access: 'change',
  body: ORDER,
  answer: { schema: 'CheckedAll', alsoStatus: 202 },
};

const CHECK_SERVER: Operation = {
  summary: 'Runs a check and a deep check of a server now',
  access: 'change',
  body: ORDER,
  answer: { schema: 'Checked' },
};

const RESTART_SERVER: Operation = {
  summary: 'Restarts the child processes of a stdio server',
  access: 'change',
  body: ORDER,
  answer: { schema: 'Checked' },
};

/** Checks and restarts on request, for programs. */
export function checkRoutes(context: WebContext): readonly Route[] {
  const { requireAdmin } = context;
  return [
    // A server may have this name.
    get(CHECK_ALL, SHOW_SERVER, (_request, _response, next) => next('route')),
    post(CHECK_ALL, CHECK_EVERY_SERVER, requireAdmin, parseJsonBody, async (request, response) => {
      const { done, total, checkedCount } = context.checkAllOnRequest(readAuthor(context, request));
      const results = await resultWithin(context.clock, WAIT_MS_MAX, done);
      response.status(results ? 200 : 202).json({
        total,
        checked: checkedCount(),
        ...(results && { servers: results.map(checkedJson) }),
      });
    }),
    post(
      '/api/v1/mcp/servers/:name/check',
      CHECK_SERVER,
      requireAdmin,
      parseJsonBody,
      async (request, response) => {
        const by = readAuthor(context, request);
        const reports = await context.checkOnRequest(pathName(request), by);
        response.json({ server: pathName(request), reports: reports.map(reportJson) });
      },
    ),
    post(
      '/api/v1/mcp/servers/:name/restart',
      RESTART_SERVER,
      requireAdmin,
      parseJsonBody,
      async (request, response) => {
        response.json(await restart(context, request));
      },
    ),
  ];
}

function readAuthor({ callerOf }: WebContext, request: Request): string {
  return authorOf(readBody(jsonOf(request), 'Order').by, callerOf(request));
}

async function restart({ alerts, callerOf, restarts, servers }: WebContext, request: Request) {
  const { by, reason } = readBody(jsonOf(request), 'Order');
  const { name, status, transport } = findServer({ servers }, pathName(request));
  if (transport !== 'stdio')
    throw new HttpProblem(409, 'Only a stdio server can be restarted: the others run elsewhere.');
  if (status === 'disabled')
    throw new HttpProblem(409, 'This server is disabled, so it does not run. Enable it.');
  const action = { server: name, by: authorOf(by, callerOf(request)), text: reason };
  alerts.noteAction({ kind: 'restart', ...action });
  const report = await restarts.restart(name);
  if (!report) throw new HttpProblem(409, 'The server was disabled or removed meanwhile.');
  return { server: name, reports: [reportJson(report)] };
}

function checkedJson({ server, reports, problem }: CheckedServer) {
  return { server, reports: reports.map(reportJson), problem };
}
