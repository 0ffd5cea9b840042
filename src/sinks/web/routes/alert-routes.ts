import { json, type Request, type RequestHandler, type Router } from 'express';
import type { AlertFilter } from '../../../facts/ports/alert-store.ts';
import { ALERT_STATES } from '../../../facts/alert-event.ts';
import { SERVER_LOG_FACTS } from '../../../facts/server-log.ts';
import { alertJson, logEntryJson } from '../alert-json.ts';
import { askJournal, requireJournal } from '../ask-journal.ts';
import { HttpProblem } from '../http-problem.ts';
import { readNote } from '../note.ts';
import type { HttpAppDeps } from '../ports.ts';
import {
  pathId,
  pathName,
  queryChoice,
  queryChoices,
  queryCursorId,
  queryInstant,
  queryLimit,
  queryStatuses,
  queryText,
} from '../request-values.ts';
import { ALERT_WEBHOOK } from '../web-gate.ts';
import { allowOnly } from './allow-only.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
/** Some thousand alerts of one group. */
const NOTIFICATION_SIZE_MAX = '4mb';

/** The history of alerts and the logs of servers, and what comes into them. */
export function addAlertRoutes(
  router: Router,
  deps: HttpAppDeps,
  options: {
    readonly admin: RequestHandler;
    readonly alertSender: RequestHandler;
    readonly askerOf: (request: Request) => string;
  },
): void {
  const { alerts, journal, clock } = deps;

  const webhook = router
    .route(ALERT_WEBHOOK)
    .post(
      options.alertSender,
      json({ limit: NOTIFICATION_SIZE_MAX }),
      async (request, response) => {
        const body: unknown = request.body;
        if (body === undefined) throw new HttpProblem(415, 'A notification is application/json.');
        const received = await askJournal(alerts.receive(body));
        if (!received.ok)
          throw new HttpProblem(400, `This is no notification: ${received.problem}.`);
        if (received.problems.length > 0)
          deps.log.warn({ problems: received.problems }, 'alerts could not be read');
        response.json({ alerts: received.alerts, kept: received.isKept });
      },
    );
  allowOnly(webhook, ['POST']);

  const list = router.route('/api/v1/alerts').get(async (request, response) => {
    requireJournal(deps);
    const limit = queryLimit(request, LIMIT_DEFAULT, LIMIT_MAX);
    const found = await askJournal(alerts.find({ ...readAlertFilter(request), limit: limit + 1 }));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    response.json({
      alerts: page.map((alert) => alertJson(alert, clock.nowMs())),
      next_cursor: last && found.length > page.length ? String(last.id) : undefined,
    });
  });
  allowOnly(list, ['GET']);

  async function findAlert(id: number | undefined) {
    requireJournal(deps);
    const [alert] = id === undefined ? [] : await askJournal(alerts.find({ id, limit: 1 }));
    if (!alert) throw new HttpProblem(404, 'There is no alert of that id, or no more.');
    return alert;
  }

  const one = router.route('/api/v1/alerts/:id').get(async (request, response) => {
    response.json(alertJson(await findAlert(pathId(request)), clock.nowMs()));
  });
  allowOnly(one, ['GET']);

  const notes = router
    .route('/api/v1/alerts/:id/notes')
    .post(options.admin, json({ limit: '16kb' }), async (request, response) => {
      const { id } = await findAlert(pathId(request));
      const text = readNote(request.body);
      await askJournal(alerts.addNote({ id, by: options.askerOf(request), text }));
      response.status(201).json(alertJson(await findAlert(id), clock.nowMs()));
    });
  allowOnly(notes, ['POST']);

  const logs = router.route('/api/v1/mcp/servers/:name/logs').get(async (request, response) => {
    const server = pathName(request);
    if (!deps.servers.detail(server))
      throw new HttpProblem(404, 'No server of that name is configured.');
    requireJournal(deps);
    const page = await askJournal(journal.findServerLog(readLogFilter(request, server)));
    response.json({ entries: page.entries.map(logEntryJson), next_cursor: page.next });
  });
  allowOnly(logs, ['GET']);
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
    throw new HttpProblem(400, 'cursor is not one that this API gave.');
  const fromMs = queryInstant(request, 'from');
  const toMs = queryInstant(request, 'to');
  return {
    server,
    ...(facts.length > 0 ? { facts } : {}),
    statuses: queryStatuses(request),
    search: queryText(request, 'search') ?? '',
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(cursor ? { cursor } : {}),
    limit: queryLimit(request, LIMIT_DEFAULT, LIMIT_MAX),
  };
}
