import { type Request, type RequestHandler, type Router, urlencoded } from 'express';
import type { AssetName, Assets } from '../assets.ts';
import { askBriefly } from '../ask-journal.ts';
import type { CheckOnRequest } from '../check-on-request.ts';
import { HttpProblem } from '../http-problem.ts';
import { docsPage } from '../pages/docs-page.ts';
import { landingPage, serverPath } from '../pages/landing-page.ts';
import type { Page } from '../pages/layout.ts';
import { serverPage } from '../pages/server-page.ts';
import type { HttpAppDeps } from '../ports.ts';
import { pathName, queryStatuses, queryText } from '../request-values.ts';
import { allowOnly } from './allow-only.ts';

const ALERTS_SHOWN_MAX = 10;
const ENTRIES_SHOWN_MAX = 15;
/** The checks themselves are on the page already. */
const KEPT_SHOWN = ['status', 'action'] as const;

export function addPageRoutes(
  router: Router,
  deps: HttpAppDeps,
  options: {
    readonly admin: RequestHandler;
    readonly assets: Assets;
    readonly checkOnRequest: CheckOnRequest;
    readonly askerOf: (request: Request) => string;
    readonly renderPage: (page: Page) => string;
  },
): void {
  const { assets, renderPage } = options;

  const landing = router.route('/').get((request, response) => {
    const page = landingPage({
      views: deps.servers.views(),
      filter: { statuses: queryStatuses(request), search: queryText(request, 'search') ?? '' },
      nowMs: deps.clock.nowMs(),
      config: deps.config.status(),
      isConnectivitySuspected: deps.servers.connectivitySuspected(),
    });
    response.type('html').send(renderPage(page));
  });
  allowOnly(landing, ['GET']);

  const server = router.route('/servers/:name').get(async (request, response) => {
    const name = pathName(request);
    if (!deps.servers.detail(name))
      throw new HttpProblem(404, `No server named ${name} is configured.`);
    const [alerts, log] = await Promise.all([
      askBriefly(deps, () => deps.alerts.find({ server: name, limit: ALERTS_SHOWN_MAX })),
      askBriefly(deps, () =>
        deps.journal.findServerLog({ server: name, facts: KEPT_SHOWN, limit: ENTRIES_SHOWN_MAX }),
      ),
    ]);
    // It may have left the configuration meanwhile.
    const detail = deps.servers.detail(name);
    if (!detail) throw new HttpProblem(404, `No server named ${name} is configured.`);
    const needsToken = deps.adminToken !== undefined;
    const page = serverPage({
      detail,
      needsToken,
      isDisabledByHand: deps.switches.find(name) !== undefined,
      kept: { alerts, log },
      nowMs: deps.clock.nowMs(),
    });
    response.type('html').send(renderPage(page));
  });
  allowOnly(server, ['GET']);

  // The plain form of a browser without JavaScript: checks, then shows the page again.
  const check = router
    .route('/servers/:name/check')
    .post(
      urlencoded({ extended: false, limit: '4kb' }),
      options.admin,
      async (request, response) => {
        await options.checkOnRequest(pathName(request), options.askerOf(request));
        response.redirect(303, serverPath(pathName(request)));
      },
    );
  allowOnly(check, ['POST']);

  const docs = router.route('/docs').get((request, response) => {
    response.type('html').send(renderPage(docsPage(request.headers.host ?? deps.listenHost)));
  });
  allowOnly(docs, ['GET']);

  for (const [name, asset] of Object.entries(assets) as [AssetName, Assets[AssetName]][]) {
    const route = router.route(`/assets/${name}`).get((request, response) => {
      const isCurrent = queryText(request, 'v') === asset.hash;
      response.set('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.set('Content-Type', asset.contentType).send(asset.body);
    });
    allowOnly(route, ['GET']);
  }
}
