import { requests } from './gateway.ts';
import { metric } from './metric.ts';
import { serverOperationDuration } from './otel.ts';
import { serverInfo } from './server.ts';
import { clientRequests, protocolRequests, userCost } from './usage.ts';

const area = 'self';

/** Labels of `mcp_server_info` whose values come from the wire and are cut at a byte limit. */
export const WIRE_LABELS = ['protocol_version', 'implementation', 'version'] as const;
export type WireLabel = (typeof WIRE_LABELS)[number];

/** Labels that are folded to `_OTHER` or shortened, each under the one metric that stands for all that share it. */
export const FOLDED_LABELS = [
  ...WIRE_LABELS.map((label) => ({ metric: serverInfo, label })),
  { metric: requests, label: 'tool' },
  { metric: requests, label: 'operation' },
  { metric: clientRequests, label: 'client' },
  { metric: protocolRequests, label: 'protocol_version' },
  { metric: userCost, label: 'user' },
  { metric: serverOperationDuration, label: 'gen_ai_prompt_name' },
  { metric: serverOperationDuration, label: 'rpc_response_status_code' },
] as const;

export const labelOverflow = metric({
  name: 'mcp_label_overflow_total',
  kind: 'counter',
  help: 'Label values that were folded or shortened to keep the page bounded, once per value that came: a tool that is folded counts for mcp_requests_total only, though other families share the label.',
  labels: ['metric', 'label'],
  values: {
    metric: [...new Set(FOLDED_LABELS.map(({ metric: { name } }) => name))],
    label: [...new Set(FOLDED_LABELS.map(({ label }) => label))],
  },
  area,
  since: '0.1.0',
});

const MARKER_KINDS = ['config_change'] as const;

export const markerTimestamp = metric({
  name: 'mcp_marker_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the last event of this kind, for annotations on graphs. Absent before the first one.',
  labels: ['kind'],
  values: { kind: MARKER_KINDS },
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const buildInfo = metric({
  name: 'mcp_exporter_build_info',
  kind: 'gauge',
  help: 'Always 1: version of the exporter and of the Node.js that runs it.',
  labels: ['version', 'nodejs'],
  area,
  since: '0.1.0',
});

export const configReloadSuccessful = metric({
  name: 'mcp_exporter_config_last_reload_successful',
  kind: 'gauge',
  help: 'Whether the last attempt to read the configuration succeeded; after a failure the old one stays in force.',
  labels: [],
  area,
  since: '0.1.0',
});

export const configReloadTimestamp = metric({
  name: 'mcp_exporter_config_last_reload_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time at which the configuration in force was read.',
  labels: [],
  area,
  since: '0.1.0',
});

export const logDropped = metric({
  name: 'mcp_exporter_log_dropped_total',
  kind: 'counter',
  help: 'Log lines that were lost because a destination (standard output, file, collector) did not take them.',
  labels: [],
  area,
  since: '0.1.0',
});

const OTLP_SIGNALS = ['traces', 'logs'] as const;

export const otlpExportFailures = metric({
  name: 'mcp_exporter_otlp_export_failures_total',
  kind: 'counter',
  help: 'Exports of spans or log records to a collector that failed, whatever the protocol; nothing waits for them.',
  labels: ['signal'],
  values: { signal: OTLP_SIGNALS },
  area,
  since: '0.1.0',
});

export const connectivitySuspected = metric({
  name: 'mcp_exporter_connectivity_suspected',
  kind: 'gauge',
  help: 'Whether the exporter suspects its own network: several hosts failed at once in ways that point at this end.',
  labels: [],
  area,
  since: '0.1.0',
});

export const systemCpuPercent = metric({
  name: 'mcp_system_cpu_usage_percent',
  kind: 'gauge',
  help: 'CPU use of the container or host of the exporter since the scrape before, 0 to 100. Prefer the ratio.',
  labels: [],
  area,
  since: '0.1.0',
});

export const systemCpuRatio = metric({
  name: 'mcp_system_cpu_usage_ratio',
  kind: 'gauge',
  help: 'CPU use of the container or host of the exporter since the scrape before, as share of what it may use, 0 to 1.',
  labels: [],
  area,
  since: '0.1.0',
});

export const systemMemoryPercent = metric({
  name: 'mcp_system_memory_usage_percent',
  kind: 'gauge',
  help: 'Memory use of the container or host of the exporter, page cache left out, 0 to 100. Prefer the ratio.',
  labels: [],
  area,
  since: '0.1.0',
});

export const systemMemoryRatio = metric({
  name: 'mcp_system_memory_usage_ratio',
  kind: 'gauge',
  help: 'Memory use of the container or host of the exporter, page cache left out, as share of its limit, 0 to 1.',
  labels: [],
  area,
  since: '0.1.0',
});

export const SELF_METRICS = [
  labelOverflow,
  markerTimestamp,
  buildInfo,
  configReloadSuccessful,
  configReloadTimestamp,
  logDropped,
  otlpExportFailures,
  connectivitySuspected,
  systemCpuPercent,
  systemCpuRatio,
  systemMemoryPercent,
  systemMemoryRatio,
] as const;
