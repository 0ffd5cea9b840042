import type { Request } from 'express';
import { askBriefly } from '../ask-journal.ts';
import { findAlert } from '../find-alert.ts';
import { findServer } from '../find-server.ts';
import { alertPage } from '../pages/alert-page.ts';
import { alertsPage, type HistoryPage } from '../pages/alerts-page.ts';
import type { Page } from '../pages/layout.ts';
import { serverLogPage } from '../pages/server-log.ts';
import { pathId, pathName, queryText } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { readAlertFilter } from './alert-routes.ts';
import { get, type Route } from './route.ts';

/** Firing alerts on the page; more at once nobody reads. */
const FIRING_MAX = 500;
const HISTORY_ROWS = 50;
const LOG_ROWS = 100;

/** The list of alerts, one alert with its notes, and the log of a server. */
export function alertPageRoutes(context: WebContext): readonly Route[] {
  const { alertmanager, changeAccessOf, clock, outsideUrls, sendPage } = context;
  return [
    get('/alerts', async (request, response) => {
      sendPage(response, await showAlerts(context, request));
    }),
    get('/alerts/:id', async (request, response) => {
      const alert = await findAlert(context, pathId(request));
      const access = changeAccessOf(request);
      const canSilence = alertmanager !== undefined;
      const shown = { alert, access, canSilence, urls: outsideUrls, nowMs: clock.nowMs() };
      sendPage(response, alertPage(shown));
    }),
    get('/servers/:name/log', async (request, response) => {
      sendPage(response, await showServerLog(context, request));
    }),
  ];
}

async function showAlerts(context: WebContext, request: Request): Promise<Page> {
  const { alerts, servers, clock } = context;
  const filter = readAlertFilter(request);
  const { before: _, ...present } = filter;
  const [firing, history] = await Promise.all([
    filter.state !== 'resolved' &&
      askBriefly(context, () => alerts.find({ ...present, state: 'firing', limit: FIRING_MAX })),
    filter.state !== 'firing' && askBriefly(context, () => findHistory(context, filter)),
  ]);
  const shown = [
    ...(firing && firing.ok ? firing.value : []),
    ...(history && history.ok ? history.value.alerts : []),
  ];
  return alertsPage({
    filter: {
      state: filter.state,
      alertname: filter.alertname ?? '',
      server: filter.server ?? '',
      from: queryText(request, 'from') ?? '',
      to: queryText(request, 'to') ?? '',
    },
    ...(firing && { firing }),
    ...(history && { history }),
    servers: servers.views().map(({ name }) => name),
    alertnames: [...new Set(shown.map(({ alertname }) => alertname))].toSorted(),
    watchdogHeardAtMs: alerts.watchdogHeardAtMs(),
    ...(context.alertmanager && { actionAccess: context.changeAccessOf(request) }),
    urls: context.outsideUrls,
    nowMs: clock.nowMs(),
  });
}

async function findHistory(
  { alerts }: WebContext,
  filter: ReturnType<typeof readAlertFilter>,
): Promise<HistoryPage> {
  const found = await alerts.find({ ...filter, state: 'resolved', limit: HISTORY_ROWS + 1 });
  const page = found.slice(0, HISTORY_ROWS);
  return { alerts: page, next: found.length > page.length ? page.at(-1)?.id : undefined };
}

async function showServerLog(context: WebContext, request: Request): Promise<Page> {
  const server = findServer(context, pathName(request)).name;
  const search = queryText(request, 'search') ?? '';
  const cursor = queryText(request, 'cursor') ?? '';
  const filter = { server, search, cursor, limit: LOG_ROWS };
  const log = await askBriefly(context, () => context.journal.findServerLog(filter));
  return serverLogPage({ server, log, search, nowMs: context.clock.nowMs() });
}
