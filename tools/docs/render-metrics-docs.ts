import { LABELS } from '../../src/catalog/labels.ts';
import type { Metric } from '../../src/catalog/metric.ts';

const GATEWAY_TEXT = `Only with the gateway. Created when a server is added to the configuration, and removed with it.

These series exist with 0 from the first scrape: \`initialize\` and \`tools/list\` by POST; \`tools/call\` by POST with the tool
\`_OTHER\` for success and each failure of the server; \`denied\` and \`rate_limited\` with the operation \`_OTHER\`. The series of a
tool starts with 1 at its first call: \`increase()\` over \`sum by (server)\` includes that call, over the tool alone it does not.

Each exchange counts once: \`sum(mcp_requests_total)\` equals the number of lines in the access log, and that of the operation
\`tools/call\` the number of lines in the audit log. This is what counts:

<!-- prettier-ignore-start -->

| An HTTP request of a client | counts as | outcome |
| --- | --- | --- |
| with JSON-RPC requests, alone or in a batch | each of them, with its operation; also if the gateway refuses it after its body was read | that of its response; \`transport_error\` without a usable one, which includes 202 and 3xx |
| POST without any message: no JSON, JSON that is no JSON-RPC, an empty batch, no body | one, operation \`_OTHER\` | that of the HTTP status, or of a JSON-RPC error in a 2xx |
| whose client leaves after the head and before the end of the body | one, operation \`_OTHER\` | \`cancelled\`, 499 |
| refused by the gateway before its body was read, with any HTTP method: host, origin, credentials, limits, size | one, operation \`_OTHER\` | that of the refusal ([errors.md](errors.md)) |
| with notifications or responses alone, and refused by the gateway or by the server (status 3xx to 5xx) | one, operation \`_OTHER\` | that of the refusal or of the HTTP status |
| GET, DELETE or another method, and refused by the gateway | one, operation \`_OTHER\` | that of the refusal |
| that cannot be read as HTTP, has too large a head, or stops in the middle of one (408) | one, server and operation \`_OTHER\` | \`client_error\` |
| with notifications or responses alone, and accepted | nothing: no response is due, so there is no exchange | – |
| GET, DELETE, OPTIONS, … that the server answers, whatever it answers | nothing: a stream is no exchange (see \`mcp_sse_streams_active\`), and servers without streams or sessions refuse GET and DELETE as a matter of course | – |
| \`/-/identity\`, the gateway's own \`/\` and \`/health\`, or an answer with authorization metadata of the gateway | nothing: no server takes part | – |
| none: a connection on which no byte comes, or that is idle after a request, whoever closes it | nothing | – |

<!-- prettier-ignore-end -->

Whatever went to a server is in \`mcp_gateway_upstream_requests_total\`, exchange or not. The label \`method\` is \`_OTHER\` for HTTP methods
other than POST, GET and DELETE, and where none could be read. A request of the server to the client is one exchange too.
[outcomes.md](outcomes.md) has the outcome of a call by who ended it, and when.`;

const USAGE_TEXT = `Who calls the servers, and what it costs. Only with the gateway.

The name of a client is what it says in the request itself (2026-07-28), or what its session said in \`initialize\`. A server of an
older revision may have no session ids. The last \`initialize\` of the same authenticated user then gives the name or, without
authentication, that of the same address and \`User-Agent\`, if no proxy shows itself (\`X-Forwarded-For\`, \`Via\`, … or HTTP/1.0). The name
is \`unknown\` in the metric, and absent from log and spans: before \`initialize\`; as soon as two clients (name and version) have the same
user or the same address and \`User-Agent\`, since they may share connections; after \`gateway.sessionIdle\` without a request; and past
10,000 users and addresses of a server. A program that never sends \`initialize\` gets the name of one that did and looks the same.`;

