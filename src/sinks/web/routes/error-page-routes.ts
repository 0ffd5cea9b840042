import type { Request } from 'express';
import { ERROR_TYPES } from '../../../facts/call-outcome.ts';
import {
  type ErrorFilter,
  type ErrorGroup,
  type ErrorGroupPage,
  ERROR_SAMPLES_MAX,
} from '../../../facts/error-log.ts';
import { asEpochMs, type EpochMs } from '../../../facts/time.ts';
import { ENTRY_QUERY } from '../api/journal-query.ts';
import { choice, present, type QueryValues, readQuery, text, window } from '../api/parameters.ts';
import { askBriefly, type Kept } from '../ask-journal.ts';
import { HttpProblem } from '../http-problem.ts';
import type { AffectedSums } from '../pages/affected.ts';
import { errorGroupPage, missingGroupPage } from '../pages/error-group-page.ts';
import {
  ERRORS_FIELDS,
  errorsIn,
  type ErrorsFilter,
  errorsPage,
  type FoundErrors,
} from '../pages/errors-page.ts';
import type { Page } from '../pages/layout.ts';
import { readTimeline } from '../read-timeline.ts';
import { pathId, queryText } from '../request-values.ts';
import { type ChartSpan, chartSpan, type TimeSpan } from '../time-span.ts';
import type { TimelineKind } from '../timeline.ts';
import type { WebContext } from '../web-context.ts';
import { get, type Route } from './route.ts';

const GROUPS_SHOWN = 50;
const MARKERS_SHOWN = 50;
/** Failed checks and calls are on this page in other ways. */
const CHANGE_KINDS: readonly TimelineKind[] = ['status', 'definition', 'marker', 'action', 'alert'];
const SUMS_READ = 500;
/** Patterns that earlier groups are looked for by. */
const PATTERNS_MAX = 5;
const ALIKE_SHOWN = 20;

const ERRORS_QUERY = {
  ...ENTRY_QUERY,
  server: text('Name of the server.'),
  tool: text('Name of the tool or prompt, or URI of the resource.'),
  error_type: choice(ERROR_TYPES, 'Type of the error.'),
  window: window('24h'),
};
type ErrorsQuery = QueryValues<typeof ERRORS_QUERY>;

/** What failed, by groups, and one group. */
export function errorPageRoutes(context: WebContext): readonly Route[] {
  return [
    get('/errors', async (request, response) => {
      const aroundMs = momentOf(request);
      if (aroundMs !== undefined) {
        response.redirect(303, errorsIn(around(aroundMs), writtenFilter(request)));
        return;
      }
      context.sendPage(response, await showErrors(context, request));
    }),
    get('/errors/:id', async (request, response) => {
      context.sendPage(response, await showErrorGroup(context, pathId(request)));
    }),
  ];
}

async function showErrors(context: WebContext, request: Request): Promise<Page> {
  const query = readQuery(request, ERRORS_QUERY);
  const nowMs = context.clock.nowMs();
  const span = spanOf(query, nowMs);
  const chart = chartSpan(span, nowMs);
  const { status, detail } = context.journal.state();
  return errorsPage({
    filter: writtenFilter(request),
    span,
    chart,
    found: status === 'off' ? undefined : await findAll(context, { query, span, chart }),
    reason: detail,
    servers: context.servers.views().map(({ name }) => name),
    nowMs,
  });
}

/** Before and after the point of a graph that a link came from. */
const AROUND_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

/** The parameter `at` of links in Grafana, which has times in milliseconds and cannot calculate. */
function momentOf(request: Request): number | undefined {
  const written = queryText(request, 'at') ?? '';
  if (written === '') return undefined;
  if (/^\d{1,14}$/.test(written)) return Number(written);
  throw new HttpProblem(400, 'at must be a time in milliseconds since 1970.');
}

/** In whole minutes. */
function around(atMs: number): TimeSpan {
  const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  return {
    fromMs: asEpochMs(Math.max(0, minuteMs - AROUND_MS)),
    toMs: asEpochMs(minuteMs + AROUND_MS),
  };
}

function writtenFilter(request: Request): ErrorsFilter {
  const values = ERRORS_FIELDS.map((name) => [name, queryText(request, name) ?? '']);
  // Each field has its value.
  return Object.fromEntries(values) as ErrorsFilter;
}

