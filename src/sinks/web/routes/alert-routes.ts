import { json, type Request } from 'express';
import type { AlertFilter } from '../../../facts/ports/alert-store.ts';
import { ALERT_STATES } from '../../../facts/alert-event.ts';
import { STATUSES } from '../../../facts/rules/health.ts';
import { SERVER_LOG_FACTS } from '../../../facts/server-log.ts';
import { alertJson, logEntryJson } from '../alert-json.ts';
import { askJournal, requireJournal } from '../ask-journal.ts';
import { findAlert } from '../find-alert.ts';
import { findServer } from '../find-server.ts';
import { HttpProblem } from '../http-problem.ts';
import { readNote } from '../note.ts';
import {
  pathId,
  pathName,
  queryChoice,
  queryChoices,
  queryCursorId,
  queryInstant,
  queryLimit,
  queryText,
} from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { ALERT_WEBHOOK } from '../web-gate.ts';
import { get, post, type Route } from './route.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
/** Some thousand alerts of one group. */
const NOTIFICATION_SIZE_MAX = '4mb';

/** The history of alerts and the logs of servers, and what adds to them. */
export function alertRoutes(context: WebContext): readonly Route[] {
  const { alerts, clock, requireAdmin, requireAlertSender } = context;
  return [
    post(
      ALERT_WEBHOOK,
      requireAlertSender,
      json({ limit: NOTIFICATION_SIZE_MAX }),
      async (request, response) => {
        response.json(await receiveNotification(context, request.body));
      },
    ),
    get('/api/v1/alerts', async (request, response) => {
      response.json(await listAlerts(context, request));
    }),
    get('/api/v1/alerts/:id', async (request, response) => {
      response.json(alertJson(await findAlert(context, pathId(request)), clock.nowMs()));
    }),
    post(
      '/api/v1/alerts/:id/notes',
      requireAdmin,
      json({ limit: '16kb' }),
      async (request, response) => {
        const { id } = await findAlert(context, pathId(request));
        const text = readNote(request.body);
        await askJournal(alerts.addNote({ id, by: context.callerOf(request), text }));
        response.status(201).json(alertJson(await findAlert(context, id), clock.nowMs()));
      },
    ),
    get('/api/v1/mcp/servers/:name/logs', async (request, response) => {
      const server = findServer(context, pathName(request)).name;
      requireJournal(context);
      const filter = readLogFilter(request, server);
      const page = await askJournal(context.journal.findServerLog(filter));
      response.json({ entries: page.entries.map(logEntryJson), next_cursor: page.next });
    }),
  ];
}

async function receiveNotification({ alerts, log }: WebContext, body: unknown) {
  if (body === undefined) throw new HttpProblem(415, 'A notification must be application/json.');
  const received = await askJournal(alerts.receive(body));
  if (!received.ok)
    throw new HttpProblem(400, `This is not an Alertmanager notification: ${received.problem}.`);
  if (received.problems.length > 0)
    log.warn({ problems: received.problems }, 'alerts could not be read');
  return { alerts: received.alerts, kept: received.isKept };
}

async function listAlerts(context: WebContext, request: Request) {
  requireJournal(context);
  const limit = queryLimit(request, LIMIT_DEFAULT, LIMIT_MAX);
  const filter = { ...readAlertFilter(request), limit: limit + 1 };
  const found = await askJournal(context.alerts.find(filter));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    alerts: page.map((alert) => alertJson(alert, context.clock.nowMs())),
    next_cursor: last && found.length > page.length ? String(last.id) : undefined,
  };
}

/** Without its limit. Throws a 400. */
export function readAlertFilter(request: Request): Omit<AlertFilter, 'limit'> {
  const filter = {
    state: queryChoice(request, 'state', ALERT_STATES),
    alertname: queryText(request, 'alertname') || undefined,
    server: queryText(request, 'server') || undefined,
    fromMs: queryInstant(request, 'from'),
    toMs: queryInstant(request, 'to'),
    before: queryCursorId(request),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

function readLogFilter(request: Request, server: string) {
  const facts = queryChoices(request, 'event', SERVER_LOG_FACTS);
  const cursor = queryText(request, 'cursor');
  if (cursor !== undefined && cursor !== '' && !/^\d{1,15}-\d-\d{1,15}$/.test(cursor))
    throw new HttpProblem(400, 'cursor was not issued by this API.');
  const fromMs = queryInstant(request, 'from');
  const toMs = queryInstant(request, 'to');
  return {
    server,
    ...(facts.length > 0 && { facts }),
    statuses: queryChoices(request, 'status', STATUSES),
    search: queryText(request, 'search') ?? '',
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(cursor && { cursor }),
    limit: queryLimit(request, LIMIT_DEFAULT, LIMIT_MAX),
  };
}
