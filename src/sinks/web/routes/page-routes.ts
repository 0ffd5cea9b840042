import { resultWithin } from '../../../facts/deadline.ts';
import { STATUSES } from '../../../facts/rules/health.ts';
import type { AssetName, Assets } from '../assets.ts';
import { HttpProblem } from '../http-problem.ts';
import { docsPage } from '../pages/docs-page.ts';
import { documentPage } from '../pages/document-page.ts';
import { landingPage } from '../pages/landing-page.ts';
import { countConnections } from '../server-connections.ts';
import { GRID_SORTS } from '../sort-servers.ts';
import { parseFormBody } from '../request-body.ts';
import { pathName, queryChoice, queryChoices, queryLabels, queryText } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { get, post, type Route } from './route.ts';

/** Checks that last longer go on; the page is shown without their results. */
const WAIT_MS_MAX = 10_000;

/** The start page, the docs, and the files that pages load. */
export function pageRoutes(context: WebContext): readonly Route[] {
  const { servers, config, clock, documents, sendPage, listenHost } = context;
  return [
    get('/', async (request, response) => {
      const [uptimes, traffic] = await Promise.all([context.uptimes.all(), context.readTraffic()]);
      const page = landingPage({
        views: servers.views(),
        uptimes,
        traffic,
        connections: countConnections(context.gateway),
        maintenance: maintenanceByServer(context),
        filter: {
          statuses: queryChoices(request, 'status', STATUSES),
          search: queryText(request, 'search') ?? '',
          labels: queryLabels(request),
        },
        groupBy: queryText(request, 'group') ?? '',
        sort: queryChoice(request, 'sort', GRID_SORTS) ?? 'status',
        nowMs: clock.nowMs(),
        access: context.changeAccessOf(request),
        config: config.status(),
        isConnectivitySuspected: servers.connectivitySuspected(),
        isExporterLate: servers.isLate(),
      });
      sendPage(response, page);
    }),
    // The plain form of a browser without JavaScript.
    post('/check', parseFormBody, context.requireAdmin, async (request, response) => {
      const { done } = context.checkAllOnRequest(context.callerOf(request));
      await resultWithin(clock, WAIT_MS_MAX, done);
      const { search } = new URL(request.originalUrl, 'http://localhost');
      response.redirect(303, `/${search}`);
    }),
    get('/docs', (request, response) => {
      sendPage(response, docsPage(request.headers.host ?? listenHost, documents.entries));
    }),
    get('/docs/:name', async (request, response) => {
      const name = pathName(request);
      const entry = documents.entries.find((each) => each.name === name);
      const content = entry && (await documents.read(entry.name));
      if (!content) throw new HttpProblem(404, 'There is no such document. /docs lists them.');
      sendPage(response, documentPage(entry, content));
    }),
    ...assetRoutes(context.assets),
  ];
}

function maintenanceByServer({ servers, maintenance }: WebContext) {
  return new Map(
    servers.views().flatMap(({ name }) => {
      const active = maintenance.findActive(name);
      return active ? [[name, active] as const] : [];
    }),
  );
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
