import { type Request, type RequestHandler } from 'express';
import { ACTION_KINDS } from '../../../facts/alert-event.ts';
import { ERROR_TYPES } from '../../../facts/call-outcome.ts';
import { CAPABILITY_KINDS } from '../../../facts/capability-snapshot.ts';
import { ERROR_SAMPLES_MAX } from '../../../facts/error-log.ts';
import { MARKER_KINDS } from '../../../facts/event-log.ts';
import type { JsonObject } from '../../../facts/json-object.ts';
import { STATUSES } from '../../../facts/rules/health.ts';
import { SERVER_LOG_FACTS } from '../../../facts/server-log.ts';
import { asEpochMs } from '../../../facts/time.ts';
import { format, toCsv } from '../api/csv.ts';
import { CALL_QUERY, callFilter, ENTRY_QUERY, entryFilter } from '../api/journal-query.ts';
import { type Operation, readBody } from '../api/operation.ts';
import {
  choice,
  choices,
  limit,
  present,
  type QueryValues,
  readQuery,
  text,
} from '../api/parameters.ts';
import { columnsOf, type SchemaName } from '../api/schemas.ts';
import { askJournal, requireJournal } from '../ask-journal.ts';
import { findServer } from '../find-server.ts';
import { HttpProblem } from '../http-problem.ts';
import { jsonOf, parseJsonBody } from '../request-body.ts';
import {
  actionJson,
  auditJson,
  definitionJson,
  errorGroupJson,
  logJson,
  markerJson,
} from '../journal-json.ts';
import { pathId, pathName } from '../request-values.ts';
import { MARKERS } from '../web-gate.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, type Route } from './route.ts';

const PAGING = { limit: limit(100, 500), format: format() };
const PAGE = { ...ENTRY_QUERY, ...PAGING };

const LOGS = {
  summary: 'Checks, status changes and actions, newest first',
  access: 'read',
  query: {
    event: choices(SERVER_LOG_FACTS, 'Kinds of entries.'),
    status: choices(STATUSES, 'Status after the check or the change; excludes actions.'),
    ...PAGE,
  },
  answer: { schema: 'LogPage', types: ['text/csv'] },
} as const satisfies Operation;

const AUDIT = {
  summary: 'Calls through the gateway: the audit log, newest first',
  access: 'read',
  query: { ...CALL_QUERY, ...PAGING },
  answer: { schema: 'AuditPage', types: ['text/csv'] },
} as const satisfies Operation;

const AUDIT_OF_ALL = {
  ...AUDIT,
  query: { server: text('Name of the server, also of a removed one.'), ...AUDIT.query },
} as const satisfies Operation;

const ERRORS = {
  summary: 'Failed calls, grouped by what seems to be the same cause, last seen first',
  access: 'read',
  query: {
    tool: text('Name of the tool or prompt, or URI of the resource.'),
    error_type: choice(ERROR_TYPES, 'Type of the error.'),
    pattern: text('Only groups with exactly this pattern.'),
    ...PAGE,
  },
  answer: { schema: 'ErrorPage', types: ['text/csv'] },
} as const satisfies Operation;

const ERROR: Operation = {
  summary: 'One group of errors with its newest samples',
  access: 'read',
  answer: { schema: 'ErrorGroup' },
};

const DEFINITIONS = {
  summary: 'Tools, prompts and resources that servers added, removed or changed, newest first',
  access: 'read',
  query: { kind: choices(CAPABILITY_KINDS, 'Kinds of definitions.'), ...PAGE },
  answer: { schema: 'DefinitionPage', types: ['text/csv'] },
} as const satisfies Operation;

const ACTIONS = {
  summary: 'What people did, newest first',
  access: 'read',
  query: { kind: choices(ACTION_KINDS, 'Kinds of actions.'), ...PAGE },
  answer: { schema: 'ActionPage', types: ['text/csv'] },
} as const satisfies Operation;

const LIST_MARKERS = {
  summary: 'Deploys, changes of the configuration and notes, newest first',
  access: 'read',
  query: {
    kind: choices(MARKER_KINDS, 'Kinds of markers.'),
    server: text('Markers of this server, and those of all servers.'),
    ...PAGE,
  },
  answer: { schema: 'MarkerPage', types: ['text/csv'] },
} as const satisfies Operation;

const ADD_MARKER: Operation = {
  summary:
    'Notes a deploy, a change of the configuration or anything else that may explain what follows',
  access: 'markers',
  body: { schema: 'NewMarker' },
  answer: { status: 201, schema: 'Marker' },
};

/** What the journal holds, of one server and of all. */
export function journalRoutes(context: WebContext): readonly Route[] {
  return [
    ...ofOneAndAll(context, 'logs', LOGS, showLogs),
    ...ofOneAndAll(context, 'audit', AUDIT, showAudit, AUDIT_OF_ALL),
    ...ofOneAndAll(context, 'errors', ERRORS, showErrors),
    ...ofOneAndAll(context, 'definitions', DEFINITIONS, showDefinitions),
    ...ofOneAndAll(context, 'actions', ACTIONS, showActions),
    get('/api/v1/mcp/errors/:id', ERROR, async (request, response) => {
      response.json(errorGroupJson(await findErrorGroup(context, pathId(request))));
    }),
    get(MARKERS, LIST_MARKERS, listed(context, showMarkers)),
    post(
      MARKERS,
      ADD_MARKER,
      context.requireMarkerSender,
      parseJsonBody,
      async (request, response) => {
        response.status(201).json(await addMarker(context, request));
      },
    ),
  ];
}

