import type { Request, Response } from 'express';
import { STATUSES } from '../../../facts/rules/health.ts';
import { findServer } from '../find-server.ts';
import { HttpProblem } from '../http-problem.ts';
import type { Operation } from '../api/operation.ts';
import { choices, cursor, labels, limit, readQuery, text } from '../api/parameters.ts';
import { pathName } from '../request-values.ts';
import { compareNames, selectServers } from '../select-servers.ts';
import { marksOf, serverDetailJson, serverJson } from '../server-json.ts';
import type { WebContext } from '../web-context.ts';
import { get, type Route } from './route.ts';

const LIST_SERVERS = {
  summary: 'The servers by name',
  access: 'read',
  query: {
    status: choices(STATUSES, 'Only servers with this status.'),
    search: text('Part of the name, the endpoint or a label (`team=search`).'),
    label: labels(),
    cursor: cursor(),
    limit: limit(100, 1_000),
  },
  answer: { schema: 'ServerList' },
} as const satisfies Operation;

export const SHOW_SERVER: Operation = {
  summary: 'One server with its last checks, failures and status changes',
  access: 'read',
  answer: { schema: 'ServerDetail' },
};

const STREAM_EVENTS = {
  summary:
    'Server-sent events: checks, status changes, alerts, actions, a summary every five seconds',
  description:
    'Endless. The data of each event is JSON; `#/components/schemas/StreamEvents` describes it by the name of the event. A client that comes back within a minute gets what it missed, but for checks and summaries; if that is not known, `reset` tells it to load everything again.',
  access: 'read',
  query: {
    last_event_id: text('The same as the header Last-Event-ID, for clients that cannot set it.'),
  },
  headers: { 'Last-Event-ID': 'Id of the last event that was received.' },
  answer: { types: ['text/event-stream'] },
} as const satisfies Operation;

/** Servers for programs, and the stream of events. */
export function apiRoutes(context: WebContext): readonly Route[] {
  const { uptimes } = context;
  return [
    get('/api/v1/mcp/servers', LIST_SERVERS, async (request, response) => {
      response.json(await listServers(context, request));
    }),
    get('/api/v1/mcp/servers/:name', SHOW_SERVER, async (request, response) => {
      const { name } = findServer(context, pathName(request));
      const uptime = await uptimes.find(name);
      // Again: it may have left the configuration meanwhile.
      response.json(serverDetailJson(findServer(context, name), marksOf(context, name), uptime));
    }),
    get('/api/v1/events', STREAM_EVENTS, (request, response) =>
      streamEvents(context, request, response),
    ),
  ];
}

async function listServers(context: WebContext, request: Request) {
  const { servers, uptimes } = context;
  const query = readQuery(request, LIST_SERVERS.query);
  const uptimeOf = await uptimes.all();
  const selected = selectServers(servers.views(), {
    statuses: query.status,
    search: query.search ?? '',
    labels: query.label,
  }).toSorted((a, b) => compareNames(a.name, b.name));
  const after = decodeCursor(query.cursor);
  const rest =
    after === undefined ? selected : selected.filter(({ name }) => compareNames(name, after) > 0);
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  return {
    servers: page.map((view) =>
      serverJson(view, marksOf(context, view.name), uptimeOf.get(view.name)),
    ),
    total: selected.length,
    next_cursor: last && rest.length > page.length ? encodeCursor(last.name) : undefined,
  };
}

function streamEvents({ events }: WebContext, request: Request, response: Response): void {
  const { last_event_id: asked } = readQuery(request, STREAM_EVENTS.query);
  response.set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const remove = events.add(response, request.get('Last-Event-ID') || asked);
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

function decodeCursor(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const name = Buffer.from(given, 'base64url').toString();
  if (encodeCursor(name) !== given)
    throw new HttpProblem(400, 'cursor was not issued by this API.');
  return name;
}
