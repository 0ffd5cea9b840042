import { type Request, urlencoded } from 'express';
import type { CallSummaryFilter, CallSummaryKey } from '../../../facts/call-log.ts';
import { asEpochMs } from '../../../facts/time.ts';
import { choice, instant, present, readQuery, window } from '../api/parameters.ts';
import { askBriefly } from '../ask-journal.ts';
import { findServer } from '../find-server.ts';
import { CALL_SORTS } from '../pages/call-table.ts';
import { serverPath } from '../pages/landing-page.ts';
import type { Page } from '../pages/layout.ts';
import { capabilitiesTab } from '../pages/server-capabilities.ts';
import { clientsTab, toolsTab } from '../pages/server-calls.ts';
import { SERVER_TABS, type ServerFrame, type ServerTab } from '../pages/server-frame.ts';
import { serverPage } from '../pages/server-page.ts';
import { settingsTab } from '../pages/server-settings.ts';
import { timelineTab } from '../pages/server-timeline.ts';
import { readFailingCalls } from '../read-failing-calls.ts';
import { readServerHistory } from '../read-server-history.ts';
import { readTimeline } from '../read-timeline.ts';
import { TIMELINE_KINDS } from '../timeline.ts';
import { pathName } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, type Route } from './route.ts';

const ALERTS_SHOWN_MAX = 10;
const ENTRIES_SHOWN_MAX = 15;
/** The checks themselves are on the page already. */
const KEPT_SHOWN = ['status', 'action'] as const;
/** More tools than a server has, or clients. */
const SUMS_MAX = 1_000;

const QUERY = {
  tab: choice(SERVER_TABS, 'Part of the page.'),
  window: window('24h'),
  kind: choice(TIMELINE_KINDS, 'Kind of events.'),
  to: instant('Events before this time.'),
  sort: choice(CALL_SORTS, 'Column that the tables are sorted by.'),
};

/** The page of a server, tab by tab. */
export function serverPageRoutes(context: WebContext): readonly Route[] {
  return [
    get('/servers/:name', async (request, response) => {
      const { tab = 'overview' } = readQuery(request, { tab: QUERY.tab });
      context.sendPage(response, await TABS[tab](context, request));
    }),
    // The plain form of a browser without JavaScript: checks, then shows the page again.
    post(
      '/servers/:name/check',
      urlencoded({ extended: false, limit: '4kb' }),
      context.requireAdmin,
      async (request, response) => {
        await context.checkOnRequest(pathName(request), context.callerOf(request));
        response.redirect(303, serverPath(pathName(request)));
      },
    ),
  ];
}

type ShowTab = (context: WebContext, request: Request) => Promise<Page>;

const TABS: Readonly<Record<ServerTab, ShowTab>> = {
  overview: showOverview,
  tools: showTools,
  clients: showClients,
  timeline: showTimeline,
  capabilities: async (context, request) => capabilitiesTab(frameOf(context, request)),
  settings: async (context, request) => settingsTab(frameOf(context, request)),
};

/** Read last: the server may have left the configuration meanwhile. */
function frameOf(context: WebContext, request: Request): ServerFrame {
  const name = pathName(request);
  return {
    detail: findServer(context, name),
    access: context.changeAccessOf(request),
    isDisabledManually: context.switches.find(name) !== undefined,
    maintenance: context.maintenance.findActive(name),
    nowMs: context.clock.nowMs(),
  };
}

async function showOverview(context: WebContext, request: Request): Promise<Page> {
  const detail = findServer(context, pathName(request));
  const { name } = detail;
  const { window: windowMs } = readQuery(request, { window: QUERY.window });
  const [alerts, log, uptime, failing, history] = await Promise.all([
    askBriefly(context, () => context.alerts.find({ server: name, limit: ALERTS_SHOWN_MAX })),
    askBriefly(context, () =>
      context.journal.findServerLog({ server: name, facts: KEPT_SHOWN, limit: ENTRIES_SHOWN_MAX }),
    ),
    context.uptimes.find(name),
    readFailingCalls(context, detail),
    readServerHistory(context, detail, windowMs),
  ]);
  return serverPage({
    ...frameOf(context, request),
    kept: { alerts, log, urls: context.outsideUrls },
    uptime,
    failing,
    history,
    windowMs,
  });
}

async function showTools(context: WebContext, request: Request): Promise<Page> {
  const { name } = findServer(context, pathName(request));
  const { window: windowMs, sort } = readQuery(request, QUERY);
  const sums = sumsOf(context, name, windowMs);
  const [tools, operations] = await Promise.all([
    sums('target', { operation: 'tools/call' }),
    sums('operation'),
  ]);
  return toolsTab({ ...frameOf(context, request), tools, operations, windowMs, sort });
}

async function showClients(context: WebContext, request: Request): Promise<Page> {
  const { name } = findServer(context, pathName(request));
  const { window: windowMs, sort } = readQuery(request, QUERY);
  const sums = sumsOf(context, name, windowMs);
  const [clients, users] = await Promise.all([sums('client'), sums('user')]);
  return clientsTab({ ...frameOf(context, request), clients, users, windowMs, sort });
}

async function showTimeline(context: WebContext, request: Request): Promise<Page> {
  const { name: server } = findServer(context, pathName(request));
  const { window: windowMs, kind, to: givenMs } = readQuery(request, QUERY);
  const toMs = givenMs ?? context.clock.nowMs();
  const given = present({ kind });
  const fromMs = asEpochMs(toMs - windowMs);
  const kinds = present({ kinds: kind && [kind] });
  const timeline = await readTimeline(context, { server, fromMs, toMs, ...kinds });
  const shown = present({ toMs: givenMs });
  return timelineTab({ ...frameOf(context, request), timeline, windowMs, ...given, ...shown });
}

function sumsOf(context: WebContext, server: string, windowMs: number) {
  const toMs = context.clock.nowMs();
  const filter = { server, fromMs: asEpochMs(toMs - windowMs), toMs, limit: SUMS_MAX };
  return (by: CallSummaryKey, more: Pick<CallSummaryFilter, 'operation'> = {}) =>
    askBriefly(context, () => context.journal.summarizeCalls({ ...filter, ...more, by }));
}
