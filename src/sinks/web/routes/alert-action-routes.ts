import type { Request } from 'express';
import type { SilencingKind } from '../../../facts/alert-event.ts';
import { alertJson } from '../alert-json.ts';
import { type Operation, readBody } from '../api/operation.ts';
import { askJournal } from '../ask-journal.ts';
import { findAlert } from '../find-alert.ts';
import { alertPath } from '../pages/alert-table.ts';
import { testAlertPage } from '../pages/test-alert-page.ts';
import { authorOf, formOf, jsonOf, parseFormBody, parseJsonBody } from '../request-body.ts';
import { pathId } from '../request-values.ts';
import { createSendTestAlert, testAlertJson } from '../send-test-alert.ts';
import { silenceAlert, unsilenceAlert } from '../silence-alert.ts';
import type { WebContext } from '../web-context.ts';
import { post, type Route } from './route.ts';

const ADD_NOTE: Operation = {
  summary: 'Adds a note to an alert',
  access: 'change',
  body: { schema: 'Note' },
  answer: { status: 201, schema: 'Alert' },
};

const SILENCING = {
  acknowledge: {
    summary:
      'Silences a firing alert in Alertmanager while somebody works on it, for 4 hours by default',
    access: 'change',
    body: { schema: 'AcknowledgeOrder', isOptional: true },
    answer: { schema: 'Alert' },
  },
  silence: {
    summary: 'Silences a firing alert in Alertmanager for a time',
    access: 'change',
    body: { schema: 'SilenceOrder' },
    answer: { schema: 'Alert' },
  },
} as const satisfies Readonly<Record<SilencingKind, Operation>>;

const UNSILENCE = {
  summary: 'Ends now what was acknowledged or silenced from here',
  access: 'change',
  body: { schema: 'Order', isOptional: true },
  answer: { schema: 'Alert' },
} as const satisfies Operation;

const TEST: Operation = {
  summary: 'Sends a test alert to Alertmanager, and waits up to 20 s for its notification',
  access: 'change',
  body: { schema: 'TestAlertOrder', isOptional: true },
  answer: { schema: 'TestAlert' },
};

/** What people do about alerts, for programs and for the forms of the pages. */
export function alertActionRoutes(context: WebContext): readonly Route[] {
  return [
    ...testRoutes(context),
    ...silencingRoutes(context, 'acknowledge'),
    ...silencingRoutes(context, 'silence'),
    ...unsilenceRoutes(context),
    ...noteRoutes(context),
  ];
}

function noteRoutes(context: WebContext): readonly Route[] {
  const { clock, requireAdmin } = context;
  return [
    post(
      '/api/v1/alerts/:id/notes',
      ADD_NOTE,
      requireAdmin,
      parseJsonBody,
      async (request, response) => {
        const id = await addNote(context, request, jsonOf(request));
        response.status(201).json(alertJson(await findAlert(context, id), clock.nowMs()));
      },
    ),
    post('/alerts/:id/notes', parseFormBody, requireAdmin, async (request, response) => {
      response.redirect(303, alertPath(await addNote(context, request, formOf(request))));
    }),
  ];
}

async function addNote(context: WebContext, request: Request, given: unknown): Promise<number> {
  const { id } = await findAlert(context, pathId(request));
  const { text, by } = readBody(given, 'Note');
  const author = authorOf(by, context.callerOf(request));
  await askJournal(context.alerts.addAction({ id, kind: 'note', by: author, text }));
  return id;
}

function silencingRoutes(context: WebContext, kind: SilencingKind): readonly Route[] {
  const { clock, requireAdmin } = context;
  const operation = SILENCING[kind];
  const silence = (request: Request, given: unknown) =>
    silenceAlert(context, {
      kind,
      id: pathId(request),
      caller: context.callerOf(request),
      body: readBody(given, operation.body.schema),
    });
  return [
    post(
      `/api/v1/alerts/:id/${kind}`,
      operation,
      requireAdmin,
      parseJsonBody,
      async (request, response) => {
        response.json(alertJson(await silence(request, jsonOf(request)), clock.nowMs()));
      },
    ),
    post(`/alerts/:id/${kind}`, parseFormBody, requireAdmin, async (request, response) => {
      response.redirect(303, alertPath((await silence(request, formOf(request))).id));
    }),
  ];
}

function unsilenceRoutes(context: WebContext): readonly Route[] {
  const { clock, requireAdmin } = context;
  const end = (request: Request, given: unknown) =>
    unsilenceAlert(context, {
      id: pathId(request),
      caller: context.callerOf(request),
      body: readBody(given, UNSILENCE.body.schema),
    });
  return [
    post(
      '/api/v1/alerts/:id/unsilence',
      UNSILENCE,
      requireAdmin,
      parseJsonBody,
      async (request, response) => {
        response.json(alertJson(await end(request, jsonOf(request)), clock.nowMs()));
      },
    ),
    post('/alerts/:id/unsilence', parseFormBody, requireAdmin, async (request, response) => {
      response.redirect(303, alertPath((await end(request, formOf(request))).id));
    }),
  ];
}

function testRoutes(context: WebContext): readonly Route[] {
  const { callerOf, requireAdmin, sendPage } = context;
  const sendTestAlert = createSendTestAlert(context);
  const send = (request: Request, given: unknown) => {
    const { by, severity } = readBody(given, 'TestAlertOrder');
    return sendTestAlert({ severity, by: authorOf(by, callerOf(request)) });
  };
  return [
    post('/api/v1/alerts/test', TEST, requireAdmin, parseJsonBody, async (request, response) => {
      response.json(testAlertJson(await send(request, jsonOf(request))));
    }),
    post('/alerts/test', parseFormBody, requireAdmin, async (request, response) => {
      sendPage(response, testAlertPage(await send(request, formOf(request))));
    }),
  ];
}
