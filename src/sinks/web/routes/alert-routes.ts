import { json, type Request } from 'express';
import type { AlertFilter } from '../../../facts/ports/alert-store.ts';
import { ALERT_STATES } from '../../../facts/alert-event.ts';
import { alertJson } from '../alert-json.ts';
import { askJournal, requireJournal } from '../ask-journal.ts';
import { findAlert } from '../find-alert.ts';
import { HttpProblem } from '../http-problem.ts';
import type { Operation } from '../api/operation.ts';
import { choice, cursorId, instant, limit, present, readQuery, text } from '../api/parameters.ts';
import { pathId } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { ALERT_WEBHOOK } from '../web-gate.ts';
import { get, post, type Route } from './route.ts';

const RECEIVE: Operation = {
  summary: 'Takes a notification of Alertmanager into the history',
  access: 'alerts',
  body: { schema: 'Notification' },
  answer: { schema: 'Received' },
};

const LIST_ALERTS = {
  summary: 'The history of alerts, newest first',
  access: 'read',
  query: {
    state: choice(ALERT_STATES, 'Only alerts in this state.'),
    alertname: text('Name of the alert.'),
    server: text('Label server of the alert.'),
    from: instant('Alerts that were active after this time.'),
    to: instant('Alerts that were active before this time.'),
    cursor: cursorId(),
    limit: limit(100, 1_000),
  },
  answer: { schema: 'AlertList' },
} as const satisfies Operation;

const SHOW_ALERT: Operation = {
  summary: 'One alert with its notifications and what was done',
  access: 'read',
  answer: { schema: 'Alert' },
};

/** Some thousand alerts of one group. */
const NOTIFICATION_SIZE_MAX = '4mb';

/** The history of alerts, and what adds to it. */
export function alertRoutes(context: WebContext): readonly Route[] {
  const { clock, requireAlertSender } = context;
  return [
    post(
      ALERT_WEBHOOK,
      RECEIVE,
      requireAlertSender,
      json({ limit: NOTIFICATION_SIZE_MAX }),
      async (request, response) => {
        response.json(await receiveNotification(context, request.body));
      },
    ),
    get('/api/v1/alerts', LIST_ALERTS, async (request, response) => {
      response.json(await listAlerts(context, request));
    }),
    get('/api/v1/alerts/:id', SHOW_ALERT, async (request, response) => {
      response.json(alertJson(await findAlert(context, pathId(request)), clock.nowMs()));
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
  const { limit: size } = readQuery(request, LIST_ALERTS.query);
  const found = await askJournal(
    context.alerts.find({ ...readAlertFilter(request), limit: size + 1 }),
  );
  const page = found.slice(0, size);
  const last = page.at(-1);
  return {
    alerts: page.map((alert) => alertJson(alert, context.clock.nowMs())),
    next_cursor: last && found.length > page.length ? String(last.id) : undefined,
  };
}

/** Without its limit. Throws a 400. */
export function readAlertFilter(request: Request): Omit<AlertFilter, 'limit'> {
  const {
    cursor: before,
    from: fromMs,
    to: toMs,
    limit: _,
    ...rest
  } = readQuery(request, LIST_ALERTS.query);
  return present({ ...rest, fromMs, toMs, before });
}
