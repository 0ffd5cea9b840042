import { requests } from './gateway.ts';
import { metric } from './metric.ts';
import { serverOperationDuration } from './otel.ts';
import { serverInfo } from './server.ts';
import { clientRequests, protocolRequests, userCost } from './usage.ts';

const area = 'self';

/** Labels of `mcp_server_info` whose values come from the server and are cut at a byte limit. */
export const WIRE_LABELS = ['protocol_version', 'implementation', 'version'] as const;
export type WireLabel = (typeof WIRE_LABELS)[number];

/** Labels whose values are replaced by `_OTHER` or shortened, each with the one metric that it is counted for. */
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
  help: 'Label values that were replaced by _OTHER or shortened to limit the number of series. Each occurrence counts once: a tool counts for mcp_requests_total only, although other metrics share the label.',
  labels: ['metric', 'label'],
  values: {
    metric: [...new Set(FOLDED_LABELS.map(({ metric: { name } }) => name))],
    label: [...new Set(FOLDED_LABELS.map(({ label }) => label))],
  },
  area,
  since: '0.1.0',
});

const MARKER_KINDS = ['config_change', 'deploy', 'note'] as const;

export const markerTimestamp = metric({
  name: 'mcp_marker_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the last event of this kind, for annotations in graphs: reloads, and what POST /api/v1/markers was told. Absent before the first event.',
  labels: ['kind'],
  values: { kind: MARKER_KINDS },
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const buildInfo = metric({
  name: 'mcp_exporter_build_info',
  kind: 'gauge',
  help: 'Always 1; the labels have the versions of the exporter and of Node.js.',
  labels: ['version', 'nodejs'],
  area,
  since: '0.1.0',
});

export const configReloadSuccessful = metric({
  name: 'mcp_exporter_config_last_reload_successful',
  kind: 'gauge',
  help: 'Whether the last attempt to load the configuration succeeded; after a failure the previous configuration stays active.',
  labels: [],
  area,
  since: '0.1.0',
});

export const configReloadTimestamp = metric({
  name: 'mcp_exporter_config_last_reload_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time at which the active configuration was loaded.',
  labels: [],
  area,
  since: '0.1.0',
});

export const logDropped = metric({
  name: 'mcp_exporter_log_dropped_total',
  kind: 'counter',
  help: 'Log lines lost because a destination (standard output, file, collector) did not accept them.',
  labels: [],
  area,
  since: '0.1.0',
});

const OTLP_SIGNALS = ['traces', 'logs'] as const;

export const otlpExportFailures = metric({
  name: 'mcp_exporter_otlp_export_failures_total',
  kind: 'counter',
  help: 'Failed exports of spans or log records to a collector, over any protocol. Failures never delay requests.',
  labels: ['signal'],
  values: { signal: OTLP_SIGNALS },
  area,
  since: '0.1.0',
});

export const connectivitySuspected = metric({
  name: 'mcp_exporter_connectivity_suspected',
  kind: 'gauge',
  help: "Whether the exporter suspects its own network: several hosts failed at the same time in ways that point to the exporter's side.",
  labels: [],
  area,
  since: '0.1.0',
});

export const systemCpuPercent = metric({
  name: 'mcp_system_cpu_usage_percent',
  kind: 'gauge',
  help: "CPU usage of the exporter's container or host since the previous scrape, 0 to 100. Prefer the ratio.",
  labels: [],
  area,
  since: '0.1.0',
});

export const systemCpuRatio = metric({
  name: 'mcp_system_cpu_usage_ratio',
  kind: 'gauge',
  help: "CPU usage of the exporter's container or host since the previous scrape, as a fraction of its limit, 0 to 1.",
  labels: [],
  area,
  since: '0.1.0',
});

export const systemMemoryPercent = metric({
  name: 'mcp_system_memory_usage_percent',
  kind: 'gauge',
  help: "Memory usage of the exporter's container or host without page cache, 0 to 100. Prefer the ratio.",
  labels: [],
  area,
  since: '0.1.0',
});

export const systemMemoryRatio = metric({
  name: 'mcp_system_memory_usage_ratio',
  kind: 'gauge',
  help: "Memory usage of the exporter's container or host without page cache, as a fraction of its limit, 0 to 1.",
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
