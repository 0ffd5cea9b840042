import { expect, test } from 'vitest';
import {
  CATALOG,
  GLOBAL_METRICS,
  METRICS_PAGE,
  PER_GATEWAY_SERVER_METRICS,
  PER_SERVER_METRICS,
  selectMetrics,
} from '../../../src/catalog/catalog.ts';
import { gatewayOverhead, requestDuration } from '../../../src/catalog/gateway.ts';
import { LABELS } from '../../../src/catalog/labels.ts';
import { LIBRARY_METRICS } from '../../../src/catalog/library.ts';
import { clientOperationDuration } from '../../../src/catalog/otel.ts';
import { probeDuration } from '../../../src/catalog/probe.ts';

const OURS = CATALOG.filter(({ area }) => area !== 'runtime' && area !== 'target');

/** Labels of the library hold what the author of a server names; its recorders bound them. */
const OPEN_IN_LIBRARY = LIBRARY_METRICS.flatMap(({ name, labels, values }) =>
  labels.filter((label) => !Object.hasOwn(values ?? {}, label)).map((label) => `${name} ${label}`),
);

/** Labels that Prometheus or its users put on targets; `type` is kept for Node's own metrics. */
const TARGET_LABELS = [
  'gateway',
  'job',
  'instance',
  'service',
  'env',
  'environment',
  'cluster',
  'region',
];

