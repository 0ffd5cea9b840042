import { type Html, html } from '../html.ts';
import type { Page } from './layout.ts';

const ENDPOINTS: readonly (readonly [string, string])[] = [
  [
    'GET /metrics',
    'Every configured server and the exporter itself, for Prometheus; OpenMetrics where asked for.',
  ],
  [
    'GET /probe?target=NAME',
    'One check now, with metrics of that server only. module=handshake or full; debug=true prints every step.',
  ],
  ['GET /sd/servers', 'The configured servers as HTTP service discovery, for /probe.'],
  [
    'GET /health',
    'The service as JSON: version, servers by status, queue, components. 200 as long as it serves.',
  ],
  [
    'GET /-/healthy, /-/ready',
    'For orchestrators. Ready once the first configuration was applied.',
  ],
  [
    'POST /-/reload',
    'Reads the configuration again. A bad one changes nothing and says what is wrong.',
  ],
  ['GET /api/v1/mcp/servers', 'Servers as JSON. Filters: status, search; limit and cursor.'],
  ['GET /api/v1/mcp/servers/NAME', 'One server with its last checks, failures and status changes.'],
  [
    'POST /api/v1/mcp/servers/NAME/check',
    'A check and a deep check now; answers with both reports.',
  ],
  [
    'POST /api/v1/mcp/servers/NAME/disable, …/enable',
    'Takes a server out of service and back: {"reason": "…", "by": "…"}, both optional. Kept over restarts by the journal.',
  ],
  [
    'GET /api/v1/mcp/servers/NAME/logs',
    'What the journal keeps of it: checks, status changes, actions. Filters: event, status, search, from, to; limit and cursor.',
  ],
  [
    'GET /api/v1/alerts',
    'The history of alerts. Filters: state, alertname, server, from, to; limit and cursor. /api/v1/alerts/ID is one of them.',
  ],
  ['POST /api/v1/alerts/ID/notes', 'Adds a note to an alert: {"text": "…"}.'],
  [
    'POST /api/v1/alerts/webhook',
    'For Alertmanager. 200 means that the notification is kept; with 503 it is sent again.',
  ],
  ['GET /api/v1/events', 'Server-sent events: checks, status changes, alerts, reloads.'],
];

/** What there is to call, and how Prometheus finds it. `host` is the address the reader came by. */
export function docsPage(host: string): Page {
  return {
    title: 'Docs – mcp-exporter',
    main: html` <p class="crumb"><a href="/">← All servers</a></p>
      <h1>Docs</h1>
      <section class="card pad">
        <h2>Let Prometheus scrape it</h2>
        <pre>
scrape_configs:
  - job_name: mcp-exporter
    static_configs:
      - targets: ["${host}"]</pre>
        <p class="muted">
          Or let Prometheus own the schedule, one probe for each server on each scrape:
        </p>
        <pre>
scrape_configs:
  - job_name: mcp-probe
    metrics_path: /probe
    http_sd_configs:
      - url: http://${host}/sd/servers
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: "${host}" }</pre>
      </section>
      <section class="card pad" id="alertmanager">
        <h2>Let Alertmanager tell it</h2>
        <pre>
route:
  routes:
    - receiver: mcp-history
      continue: true
receivers:
  - name: mcp-history
    webhook_configs:
      - url: http://${host}/api/v1/alerts/webhook
        # With alertWebhook.tokenFile, and whenever it runs on another machine:
        http_config:
          authorization: { credentials_file: /run/secrets/mcp-exporter-alerts }</pre>
        <p class="muted">
          Every alert is then kept with its start, its end, its value and what was done about it,
          and <a href="/health">/health</a> says when the Watchdog was last heard.
        </p>
      </section>
      <section class="card pad">
        <h2>Endpoints</h2>
        <dl class="offers">${ENDPOINTS.map(endpoint)}</dl>
        <p class="muted">
          What changes something needs the admin token if one is configured (<code
            >Authorization: Bearer TOKEN</code
          >), and otherwise works from this machine only. Errors are problem+json with an id that is
          in the log.
        </p>
      </section>`,
  };
}

function endpoint([call, meaning]: readonly [string, string]): Html {
  return html`<dt><code>${call}</code></dt>
    <dd>${meaning}</dd>`;
}
