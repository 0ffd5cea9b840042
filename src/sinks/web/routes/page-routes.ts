import { type Request, urlencoded } from 'express';
import { STATUSES } from '../../../facts/rules/health.ts';
import type { AssetName, Assets } from '../assets.ts';
import { askBriefly } from '../ask-journal.ts';
import { findServer } from '../find-server.ts';
import { docsPage } from '../pages/docs-page.ts';
import { landingPage, serverPath } from '../pages/landing-page.ts';
import type { Page } from '../pages/layout.ts';
import { serverPage } from '../pages/server-page.ts';
import { pathName, queryChoices, queryLabels, queryText } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, type Route } from './route.ts';

const ALERTS_SHOWN_MAX = 10;
const ENTRIES_SHOWN_MAX = 15;
/** The checks themselves are on the page already. */
const KEPT_SHOWN = ['status', 'action'] as const;

/** The start page, the page of a server, the docs, and the files that pages load. */
export function pageRoutes(context: WebContext): readonly Route[] {
  const { servers, config, clock, sendPage, listenHost } = context;
  return [
    get('/', async (request, response) => {
      const uptimes = await context.uptimes.all();
      const page = landingPage({
        views: servers.views(),
        uptimes,
        filter: {
          statuses: queryChoices(request, 'status', STATUSES),
          search: queryText(request, 'search') ?? '',
          labels: queryLabels(request),
        },
        groupBy: queryText(request, 'group') ?? '',
        nowMs: clock.nowMs(),
        config: config.status(),
        isConnectivitySuspected: servers.connectivitySuspected(),
        isExporterLate: servers.isLate(),
      });
      sendPage(response, page);
    }),
    get('/servers/:name', async (request, response) => {
      sendPage(response, await showServer(context, request));
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
    get('/docs', (request, response) => {
      sendPage(response, docsPage(request.headers.host ?? listenHost));
    }),
    ...assetRoutes(context.assets),
  ];
}

async function showServer(context: WebContext, request: Request): Promise<Page> {
  const name = pathName(request);
  findServer(context, name);
  const [alerts, log, uptime] = await Promise.all([
    askBriefly(context, () => context.alerts.find({ server: name, limit: ALERTS_SHOWN_MAX })),
    askBriefly(context, () =>
      context.journal.findServerLog({ server: name, facts: KEPT_SHOWN, limit: ENTRIES_SHOWN_MAX }),
    ),
    context.uptimes.find(name),
  ]);
  return serverPage({
    // Again: it may have left the configuration meanwhile.
    detail: findServer(context, name),
    access: context.changeAccessOf(request),
    isDisabledManually: context.switches.find(name) !== undefined,
    kept: { alerts, log },
    uptime,
    nowMs: context.clock.nowMs(),
  });
}

function assetRoutes(assets: Assets): readonly Route[] {
  return (Object.keys(assets) as AssetName[]).map((name) => {
    const { body, contentType, hash } = assets[name];
    return get(`/assets/${name}`, (request, response) => {
      const isCurrent = queryText(request, 'v') === hash;
      response.set('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache');
      response.set('Content-Type', contentType).send(body);
    });
  });
}