const AREAS: readonly { area: Metric['area']; title: string; text: string }[] = [
  {
    area: 'server',
    title: 'Servers',
    text: 'Identity and status of each monitored server. Created when a server is added to the configuration, and removed with it.',
  },
  {
    area: 'probe',
    title: 'Checks',
    text: "Checks run on the exporter's own schedule; a scrape shows the result of the last check and never starts one.",
  },
  {
    area: 'process',
    title: 'Child processes',
    text: 'Only for servers that the exporter starts itself (stdio).',
  },
  {
    area: 'gateway',
    title: 'Calls through the gateway',
    text: GATEWAY_TEXT,
  },
  {
    area: 'usage',
    title: 'Usage and cost',
    text: USAGE_TEXT,
  },
  {
    area: 'auth',
    title: 'Authentication and rate limits',
    text: 'Across all servers. Only with the gateway.',
  },
  {
    area: 'otel',
    title: 'OpenTelemetry histograms',
    text: 'Only with `otelHistograms`. Do not send the same metrics to the same Prometheus by OTLP as well. Requests from the server to the client and long-lived streams are excluded.',
  },
  { area: 'self', title: 'The exporter', text: 'Health of the exporter itself.' },
  {
    area: 'runtime',
    title: 'The Node.js process',
    text: 'Collected by the Prometheus client for Node.js; some exist on Linux only.',
  },
  {
    area: 'target',
    title: 'A single target',
    text: 'Served by `/probe`: results of checks that run for this request, without a `server` label. Prometheus controls the schedule.',
  },
  {
    area: 'library',
    title: 'Instrumented servers',
    text: 'Shown by servers that use [`mcp-exporter/instrument`](instrument.md), not by the exporter. They also show requests, loads and usage of their own, and authentication, under the names above. A family appears once it is used.',
  },
];

const INTRODUCTION = `# Metrics

<!-- Generated from src/catalog by \`npm run generate\`; edit the catalog, not this page. -->

\`/metrics\` serves these metrics (\`/probe\` serves the last group), as Prometheus text 0.0.4 or OpenMetrics 1.0, depending on the
\`Accept\` header.

- Base units: seconds, bytes, ratios from 0 to 1. Counters end in \`_total\`.
- \`server\` is the configured name. What a server reports about itself is limited to 128 bytes per label and one
  \`mcp_server_info\` series per server; \`mcp_label_overflow_total\` counts shortened values.
- Series exist with 0 from the first scrape, so that a rule detects the first occurrence of a rare event. Metrics marked
  _absent until known_ are exceptions: for a timestamp or an age, a 0 would page someone.
- When a server is removed from the configuration, all its series are removed.
- Rules and panels should use the state set \`mcp_server_status\`; \`mcp_server_status_code\` is for value mappings only.
- Bounds of histograms (\`le\`) are always floats (\`30.0\`), so that the series are the same in Prometheus 2 and 3 and in both
  formats. Rules should still use bounds that are not whole numbers: 0.25, 0.5, 2.5.
- Prometheus adds the labels \`gateway\`, \`job\` and \`instance\`.
`;

/** The text of `docs/metrics.md`. Tables are kept from the formatter, which would widen every row for the longest cell. */
export function renderMetricsDocs(catalog: readonly Metric[]): string {
  const sections = AREAS.map(({ area, title, text }) => {
    const rows = catalog.filter((metric) => metric.area === area).map(metricRow);
    return `## ${title}\n\n${text}\n\n${table(['Name', 'Type', 'Labels', 'Meaning', 'Since'], rows)}`;
  });
  const labels = [...new Set(catalog.flatMap((metric) => metric.labels))].sort();
  const labelRows = labels.map((label) => [`\`${label}\``, LABELS[label] ?? '']);
  return [INTRODUCTION, ...sections, `## Labels\n\n${table(['Label', 'Meaning'], labelRows)}`].join(
    '\n',
  );
}

function metricRow(metric: Metric): readonly string[] {
  return [`\`${metric.name}\``, metric.kind, labelCell(metric), meaningCell(metric), metric.since];
}

function labelCell(metric: Metric): string {
  if (metric.labels.length === 0) return '–';
  return metric.labels
    .map((label) => {
      const values = metric.values?.[label];
      return values
        ? `\`${label}\` (${values.map((value) => value || 'empty').join(', ')})`
        : `\`${label}\``;
    })
    .join('; ');
}

function meaningCell(metric: Metric): string {
  const parts = [metric.help];
  if (metric.buckets) parts.push(`Bounds: ${metric.buckets.join(', ')}.`);
  if (metric.absentUntilKnown) parts.push('_Absent until known._');
  return parts.join(' ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return `<!-- prettier-ignore-start -->\n\n${lines.join('\n')}\n\n<!-- prettier-ignore-end -->\n`;
}
