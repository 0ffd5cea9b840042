import express, { type Express, type Request } from 'express';
import { describeAsker } from './asker.ts';
import { loadAssets } from './assets.ts';
import { createCheckOnRequest } from './check-on-request.ts';
import { errorHandler } from './error-handler.ts';
import { createEventStream } from './event-stream.ts';
import { requireAdmin, requireAlertSender, requireLocalHost } from './guard.ts';
import { HttpProblem } from './http-problem.ts';
import { errorPage } from './pages/error-page.ts';
import { type Page, renderPage } from './pages/layout.ts';
import type { HttpAppDeps } from './ports.ts';
import { addAlertPageRoutes } from './routes/alert-page-routes.ts';
import { addAlertRoutes } from './routes/alert-routes.ts';
import { addApiRoutes } from './routes/api-routes.ts';
import { addPageRoutes } from './routes/page-routes.ts';
import { addProbeRoutes } from './routes/probe-routes.ts';
import { addSelfRoutes } from './routes/self-routes.ts';
import { addSwitchRoutes } from './routes/switch-routes.ts';
import { securityHeaders } from './security-headers.ts';
import { createSwitchOnRequest } from './switch-on-request.ts';
import { createWebGate } from './web-gate.ts';

/** The whole HTTP surface of design §7, as a request handler; `listen` serves it. Holds no timer until someone listens to events. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const { clock, version } = deps;
  const startedAtMs = clock.monotonicMs();
  const uptimeMs = (): number => clock.monotonicMs() - startedAtMs;
  const assets = loadAssets();
  const gate =
    deps.web && createWebGate(deps.web, { admin: deps.adminToken, alerts: deps.alertToken });
  const admin = requireAdmin(deps.adminToken, gate);
  const alertSender = requireAlertSender(deps.alertToken, gate);
  const askerOf = (request: Request): string => describeAsker(request, gate, deps.adminToken);
  const checkOnRequest = createCheckOnRequest(deps.servers, deps.alerts);
  const switchOnRequest = createSwitchOnRequest(deps);
  const events = createEventStream({ hub: deps.hub, clock });
  deps.stopping.addEventListener('abort', () => events.stop(), { once: true });
  const render = (page: Page): string =>
    renderPage({ assets, version, uptimeMs: uptimeMs(), nowMs: clock.nowMs() }, page);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(securityHeaders());
  app.use(requireLocalHost(deps.listenHost));
  if (gate) app.use(gate.protect);
  const router = express.Router();
  addSelfRoutes(router, deps, { admin, uptimeMs });
  addProbeRoutes(router, deps);
  addApiRoutes(router, deps, { admin, checkOnRequest, askerOf, events });
  addSwitchRoutes(router, deps, { admin, switchOnRequest, askerOf });
  addAlertRoutes(router, deps, { admin, alertSender, askerOf });
  addPageRoutes(router, deps, { admin, assets, checkOnRequest, askerOf, renderPage: render });
  addAlertPageRoutes(router, deps, { admin, askerOf, renderPage: render });
  app.use(router);
  app.use(() => {
    throw new HttpProblem(
      404,
      'There is nothing here. The start page / and /docs list what there is.',
    );
  });
  app.use(errorHandler(deps.log, (problem) => render(errorPage(problem))));
  return app;
}
