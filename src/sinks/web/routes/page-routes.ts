import { STATUSES } from '../../../facts/rules/health.ts';
import type { AssetName, Assets } from '../assets.ts';
import { HttpProblem } from '../http-problem.ts';
import { docsPage } from '../pages/docs-page.ts';
import { documentPage } from '../pages/document-page.ts';
import { landingPage } from '../pages/landing-page.ts';
import { GRID_SORTS } from '../sort-servers.ts';
import { pathName, queryChoice, queryChoices, queryLabels, queryText } from '../request-values.ts';
import type { WebContext } from '../web-context.ts';
import { get, type Route } from './route.ts';

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
        maintenance: maintenanceByServer(context),
        filter: {
          statuses: queryChoices(request, 'status', STATUSES),
          search: queryText(request, 'search') ?? '',
          labels: queryLabels(request),
        },
        groupBy: queryText(request, 'group') ?? '',
        sort: queryChoice(request, 'sort', GRID_SORTS) ?? 'status',
        nowMs: clock.nowMs(),
        config: config.status(),
        isConnectivitySuspected: servers.connectivitySuspected(),
        isExporterLate: servers.isLate(),
      });
      sendPage(response, page);
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
