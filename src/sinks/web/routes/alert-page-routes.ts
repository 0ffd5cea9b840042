import { type Request, type RequestHandler, type Router, urlencoded } from 'express';
import { askBriefly, askJournal, requireJournal } from '../ask-journal.ts';
import { HttpProblem } from '../http-problem.ts';
import { readNote } from '../note.ts';
import { alertPage } from '../pages/alert-page.ts';
import { alertPath } from '../pages/alert-table.ts';
import { alertsPage, type HistoryPage } from '../pages/alerts-page.ts';
import type { Page } from '../pages/layout.ts';
import { serverLogPage } from '../pages/server-log.ts';
import type { HttpAppDeps } from '../ports.ts';
import { pathId, pathName, queryText } from '../request-values.ts';
import { readAlertFilter } from './alert-routes.ts';
import { allowOnly } from './allow-only.ts';

/** Firing alerts on the page; more at once nobody reads. */
const FIRING_MAX = 500;
const HISTORY_ROWS = 50;
const LOG_ROWS = 100;

export function addAlertPageRoutes(
  router: Router,
  deps: HttpAppDeps,
  options: {
    readonly admin: RequestHandler;
    readonly askerOf: (request: Request) => string;
    readonly renderPage: (page: Page) => string;
  },
): void {
  const { alerts, journal, clock } = deps;
  const { renderPage } = options;

  async function findHistory(filter: ReturnType<typeof readAlertFilter>): Promise<HistoryPage> {
    const found = await alerts.find({ ...filter, state: 'resolved', limit: HISTORY_ROWS + 1 });
    const page = found.slice(0, HISTORY_ROWS);
    return { alerts: page, next: found.length > page.length ? page.at(-1)?.id : undefined };
  }

  const list = router.route('/alerts').get(async (request, response) => {
    const filter = readAlertFilter(request);
    const { before: _, ...present } = filter;
    const [firing, history] = await Promise.all([
      filter.state !== 'resolved' &&
        askBriefly(deps, () => alerts.find({ ...present, state: 'firing', limit: FIRING_MAX })),
      filter.state !== 'firing' && askBriefly(deps, () => findHistory(filter)),
    ]);
    const shown = [
      ...(firing && firing.ok ? firing.value : []),
      ...(history && history.ok ? history.value.alerts : []),
    ];
    const page = alertsPage({
      filter: {
        state: filter.state,
        alertname: filter.alertname ?? '',
        server: filter.server ?? '',
        from: queryText(request, 'from') ?? '',
        to: queryText(request, 'to') ?? '',
      },
      ...(firing ? { firing } : {}),
      ...(history ? { history } : {}),
      servers: deps.servers.views().map(({ name }) => name),
      alertnames: [...new Set(shown.map(({ alertname }) => alertname))].toSorted(),
      watchdogHeardAtMs: alerts.watchdogHeardAtMs(),
      nowMs: clock.nowMs(),
    });
    response.type('html').send(renderPage(page));
  });
  allowOnly(list, ['GET']);

  const one = router.route('/alerts/:id').get(async (request, response) => {
    requireJournal(deps);
    const id = pathId(request);
    const [alert] = id === undefined ? [] : await askJournal(alerts.find({ id, limit: 1 }));
    if (!alert) throw new HttpProblem(404, 'There is no alert of that id, or no more.');
    const needsToken = deps.adminToken !== undefined;
    response.type('html').send(renderPage(alertPage({ alert, needsToken, nowMs: clock.nowMs() })));
  });
  allowOnly(one, ['GET']);

  const notes = router
    .route('/alerts/:id/notes')
    .post(
      urlencoded({ extended: false, limit: '16kb' }),
      options.admin,
      async (request, response) => {
        requireJournal(deps);
        const id = pathId(request) ?? 0;
        const note = { id, by: options.askerOf(request), text: readNote(request.body) };
        if (!(await askJournal(alerts.addNote(note))))
          throw new HttpProblem(404, 'There is no alert of that id, or no more.');
        response.redirect(303, alertPath(id));
      },
    );
  allowOnly(notes, ['POST']);

  const log = router.route('/servers/:name/log').get(async (request, response) => {
    const server = pathName(request);
    if (!deps.servers.detail(server))
      throw new HttpProblem(404, `No server named ${server} is configured.`);
    const search = queryText(request, 'search') ?? '';
    const cursor = queryText(request, 'cursor') ?? '';
    const filter = { server, search, cursor, limit: LOG_ROWS };
    const found = await askBriefly(deps, () => journal.findServerLog(filter));
    const page = serverLogPage({ server, log: found, search, nowMs: clock.nowMs() });
    response.type('html').send(renderPage(page));
  });
  allowOnly(log, ['GET']);
}
