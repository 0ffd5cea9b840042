import type { Request } from 'express';
import type { CallSummaryKey } from '../../../facts/call-log.ts';
import type { JsonObject } from '../../../facts/json-object.ts';
import { asEpochMs } from '../../../facts/time.ts';
import type { Operation } from '../api/operation.ts';
import { readQuery, window } from '../api/parameters.ts';
import { askJournal, requireJournal } from '../ask-journal.ts';
import { summarizeMetrics } from '../metrics-summary.ts';
import type { WebContext } from '../web-context.ts';
import { get, type Route } from './route.ts';

const SUMMARY = {
  summary: 'Traffic, cost and uptime of a window, in all and by server',
  access: 'read',
  query: { window: window('24h') },
  answer: { schema: 'Summary' },
} as const satisfies Operation;

/** Far more servers, tools and error types than anybody has. */
const SUMS_MAX = 100_000;

export function summaryRoutes(context: WebContext): readonly Route[] {
  return [
    get('/api/v1/mcp/metrics/summary', SUMMARY, async (request, response) => {
      response.json(await showSummary(context, request));
    }),
  ];
}

async function showSummary(context: WebContext, request: Request): Promise<JsonObject> {
  const { window: windowMs } = readQuery(request, SUMMARY.query);
  const { clock, journal, servers, uptimes } = context;
  requireJournal(context);
  const toMs = clock.nowMs();
  const fromMs = asEpochMs(toMs - windowMs);
  const sumBy = (by: CallSummaryKey) =>
    askJournal(journal.summarizeCalls({ by, fromMs, toMs, limit: SUMS_MAX }));
  const [byServer, byTool, byErrorType, uptime] = await Promise.all([
    sumBy('server'),
    sumBy('target'),
    sumBy('error_type'),
    uptimes.all(),
  ]);
  return {
    source: 'journal',
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    ...summarizeMetrics({
      views: servers.views(),
      uptimes: uptime,
      byServer,
      byTool,
      byErrorType,
      windowMs,
    }),
  };
}
