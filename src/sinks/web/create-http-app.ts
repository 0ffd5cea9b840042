import express, { type Express } from 'express';
import { describeApi } from './api/openapi.ts';
import type { Operation } from './api/operation.ts';
import { loadAssets } from './assets.ts';
import { describeCaller } from './caller.ts';
import { changeAccessOf } from './change-access.ts';
import { createCheckAll } from './check-all.ts';
import { createCheckOnRequest } from './check-on-request.ts';
import { loadDocuments } from './documents.ts';
import { errorHandler } from './error-handler.ts';
import { createEventStream } from './event-stream.ts';
import {
  refuseOwnRequests,
  requireAdmin,
  requireAlertSender,
  requireLocalHost,
  requireMarkerSender,
} from './guard.ts';
import { HttpProblem } from './http-problem.ts';
import { createMaintenanceOnRequest } from './maintenance-on-request.ts';
import { errorPage } from './pages/error-page.ts';
import { type Page, renderPage } from './pages/layout.ts';
import type { HttpAppDeps } from './ports.ts';
import { alertActionRoutes } from './routes/alert-action-routes.ts';
import { alertPageRoutes } from './routes/alert-page-routes.ts';
import { alertRoutes } from './routes/alert-routes.ts';
import { apiRoutes } from './routes/api-routes.ts';
import { auditPageRoutes } from './routes/audit-page-routes.ts';
import { errorPageRoutes } from './routes/error-page-routes.ts';
import { journalRoutes } from './routes/journal-routes.ts';
import { checkRoutes } from './routes/check-routes.ts';
import { maintenancePageRoutes } from './routes/maintenance-page-routes.ts';
import { maintenanceRoutes } from './routes/maintenance-routes.ts';
import { pageRoutes } from './routes/page-routes.ts';
import { probeRoutes } from './routes/probe-routes.ts';
import { createRouter, get, type Route } from './routes/route.ts';
import { selfRoutes } from './routes/self-routes.ts';
import { serverPageRoutes } from './routes/server-page-routes.ts';
import { summaryRoutes } from './routes/summary-routes.ts';
import { switchRoutes } from './routes/switch-routes.ts';
import { securityHeaders } from './security-headers.ts';
import { createTrafficReader } from './server-traffic.ts';
import { createServerUptimes } from './server-uptimes.ts';
import { createSummaryReader } from './summary-reader.ts';
import { createSwitchOnRequest } from './switch-on-request.ts';
import type { WebContext } from './web-context.ts';
import { createWebGate, type WebGate } from './web-gate.ts';

const DOCUMENT: Operation = {
  summary: 'This document',
  access: 'read',
  answer: { schema: 'OpenApi' },
};

/** The whole HTTP surface as a request handler; `listen` serves it. Holds no timer until someone listens to events. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const gate =
    deps.web &&
    createWebGate(deps.web, {
      admin: deps.adminToken,
      alerts: deps.alertToken,
      markers: deps.markerToken,
    });
  const context = createContext(deps, gate);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(securityHeaders());
  app.use(refuseOwnRequests(deps.instance));
  app.use(requireLocalHost(deps.listenHost));
  if (gate) app.use(gate.protect);
  app.use(createRouter(allRoutes(context)));
  app.use(() => {
    throw new HttpProblem(404, 'This address does not exist. /docs lists those that do.');
  });
  app.use(errorHandler(deps.log, (problem) => context.render(errorPage(problem))));
  return app;
}

export function allRoutes(context: WebContext): readonly Route[] {
  const routes = [
    ...selfRoutes(context),
    ...probeRoutes(context),
    // In front of the routes with a name in their place.
    ...checkRoutes(context),
    ...apiRoutes(context),
    ...switchRoutes(context),
    ...maintenanceRoutes(context),
    // In front of the routes with an id in its place.
    ...alertActionRoutes(context),
    ...alertRoutes(context),
    ...journalRoutes(context),
    ...summaryRoutes(context),
    ...pageRoutes(context),
    ...serverPageRoutes(context),
    ...alertPageRoutes(context),
    ...auditPageRoutes(context),
    ...errorPageRoutes(context),
    ...maintenancePageRoutes(context),
  ];
  const document = describeApi(routes, context.version);
  return [
    ...routes,
    get('/openapi.json', DOCUMENT, (_request, response) => void response.json(document)),
  ];
}

export function createContext(deps: HttpAppDeps, gate: WebGate | undefined): WebContext {
  const { alerts, clock, hub, servers, version } = deps;
  const startedAtMs = clock.monotonicMs();
  const uptimeMs = (): number => clock.monotonicMs() - startedAtMs;
  const assets = loadAssets();
  const documents = loadDocuments();
  const uptimes = createServerUptimes(deps);
  const summaries = createSummaryReader(deps, uptimes);
  const events = createEventStream({
    hub,
    clock,
    describeServer: (server) => servers.detail(server),
    readSummary: summaries.readLive,
  });
  deps.stopping.addEventListener('abort', () => events.stop(), { once: true });
  const checkOnRequest = createCheckOnRequest(servers, alerts);
  const render = (page: Page): string =>
    renderPage({ assets, version, uptimeMs: uptimeMs(), nowMs: clock.nowMs() }, page);
  return {
    ...deps,
    assets,
    documents,
    events,
    uptimeMs,
    uptimes,
    summaries,
    readTraffic: createTrafficReader(deps),
    render,
    requireAdmin: requireAdmin(deps, gate),
    requireAlertSender: requireAlertSender(deps, gate),
    requireMarkerSender: requireMarkerSender(deps, gate),
    checkOnRequest,
    checkAllOnRequest: createCheckAll(servers, checkOnRequest),
    switchOnRequest: createSwitchOnRequest(deps),
    maintenanceOnRequest: createMaintenanceOnRequest(deps),
    changeAccessOf: (request) => changeAccessOf(request, deps, gate),
    callerOf: (request) => describeCaller(request, gate, deps),
    sendPage: (response, page) => void response.type('html').send(render(page)),
  };
}
