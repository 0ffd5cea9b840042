import type { DocumentEntry } from '../documents.ts';
import { type Html, html } from '../html.ts';
import type { Page } from './layout.ts';

const ENDPOINTS: readonly (readonly [string, string])[] = [
  [
    'GET /metrics',
    'Metrics of all configured servers and of the exporter itself, for Prometheus. OpenMetrics on request.',
  ],
  [
    'GET /probe?target=NAME',
    'Checks one server now and returns only its metrics. module=handshake or full; debug=true prints every step.',
  ],
  ['GET /sd/servers', 'The configured servers for HTTP service discovery, to use with /probe.'],
  [
    'GET /health',
    'The state of the exporter as JSON: version, servers by status, queue, components. Always 200.',
  ],
  [
    'GET /-/healthy, /-/ready',
    'For orchestrators. Ready once the first configuration has been applied.',
  ],
  [
    'POST /-/reload',
    'Reloads the configuration. An invalid one changes nothing, and the answer lists its mistakes.',
  ],
  ['GET /api/v1/mcp/servers', 'Servers as JSON. Filters: status, search; paging: limit, cursor.'],
  [
    'GET /api/v1/mcp/servers/NAME',
    'One server with its recent checks, failures and status changes.',
  ],
  [
    'POST /api/v1/mcp/servers/NAME/check',
    'Runs a check and a deep check now and returns both reports.',
  ],
  [
    'POST /api/v1/mcp/servers/NAME/disable, …/enable',
    'Disables or enables a server: {"reason": "…", "by": "…"}, both optional. The journal keeps it across restarts.',
  ],
  [
    'GET /api/v1/mcp/servers/NAME/logs',
    'Checks, status changes and actions. Filters: event, status, search, from, to; paging: limit, cursor. CSV: format=csv. The same without servers/NAME: all servers.',
  ],
  [
    'GET …/NAME/audit, …/NAME/errors, …/NAME/definitions, …/NAME/actions',
    'Calls through the gateway, failed calls in groups, changed definitions, and what people did; filters and CSV likewise. /api/v1/mcp/errors/ID returns one group.',
  ],
  [
    'GET /api/v1/mcp/metrics/summary',
    'Traffic, response times, errors, cost and uptime of all servers and of each one, in window=24h. From Prometheus if prometheus.url is set, else from the journal.',
  ],
  [
    'GET, POST /api/v1/markers',
    'Deploys and notes that may explain what follows: {"kind": "deploy", "text": "…", "server": "NAME"}. markers.tokenFile is a token for pipelines.',
  ],
  [
    'GET, POST /api/v1/maintenance',
    'Maintenance windows: {"servers": ["NAME"], "duration": "2h", "reason": "…"}, or recurring. DELETE /api/v1/maintenance/ID cancels one.',
  ],
  [
    'GET /api/v1/alerts',
    'The alert history. Filters: state, alertname, server, from, to; paging: limit, cursor. /api/v1/alerts/ID returns one alert.',
  ],
  ['POST /api/v1/alerts/ID/notes', 'Adds a note to an alert: {"text": "…"}.'],
  [
    'POST /api/v1/alerts/webhook',
    'For Alertmanager. 200 means that the notification is recorded; after a 503 Alertmanager sends it again.',
  ],
  [
    'GET /openapi.json',
    'The OpenAPI document of all these, for programs and generators of clients.',
  ],
  [
    'GET /api/v1/events',
    'Server-sent events: checks, status changes, alerts, actions, and a summary every five seconds. Resumable by Last-Event-ID.',
  ],
];

/**
 * The documents, the endpoints, and how to connect Prometheus and Alertmanager.
 * @param host the address that the reader used
 */
export function docsPage(host: string, documents: readonly DocumentEntry[]): Page {
  return {
    title: 'Docs – mcp-exporter',
    main: html` <p class="crumb"><a href="/">← All servers</a></p>
      <h1>Docs</h1>
      ${documentList(documents)}
      <section class="card pad">
        <h2>Connect Prometheus</h2>
        <pre>
scrape_configs:
  - job_name: mcp-exporter
    static_configs:
      - targets: ["${host}"]</pre>
        <p class="muted">
          Or let Prometheus decide when to check, with one probe per server and scrape:
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
        <h2>Connect Alertmanager</h2>
        <pre>
route:
  routes:
    - receiver: mcp-history
      continue: true
receivers:
  - name: mcp-history
    webhook_configs:
      - url: http://${host}/api/v1/alerts/webhook
        # If alertWebhook.tokenFile is set, as it must be if Alertmanager runs on another machine:
        http_config:
          authorization: { credentials_file: /run/secrets/mcp-exporter-alerts }</pre>
        <p class="muted">
          The journal then records every alert with its start, end, value and the actions taken, and
          <a href="/health">/health</a> shows when the last heartbeat (the Watchdog alert) arrived.
        </p>
      </section>
      <section class="card pad">
        <h2>Endpoints</h2>
        <dl class="definitions">${ENDPOINTS.map(endpoint)}</dl>
        <p class="muted">
          Requests that change something require the admin token if one is configured (<code
            >Authorization: Bearer TOKEN</code
          >), and are otherwise accepted only from this machine, if the exporter listens on
          loopback. Errors are problem+json with an id that is also in the log.
        </p>
      </section>`,
  };
}

function documentList(documents: readonly DocumentEntry[]): Html {
  return html`<section class="card pad">
    <h2>Documents</h2>
    <dl class="definitions">${documents.map(documentItem)}</dl>
  </section>`;
}

function documentItem({ name, title, summary }: DocumentEntry): Html {
  return html`<dt><a href="/docs/${name}">${title}</a></dt>
    <dd>${summary}</dd>`;
}

function endpoint([call, meaning]: readonly [string, string]): Html {
  return html`<dt><code>${call}</code></dt>
    <dd>${meaning}</dd>`;
}
