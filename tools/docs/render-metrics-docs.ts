import { LABELS } from '../../src/catalog/labels.ts';
import type { Metric } from '../../src/catalog/metric.ts';

const GATEWAY_TEXT = `Only with the gateway. Made when the server enters the configuration, removed with it.

Zeros that exist from the first scrape: \`initialize\` and \`tools/list\` by POST; \`tools/call\` by POST with the tool \`_OTHER\`
for success and each failure of the server; \`denied\` and \`rate_limited\` with the operation \`_OTHER\`. A tool that is called
for the first time begins its series with 1: \`increase()\` over \`sum by (server)\` does see it, over the tool alone it does not.

One exchange is one sample: \`sum(mcp_requests_total)\` counts each once, and equals what the access log has. Refused before
the body was read, an exchange has the operation \`_OTHER\`, one per HTTP request.`;

const AREAS: readonly { area: Metric['area']; title: string; text: string }[] = [
  {
    area: 'server',
    title: 'Servers',
    text: 'What a monitored server is and how it does. Made when the server enters the configuration, removed with it.',
  },
  {
    area: 'probe',
    title: 'Checks',
    text: "Checks run on the exporter's own schedule; a scrape shows the last one and never starts one.",
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
    title: 'Use and cost',
    text: 'Who calls, and what it costs. Only with the gateway.',
  },
  {
    area: 'auth',
    title: 'Admission to the gateway',
    text: 'Over all servers. Only with the gateway.',
  },
  {
    area: 'otel',
    title: 'OpenTelemetry histograms',
    text: 'Only with `otelHistograms`. Do not send the same metrics to the same Prometheus by OTLP as well. Requests of the server to the client and streams that are meant to last are left out.',
  },
  { area: 'self', title: 'The exporter', text: 'How the exporter itself does.' },
  {
    area: 'runtime',
    title: 'The Node.js process',
    text: 'As the Prometheus client for Node.js collects them; some exist on Linux only.',
  },
  {
    area: 'target',
    title: 'One target on request',
    text: 'What `/probe` answers: checks made for this very request, without a `server` label. Prometheus owns this schedule.',
  },
];

const INTRODUCTION = `# Metrics

<!-- Generated from src/metrics by \`npm run generate\`; edit the catalog, not this page. -->

\`/metrics\` shows these families (the last group is \`/probe\`), as Prometheus text 0.0.4 or OpenMetrics 1.0 by the \`Accept\`
header.

- Base units: seconds, bytes, ratios from 0 to 1. Counters end in \`_total\`.
- \`server\` is the configured name. Whatever a server says of itself is bounded: at most 128 bytes, and one \`mcp_server_info\`
  series per server; \`mcp_label_overflow_total\` counts what was cut.
- Series exist with 0 from the first scrape, so that a rule on a rare event sees its first occurrence. Metrics marked
  _absent until known_ are the exception: timestamps, ages and the like, where a 0 would page someone.
- A server that leaves the configuration takes all its series with it.
- Rules and panels read the status from the state set \`mcp_server_status\`; the code is for value mappings only.
- Bounds of histograms (\`le\`) are always written as floats (\`30.0\`), which is the same series in Prometheus 2 and 3 and in
  both formats. Rules should still use bounds that are no whole numbers: 0.25, 0.5, 2.5.
- \`gateway\`, \`job\` and \`instance\` are labels that Prometheus adds.
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
