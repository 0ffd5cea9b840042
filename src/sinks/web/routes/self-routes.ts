import type { RequestHandler, Router } from 'express';
import { WATCHDOG_STALE_MS } from '../../../facts/alert-event.ts';
import { HttpProblem } from '../http-problem.ts';
import type { HttpAppDeps } from '../ports.ts';
import { countByStatus } from '../select-servers.ts';
import { allowOnly } from './allow-only.ts';

/** The service about itself: metrics, health, lifecycle. */
export function addSelfRoutes(
  router: Router,
  deps: HttpAppDeps,
  options: { readonly admin: RequestHandler; readonly uptimeMs: () => number },
): void {
  const metrics = router.route('/metrics').get(async (request, response) => {
    const page = await deps.metrics.render(request.headers.accept);
    response.set({ 'Content-Type': page.contentType, Vary: 'Accept' });
    response.end(page.body);
  });
  allowOnly(metrics, ['GET']);

  const health = router.route('/health').get((_request, response) => {
    response.json(describeHealth(deps, options.uptimeMs()));
  });
  allowOnly(health, ['GET']);

  const healthy = router.route('/-/healthy').get((_request, response) => {
    response.type('text/plain').send('mcp-exporter is healthy.\n');
  });
  allowOnly(healthy, ['GET']);

  const ready = router.route('/-/ready').get((_request, response) => {
    if (!deps.isReady()) {
      throw new HttpProblem(503, 'The first configuration is not applied yet.', {
        'Retry-After': '1',
      });
    }
    response.type('text/plain').send('mcp-exporter is ready.\n');
  });
  allowOnly(ready, ['GET']);

  const reload = router.route('/-/reload').post(options.admin, async (_request, response) => {
    const result = await deps.config.reload();
    if (!result.ok) throw new HttpProblem(422, result.detail);
    response.json({ ok: true, detail: result.detail });
  });
  allowOnly(reload, ['POST']);
}

/** Degraded means the exporter itself; an upstream that is down shows in `servers` and nowhere else. */
function describeHealth(deps: HttpAppDeps, uptimeMs: number): Readonly<Record<string, unknown>> {
  const views = deps.servers.views();
  const config = deps.config.status();
  const isReady = deps.isReady();
  const journal = describeJournal(deps);
  const alerting = describeAlerting(deps);
  const isDegraded =
    !isReady ||
    !config.lastReloadSuccessful ||
    journal.status === 'degraded' ||
    alerting.status === 'degraded';
  return {
    status: isDegraded ? 'degraded' : 'ok',
    version: deps.version,
    uptime_seconds: Math.round(uptimeMs) / 1_000,
    servers: { total: views.length, ...countByStatus(views) },
    queue_size: deps.servers.queueSize(),
    plugins: [],
    components: {
      prober: { status: isReady ? 'ok' : 'starting' },
      config: {
        status: config.lastReloadSuccessful ? 'ok' : 'degraded',
        last_reload_successful: config.lastReloadSuccessful,
        last_reload_at:
          config.lastReloadAtMs === undefined
            ? undefined
            : new Date(config.lastReloadAtMs).toISOString(),
        message: config.message,
      },
      connectivity: { status: deps.servers.connectivitySuspected() ? 'suspected' : 'ok' },
      journal,
      alerting,
    },
  };
}

function describeJournal({ journal }: HttpAppDeps) {
  const { status, detail } = journal.state();
  return { status: status === 'failed' ? 'degraded' : status, message: detail };
}

/** Where the Watchdog was never heard, nobody may have meant to send it here: that is no failure. */
function describeAlerting({ alerts, clock }: HttpAppDeps) {
  const heardAtMs = alerts.watchdogHeardAtMs();
  if (heardAtMs === undefined)
    return { status: 'unknown', message: 'The Watchdog was not heard yet.' };
  const isStale = clock.nowMs() - heardAtMs > WATCHDOG_STALE_MS;
  return {
    status: isStale ? 'degraded' : 'ok',
    watchdog_last_received_at: new Date(heardAtMs).toISOString(),
    message: isStale
      ? 'The Watchdog is overdue: alerts of Prometheus may not arrive.'
      : 'The Watchdog was heard.',
  };
}
