import { WATCHDOG_STALE_MS } from '../../../facts/alert-event.ts';
import { HttpProblem } from '../http-problem.ts';
import { countByStatus } from '../select-servers.ts';
import type { WebContext } from '../web-context.ts';
import type { Operation } from '../api/operation.ts';
import { get, post, type Route } from './route.ts';

const METRICS: Operation = {
  summary: 'Metrics of all servers and of the exporter, for Prometheus',
  access: 'read',
  answer: { types: ['text/plain', 'application/openmetrics-text'] },
};

const HEALTH: Operation = {
  summary: 'State of the exporter, and how many servers have which status',
  access: 'read',
  answer: { schema: 'Health' },
};

const HEALTHY: Operation = {
  summary: 'Whether the service runs',
  access: 'read',
  answer: { types: ['text/plain'] },
};

const READY: Operation = {
  summary: 'Whether the first configuration was applied',
  access: 'read',
  answer: { types: ['text/plain'] },
};

const RELOAD: Operation = {
  summary: 'Reloads the configuration',
  access: 'change',
  answer: { schema: 'Reloaded' },
};

/** The service about itself: metrics, health, lifecycle. */
export function selfRoutes(context: WebContext): readonly Route[] {
  const { metrics, config, requireAdmin } = context;
  return [
    get('/metrics', METRICS, async (request, response) => {
      const page = await metrics.render(request.headers.accept);
      response.set({ 'Content-Type': page.contentType, Vary: 'Accept' });
      response.end(page.body);
    }),
    get('/health', HEALTH, (_request, response) => {
      response.json(describeHealth(context));
    }),
    get('/-/healthy', HEALTHY, (_request, response) => {
      response.type('text/plain').send('mcp-exporter is healthy.\n');
    }),
    get('/-/ready', READY, (_request, response) => {
      if (!context.isReady()) {
        throw new HttpProblem(503, 'The first configuration has not been applied yet.', {
          'Retry-After': '1',
        });
      }
      response.type('text/plain').send('mcp-exporter is ready.\n');
    }),
    post('/-/reload', RELOAD, requireAdmin, async (_request, response) => {
      const result = await config.reload();
      if (!result.ok) throw new HttpProblem(422, result.detail);
      response.json({ ok: true, detail: result.detail });
    }),
  ];
}

/** `degraded` is about the exporter itself; a server that is down only shows in `servers`. */
function describeHealth(context: WebContext) {
  const views = context.servers.views();
  const config = context.config.status();
  const isReady = context.isReady();
  const journal = describeJournal(context);
  const alerting = describeAlerting(context);
  const isDegraded =
    !isReady ||
    !config.lastReloadSuccessful ||
    journal.status === 'degraded' ||
    alerting.status === 'degraded';
  return {
    status: isDegraded ? 'degraded' : 'ok',
    version: context.version,
    uptime_seconds: Math.round(context.uptimeMs()) / 1_000,
    servers: { total: views.length, ...countByStatus(views) },
    queue_size: context.servers.queueSize(),
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
      schedule: { status: context.servers.isLate() ? 'late' : 'ok' },
      connectivity: { status: context.servers.connectivitySuspected() ? 'suspected' : 'ok' },
      journal,
      alerting,
    },
  };
}

function describeJournal({ journal }: WebContext) {
  const { status, detail } = journal.state();
  return { status: status === 'failed' ? 'degraded' : status, message: detail };
}

/** Before the first heartbeat, Alertmanager may not be meant to send notifications here: that is not a failure. */
function describeAlerting({ alerts, clock }: WebContext) {
  const heardAtMs = alerts.watchdogHeardAtMs();
  if (heardAtMs === undefined)
    return { status: 'unknown', message: 'No heartbeat from Alertmanager yet.' };
  const isStale = clock.nowMs() - heardAtMs > WATCHDOG_STALE_MS;
  return {
    status: isStale ? 'degraded' : 'ok',
    watchdog_last_received_at: new Date(heardAtMs).toISOString(),
    message: isStale
      ? 'The heartbeat from Alertmanager is overdue: alerts may not be arriving.'
      : 'The heartbeat from Alertmanager arrived.',
  };
}
