import type { Request, RequestHandler, Router } from 'express';
import type { CheckOnRequest } from '../check-on-request.ts';
import type { EventStream } from '../event-stream.ts';
import { HttpProblem } from '../http-problem.ts';
import type { HttpAppDeps } from '../ports.ts';
import { pathName, queryLimit, queryStatuses, queryText } from '../request-values.ts';
import { compareNames, selectServers } from '../select-servers.ts';
import { reportJson, serverDetailJson, serverJson } from '../server-json.ts';
import { allowOnly } from './allow-only.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;

export function addApiRoutes(
  router: Router,
  deps: HttpAppDeps,
  options: {
    readonly admin: RequestHandler;
    readonly checkOnRequest: CheckOnRequest;
    readonly askerOf: (request: Request) => string;
    readonly events: EventStream;
  },
): void {
  const list = router.route('/api/v1/mcp/servers').get((request, response) => {
    const selected = selectServers(deps.servers.views(), {
      statuses: queryStatuses(request),
      search: queryText(request, 'search') ?? '',
    }).toSorted((a, b) => compareNames(a.name, b.name));
    const after = decodeCursor(queryText(request, 'cursor'));
    const limit = queryLimit(request, LIMIT_DEFAULT, LIMIT_MAX);
    const rest =
      after === undefined ? selected : selected.filter(({ name }) => compareNames(name, after) > 0);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    response.json({
      servers: page.map((view) => serverJson(view, deps.switches.find(view.name))),
      total: selected.length,
      next_cursor: last && rest.length > page.length ? encodeCursor(last.name) : undefined,
    });
  });
  allowOnly(list, ['GET']);

  const detail = router.route('/api/v1/mcp/servers/:name').get((request, response) => {
    const found = deps.servers.detail(pathName(request));
    if (!found) throw new HttpProblem(404, 'No server of that name is configured.');
    response.json(serverDetailJson(found, deps.switches.find(found.name)));
  });
  allowOnly(detail, ['GET']);

  const check = router
    .route('/api/v1/mcp/servers/:name/check')
    .post(options.admin, async (request, response) => {
      const reports = await options.checkOnRequest(pathName(request), options.askerOf(request));
      response.json({ server: pathName(request), reports: reports.map(reportJson) });
    });
  allowOnly(check, ['POST']);

  const events = router.route('/api/v1/events').get((request, response) => {
    response.set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const remove = options.events.add(response);
    if (!remove) {
      throw new HttpProblem(503, 'Too many listeners are connected; ask again later.', {
        'Retry-After': '10',
      });
    }
    response.once('close', remove);
  });
  allowOnly(events, ['GET']);
}

/** Opaque to clients: the last name of a page, so that servers that come or go shift nothing. */
function encodeCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function decodeCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  const name = Buffer.from(cursor, 'base64url').toString();
  if (encodeCursor(name) !== cursor)
    throw new HttpProblem(400, 'cursor is not one that this API gave.');
  return name;
}
