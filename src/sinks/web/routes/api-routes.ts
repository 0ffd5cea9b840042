import type { Request, Response } from 'express';
import { STATUSES } from '../../../facts/rules/health.ts';
import { findServer } from '../find-server.ts';
import { HttpProblem } from '../http-problem.ts';
import { pathName, queryChoices, queryLimit, queryText } from '../request-values.ts';
import { compareNames, selectServers } from '../select-servers.ts';
import { reportJson, serverDetailJson, serverJson } from '../server-json.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, type Route } from './route.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;

/** Servers for programs, and the stream of events. */
export function apiRoutes(context: WebContext): readonly Route[] {
  const { requireAdmin, checkOnRequest, callerOf, switches } = context;
  return [
    get('/api/v1/mcp/servers', (request, response) => {
      response.json(listServers(context, request));
    }),
    get('/api/v1/mcp/servers/:name', (request, response) => {
      const found = findServer(context, pathName(request));
      response.json(serverDetailJson(found, switches.find(found.name)));
    }),
    post('/api/v1/mcp/servers/:name/check', requireAdmin, async (request, response) => {
      const reports = await checkOnRequest(pathName(request), callerOf(request));
      response.json({ server: pathName(request), reports: reports.map(reportJson) });
    }),
    get('/api/v1/events', (request, response) => streamEvents(context, request, response)),
  ];
}

function listServers({ servers, switches }: WebContext, request: Request) {
  const selected = selectServers(servers.views(), {
    statuses: queryChoices(request, 'status', STATUSES),
    search: queryText(request, 'search') ?? '',
  }).toSorted((a, b) => compareNames(a.name, b.name));
  const after = decodeCursor(queryText(request, 'cursor'));
  const limit = queryLimit(request, LIMIT_DEFAULT, LIMIT_MAX);
  const rest =
    after === undefined ? selected : selected.filter(({ name }) => compareNames(name, after) > 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    servers: page.map((view) => serverJson(view, switches.find(view.name))),
    total: selected.length,
    next_cursor: last && rest.length > page.length ? encodeCursor(last.name) : undefined,
  };
}

function streamEvents({ events }: WebContext, request: Request, response: Response): void {
  response.set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const remove = events.add(response);
  if (!remove) {
    throw new HttpProblem(503, 'Too many clients are listening for events; try again later.', {
      'Retry-After': '10',
    });
  }
  response.once('close', remove);
}

/** Opaque to clients: the last name of a page, so that servers that come or go shift nothing. */
function encodeCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function decodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  const name = Buffer.from(cursor, 'base64url').toString();
  if (encodeCursor(name) !== cursor)
    throw new HttpProblem(400, 'cursor was not issued by this API.');
  return name;
}