test('each name is there once', () => {
  const names = CATALOG.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

const OTEL_OPERATION =
  'server,mcp_method_name,gen_ai_tool_name,gen_ai_prompt_name,error_type,rpc_response_status_code,mcp_protocol_version,network_transport';

test('the catalog has the families of the contract with exactly these labels', () => {
  expect(Object.fromEntries(OURS.map(({ name, labels }) => [name, labels.join(',')]))).toEqual({
    mcp_server_up: 'server',
    mcp_server_status: 'server,status',
    mcp_server_status_reason: 'server,reason',
    mcp_server_maintenance: 'server',
    mcp_server_status_code: 'server',
    mcp_server_status_since_timestamp_seconds: 'server',
    mcp_server_info: 'server,endpoint,transport,era,protocol_version,implementation,version',
    mcp_server_response_time_seconds: 'server',
    mcp_server_status_changes_total: 'server,to',
    mcp_server_capabilities: 'server,kind',
    mcp_server_definition_changes_total: 'server,kind,change',
    mcp_server_list_bytes: 'server,kind',
    mcp_server_list_ttl_seconds: 'server,kind',
    mcp_probe_success: 'server',
    mcp_probe_duration_seconds: 'server',
    mcp_probe_response_seconds: 'server',
    mcp_probe_phase_duration_seconds: 'server,phase',
    mcp_probe_last_duration_seconds: 'server',
    mcp_probe_last_run_timestamp_seconds: 'server',
    mcp_probe_last_success_timestamp_seconds: 'server',
    mcp_probe_consecutive_failures: 'server',
    mcp_probe_interval_seconds: 'server',
    mcp_probe_failures_total: 'server,reason',
    mcp_probe_tls_cert_expiry_timestamp_seconds: 'server',
    mcp_probe_schedule_lag_seconds: '',
    mcp_server_process_cpu_seconds_total: 'server',
    mcp_server_process_resident_memory_bytes: 'server',
    mcp_server_process_start_duration_seconds: 'server',
    mcp_server_process_exits_total: 'server,reason',
    mcp_requests_total: 'server,tool,operation,method,endpoint,status,outcome',
    mcp_request_duration_seconds: 'server,tool,operation,method,endpoint',
    mcp_request_errors_total: 'server,tool,operation,error_type',
    mcp_active_connections: 'server,transport',
    mcp_active_sessions: 'server,transport',
    mcp_requests_in_flight: 'server,transport',
    mcp_sse_streams_active: 'server,transport',
    mcp_request_size_bytes: 'server',
    mcp_response_size_bytes: 'server',
    mcp_gateway_overhead_seconds: 'server',
    mcp_gateway_upstream_requests_total: 'server',
    mcp_unknown_tool_calls_total: 'server',
    mcp_input_required_total: 'server',
    mcp_input_abandoned_total: 'server',
    mcp_probe_traffic_disagreement: 'server',
    mcp_client_requests_total: 'server,client',
    mcp_client_failures_total: 'server,client',
    mcp_client_unknown_tool_calls_total: 'server,client',
    mcp_client_cost_usd_total: 'server,client',
    mcp_protocol_requests_total: 'server,protocol_version',
    mcp_active_users: 'server,window',
    mcp_fleet_active_users: 'window',
    mcp_tokens_total: 'server,tool,direction,source',
    mcp_cost_usd_total: 'server,tool,source',
    mcp_user_cost_usd_total: 'user',
    mcp_auth_attempts_total: 'method,status',
    mcp_auth_rate_limit_exceeded_total: 'user_id',
    mcp_client_operation_duration_seconds: OTEL_OPERATION,
    mcp_server_operation_duration_seconds: OTEL_OPERATION,
    mcp_client_session_duration_seconds: 'server,mcp_protocol_version,network_transport',
    mcp_server_session_duration_seconds: 'server,mcp_protocol_version,network_transport',
    mcp_exporter_otlp_export_failures_total: 'signal',
    mcp_alert_notifications_total: 'alertname,status',
    mcp_watchdog_last_received_timestamp_seconds: '',
    mcp_exporter_journal_up: '',
    mcp_exporter_journal_rows: 'kind',
    mcp_exporter_journal_free_bytes: '',
    mcp_exporter_journal_size_bytes: '',
    mcp_exporter_journal_dropped_total: '',
    mcp_exporter_journal_write_errors_total: '',
    mcp_label_overflow_total: 'metric,label',
    mcp_marker_timestamp_seconds: 'kind',
    mcp_exporter_build_info: 'version,nodejs',
    mcp_exporter_config_last_reload_successful: '',
    mcp_exporter_config_last_reload_timestamp_seconds: '',
    mcp_exporter_log_dropped_total: '',
    mcp_exporter_connectivity_suspected: '',
    mcp_system_cpu_usage_percent: '',
    mcp_system_cpu_usage_ratio: '',
    mcp_system_memory_usage_percent: '',
    mcp_system_memory_usage_ratio: '',
    mcp_agents_active: 'type,status',
    mcp_agents_spawned_total: 'type',
    mcp_agents_failed_total: 'type,reason',
    mcp_tasks_pending: 'priority',
    mcp_tasks_running: '',
    mcp_task_duration_seconds: 'task_type,status',
    mcp_memory_usage_bytes: 'type',
    mcp_memory_operations_total: 'operation,status',
    mcp_neural_inference_duration_seconds: 'model,operation',
    mcp_neural_tokens_processed_total: 'model,direction',
    mcp_plugin_executions_total: 'plugin,command,status',
    mcp_plugin_execution_duration_seconds: 'plugin,command',
    mcp_queue_size: 'plugin',
    mcp_queue_wait_seconds: 'plugin',
  });
});

test.each(CATALOG.map((metric) => [metric.name, metric] as const))(
  '%s follows the naming rules',
  (name, { kind, help, labels, values, area, since, buckets }) => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.startsWith('mcp_')).toBe(area !== 'runtime' && area !== 'target');
    expect(name.startsWith('probe_')).toBe(area === 'target');
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/_(count|sum|bucket|milliseconds|ms|histogram|gauge|counter)$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/s);
    expect(since).toMatch(/^\d+\.\d+\.\d+$/);
    expect(buckets !== undefined).toBe(kind === 'histogram');
    expect(labels.filter((label) => TARGET_LABELS.includes(label))).toEqual([]);
    for (const label of labels) expect(LABELS).toHaveProperty(label);
    for (const label of Object.keys(values ?? {})) expect(labels).toContain(label);
  },
);

test('each described label is used', () => {
  const used = new Set(CATALOG.flatMap(({ labels }) => labels));
  expect(Object.keys(LABELS).sort()).toEqual([...used].sort());
});

/** Bounded by the recorder, as its tests show: a closed list of methods and codes, the snapshot, or the first few. */
const OTEL_OPEN = [
  'mcp_method_name',
  'gen_ai_tool_name',
  'gen_ai_prompt_name',
  'error_type',
  'rpc_response_status_code',
];