/** A page of entries before it becomes JSON or CSV. */
interface Listing {
  /** Of the entries in the answer. */
  readonly key: string;
  /** Schema of one entry; its properties are the columns. */
  readonly row: SchemaName;
  readonly rows: readonly JsonObject[];
  readonly total: number;
  readonly next?: string;
  /** Calls that are not listed, see `CallPage`. */
  readonly summedOnly?: number;
}

/** @param server all if absent */
type Show = (context: WebContext, request: Request, server: string | undefined) => Promise<Listing>;

function ofOneAndAll(
  context: WebContext,
  name: string,
  operation: Operation,
  show: Show,
  ofAll = operation,
): readonly Route[] {
  return [
    get(`/api/v1/mcp/servers/:name/${name}`, operation, listed(context, show)),
    get(`/api/v1/mcp/${name}`, ofAll, listed(context, show)),
  ];
}

function listed(context: WebContext, show: Show): RequestHandler {
  return async (request, response) => {
    const name = pathName(request);
    const server = name === '' ? undefined : findServer(context, name).name;
    const wanted = PAGE.format.read(request, 'format');
    requireJournal(context);
    const { key, row, rows, total, next, summedOnly } = await show(context, request, server);
    response.vary('Accept');
    if (wanted === 'json') {
      response.json({ [key]: rows, total, summed_only: summedOnly, next_cursor: next });
      return;
    }
    if (next !== undefined) response.set('Link', `<${linkToNext(request, next)}>; rel="next"`);
    response
      .attachment(`${key}.csv`)
      .type('text/csv')
      .send(toCsv(rows, columnsOf(row)));
  };
}

/** A relative reference (RFC 8288). */
function linkToNext(request: Request, next: string): string {
  const query = new URLSearchParams(request.originalUrl.split('?')[1] ?? '');
  query.set('cursor', next);
  return `?${query.toString()}`;
}

const showLogs: Show = async ({ journal }, request, server) => {
  const { event, status, ...rest } = readQuery(request, LOGS.query);
  const filter = { server, facts: event.length > 0 ? event : undefined, ...pageOf(rest) };
  const page = await askJournal(journal.findServerLog({ ...present(filter), statuses: status }));
  return { ...page, key: 'logs', row: 'LogEntry', rows: page.entries.map(logJson) };
};

const showAudit: Show = async ({ journal, servers }, request, server) => {
  const query = readQuery(request, AUDIT_OF_ALL.query);
  const filter = callFilter(query, server ?? query.server);
  const page = await askJournal(journal.findCalls({ ...filter, limit: query.limit }));
  const environmentOf = new Map(
    [...new Set(page.entries.map((call) => call.server))].map((name) => [
      name,
      servers.detail(name)?.labels['environment'],
    ]),
  );
  const rows = page.entries.map((call) => auditJson(call, environmentOf.get(call.server)));
  return { ...page, key: 'logs', row: 'AuditEntry', rows };
};

const showErrors: Show = async ({ journal }, request, server) => {
  const {
    tool: target,
    error_type: errorType,
    pattern,
    ...rest
  } = readQuery(request, ERRORS.query);
  const filter = present({ server, target, errorType, pattern, ...pageOf(rest) });
  const { groups, total, next } = await askJournal(
    journal.findErrors({ ...filter, samples: ERROR_SAMPLES_MAX }),
  );
  const rows = groups.map(errorGroupJson);
  return { key: 'errors', row: 'ErrorGroup', rows, total, ...(next !== undefined && { next }) };
};

async function findErrorGroup({ journal }: WebContext, id: number | undefined) {
  requireJournal({ journal });
  const filter = { id: id ?? 0, limit: 1, samples: ERROR_SAMPLES_MAX };
  const { groups } = await askJournal(journal.findErrors(filter));
  const [group] = groups;
  if (group === undefined) throw new HttpProblem(404, 'There is no such group of errors.');
  return group;
}

const showDefinitions: Show = async ({ journal }, request, server) => {
  const { kind: kinds, ...rest } = readQuery(request, DEFINITIONS.query);
  const filter = present({ server, ...pageOf(rest) });
  const page = await askJournal(journal.findDefinitionChanges({ ...filter, kinds }));
  const rows = page.entries.map(definitionJson);
  return { ...page, key: 'definitions', row: 'DefinitionEntry', rows };
};

const showActions: Show = async ({ journal }, request, server) => {
  const { kind: kinds, ...rest } = readQuery(request, ACTIONS.query);
  const filter = present({ server, ...pageOf(rest) });
  const page = await askJournal(journal.findActions({ ...filter, kinds }));
  return { ...page, key: 'actions', row: 'ActionEntry', rows: page.entries.map(actionJson) };
};

const showMarkers: Show = async ({ journal }, request) => {
  const { kind: kinds, server, ...rest } = readQuery(request, LIST_MARKERS.query);
  const filter = present({ server, ...pageOf(rest) });
  const page = await askJournal(journal.findMarkers({ ...filter, kinds }));
  return { ...page, key: 'markers', row: 'Marker', rows: page.entries.map(markerJson) };
};

async function addMarker(context: WebContext, request: Request): Promise<JsonObject> {
  const { at, server, ...given } = readBody(jsonOf(request), 'NewMarker');
  requireJournal(context);
  if (server !== undefined) findServer(context, server);
  const marker = {
    ...given,
    atMs: at === undefined ? context.clock.nowMs() : asEpochMs(Date.parse(at)),
    by: context.callerOf(request),
    ...(server !== undefined && { server }),
  };
  const id = await askJournal(context.markers.saveMarker(marker));
  return markerJson({ id, ...marker });
}

function pageOf(query: QueryValues<typeof PAGE>) {
  return { ...entryFilter(query), limit: query.limit };
}
