import { LABELS } from '../../src/catalog/labels.ts';
import type { Metric } from '../../src/catalog/metric.ts';

const GATEWAY_TEXT = `Only with the gateway. Created when a server is added to the configuration, and removed with it.

These series exist with 0 from the first scrape: \`initialize\` and \`tools/list\` by POST; \`tools/call\` by POST with the tool
\`_OTHER\` for success and each failure of the server; \`denied\` and \`rate_limited\` with the operation \`_OTHER\`. The series of a
tool starts with 1 at its first call: \`increase()\` over \`sum by (server)\` includes that call, over the tool alone it does not.

Each exchange counts once: \`sum(mcp_requests_total)\` equals the number of lines in the access log. A request that is refused
before its body was read counts as one exchange with the operation \`_OTHER\`.`;

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
    text: 'Who calls the servers, and what it costs. Only with the gateway.',
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