function bounded(name: string, labels: readonly string[]): string[] {
  return labels.map((label) => `${name} ${label}`);
}

test('each label of ours has a closed list, except the server, what it says of itself, the build and what a recorder bounds', () => {
  const open = OURS.flatMap(({ name, labels, values }) =>
    labels
      .filter((label) => label !== 'server' && !values?.[label])
      .map((label) => `${name} ${label}`),
  );
  expect(open).toEqual([
    'mcp_server_info endpoint',
    'mcp_server_info transport',
    'mcp_server_info era',
    'mcp_server_info protocol_version',
    'mcp_server_info implementation',
    'mcp_server_info version',
    ...bounded('mcp_requests_total', ['tool', 'operation', 'endpoint', 'status']),
    ...bounded('mcp_request_duration_seconds', ['tool', 'operation', 'endpoint']),
    ...bounded('mcp_request_errors_total', ['tool', 'operation']),
    'mcp_client_requests_total client',
    'mcp_client_failures_total client',
    'mcp_client_unknown_tool_calls_total client',
    'mcp_client_cost_usd_total client',
    'mcp_tokens_total tool',
    'mcp_cost_usd_total tool',
    'mcp_user_cost_usd_total user',
    ...bounded('mcp_client_operation_duration_seconds', OTEL_OPEN),
    ...bounded('mcp_server_operation_duration_seconds', OTEL_OPEN),
    'mcp_alert_notifications_total alertname',
    'mcp_exporter_build_info version',
    'mcp_exporter_build_info nodejs',
    ...OPEN_IN_LIBRARY,
  ]);
});

test('a timestamp of a server is absent until known', () => {
  const timestamps = PER_SERVER_METRICS.filter(({ name }) => name.endsWith('_timestamp_seconds'));
  expect(timestamps.length).toBeGreaterThan(0);
  expect(timestamps.filter(({ absentUntilKnown }) => !absentUntilKnown)).toEqual([]);
});

test('the checks have ten bounds from 0.005 to 120, rising, with those that rules use', () => {
  const buckets = probeDuration.buckets ?? [];
  expect(buckets).toHaveLength(10);
  expect([buckets[0], buckets.at(-1)]).toEqual([0.005, 120]);
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  expect(buckets).toEqual(expect.arrayContaining([0.25, 0.5, 2.5]));
});

test('each metric is per server, per server behind the gateway, global, of the process, of one target or of the library', () => {
  const others = CATALOG.filter(({ area }) => ['runtime', 'target', 'library'].includes(area));
  const kinds = [PER_SERVER_METRICS, PER_GATEWAY_SERVER_METRICS, GLOBAL_METRICS, others];
  expect(
    kinds
      .flat()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(CATALOG.map(({ name }) => name).toSorted());
});

test.each([
  [false, false, 0],
  [false, true, 0],
  [true, false, 27],
  [true, true, 31],
])(
  'with gateway %s and OpenTelemetry histograms %s, %i more metrics are shown',
  (gateway, otelHistograms, more) => {
    const without = selectMetrics(METRICS_PAGE, { gateway: false, otelHistograms: false });
    expect(without.some(({ name }) => name === 'mcp_requests_total')).toBe(false);
    const shown = selectMetrics(METRICS_PAGE, { gateway, otelHistograms });
    expect(shown.length - without.length).toBe(more);
  },
);

test.each([
  ['requests', requestDuration, 0.005, 120],
  ['the overhead', gatewayOverhead, 0.00005, 0.25],
  ['OpenTelemetry', clientOperationDuration, 0.01, 300],
] as const)('the bounds of %s rise from the first to the last', (_name, metric, first, last) => {
  const buckets = metric.buckets ?? [];
  expect([buckets[0], buckets.at(-1)]).toEqual([first, last]);
  expect(buckets).toEqual([...new Set(buckets)].toSorted((a, b) => a - b));
});

test('the help of what a check found says that a scrape does not check', () => {
  for (const name of ['mcp_server_up', 'mcp_probe_success', 'mcp_probe_last_duration_seconds']) {
    expect(CATALOG.find((metric) => metric.name === name)?.help).toMatch(/Cached: /);
  }
});