function spanOf({ from, to, window: lengthMs }: ErrorsQuery, nowMs: EpochMs): TimeSpan {
  const toMs = to ?? nowMs;
  const fromMs = from ?? asEpochMs(Math.max(0, toMs - lengthMs));
  if (fromMs >= toMs) throw new HttpProblem(400, 'from must be before to, and before now.');
  return { fromMs, toMs };
}

interface Asked {
  readonly query: ErrorsQuery;
  readonly span: TimeSpan;
  readonly chart: ChartSpan;
}

async function findAll(context: WebContext, { query, span, chart }: Asked): Promise<FoundErrors> {
  const { journal } = context;
  const { server } = query;
  const events = { ...present({ server }), ...span };
  const isWindow = query.from !== undefined || query.to !== undefined;
  const ask = <T>(answer: () => Promise<T>) => askBriefly(context, answer);
  const [groups, points, markers, changes, affected] = await Promise.all([
    ask(() => journal.findErrors(groupFilter(query, span))),
    // The end of a chart is the beginning of a bar that is not in it.
    ask(() => journal.chartCalls({ ...present({ server }), ...chart, toMs: before(chart.toMs) })),
    ask(() => journal.findMarkers({ ...events, limit: MARKERS_SHOWN })),
    readTimeline(context, { ...events, kinds: CHANGE_KINDS }),
    ask(() => sumUp(context, span, server)),
  ]);
  const alike = isWindow && groups.ok ? await findAlike(context, groups.value, span) : undefined;
  return { groups, points, markers, changes, affected, alike };
}

function before(atMs: EpochMs): EpochMs {
  return asEpochMs(atMs - 1);
}

function groupFilter(query: ErrorsQuery, span: TimeSpan): ErrorFilter {
  const { server, tool: target, error_type: errorType, search, cursor } = query;
  return {
    ...present({ server, target, errorType, search, cursor }),
    ...span,
    limit: GROUPS_SHOWN,
    samples: 0,
  };
}

async function sumUp(
  { journal }: WebContext,
  { fromMs, toMs }: TimeSpan,
  server: string | undefined,
): Promise<AffectedSums> {
  const filter = { ...present({ server }), fromMs, toMs: before(toMs), limit: SUMS_READ };
  const [servers, targets, operations] = await Promise.all([
    journal.summarizeCalls({ ...filter, by: 'server' }),
    journal.summarizeCalls({ ...filter, by: 'target' }),
    journal.summarizeCalls({ ...filter, by: 'operation' }),
  ]);
  return { servers, targets, operations };
}

/** Groups that were seen before the time and are not in it, with the pattern of one that is. */
async function findAlike(
  context: WebContext,
  { groups }: ErrorGroupPage,
  { fromMs }: TimeSpan,
): Promise<Kept<readonly ErrorGroup[]> | undefined> {
  const patterns = new Set(groups.map(({ pattern }) => pattern).filter((each) => each !== ''));
  if (patterns.size === 0) return undefined;
  const shown = new Set(groups.map(({ id }) => id));
  const found = await askBriefly(context, () =>
    Promise.all(
      [...patterns].slice(0, PATTERNS_MAX).map((pattern) => findByPattern(context, pattern)),
    ),
  );
  if (!found.ok) return found;
  const alike = found.value
    .flat()
    .filter(({ id, firstAtMs }) => !shown.has(id) && firstAtMs < fromMs);
  return { ok: true, value: alike.slice(0, ALIKE_SHOWN) };
}

async function findByPattern(
  { journal }: WebContext,
  pattern: string,
): Promise<readonly ErrorGroup[]> {
  return (await journal.findErrors({ pattern, limit: ALIKE_SHOWN, samples: 0 })).groups;
}

async function showErrorGroup(context: WebContext, id: number | undefined): Promise<Page> {
  const found = await askBriefly(context, () =>
    context.journal.findErrors({ id: id ?? 0, limit: 1, samples: ERROR_SAMPLES_MAX }),
  );
  if (!found.ok) return missingGroupPage(found.message);
  const [group] = found.value.groups;
  if (group === undefined) throw new HttpProblem(404, 'There is no such group of errors.');
  const { pattern } = group;
  const same = await askBriefly(context, () => findByPattern(context, pattern));
  const alike = same.ok
    ? { ok: true as const, value: same.value.filter((each) => each.id !== group.id) }
    : same;
  return errorGroupPage({
    group,
    alike: pattern === '' ? undefined : alike,
    urls: context.outsideUrls,
    nowMs: context.clock.nowMs(),
  });
}
