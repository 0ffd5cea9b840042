import { expect, test } from 'vitest';
import { CATALOG, GLOBAL_METRICS, PER_SERVER_METRICS } from '../../../src/metrics/catalog.ts';
import { LABELS } from '../../../src/metrics/labels.ts';
import { probeDuration } from '../../../src/metrics/probe.ts';

const OURS = CATALOG.filter(({ area }) => area !== 'runtime' && area !== 'target');

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

test('the catalog has the families of the server, probe, process and self areas with exactly these labels', () => {
  expect(Object.fromEntries(OURS.map(({ name, labels }) => [name, labels.join(',')]))).toEqual({
    mcp_server_up: 'server',
    mcp_server_status: 'server,status',
    mcp_server_status_code: 'server',
    mcp_server_info: 'server,endpoint,transport,era,protocol_version,implementation,version',
    mcp_server_status_changes_total: 'server,to',
    mcp_server_capabilities: 'server,kind',
    mcp_server_definition_changes_total: 'server,kind,change',
    mcp_server_list_bytes: 'server,kind',
    mcp_server_list_ttl_seconds: 'server,kind',
    mcp_probe_success: 'server',
    mcp_probe_duration_seconds: 'server',
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

test('each label of ours has a closed list, except the server, what it says of itself and the build', () => {
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
    'mcp_exporter_build_info version',
    'mcp_exporter_build_info nodejs',
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

test('each metric is per server, global, of the process or of one target', () => {
  const others = CATALOG.filter(({ area }) => area === 'runtime' || area === 'target');
  expect(PER_SERVER_METRICS.length + GLOBAL_METRICS.length + others.length).toBe(CATALOG.length);
});

test('the help of what a check found says that a scrape does not check', () => {
  for (const name of ['mcp_server_up', 'mcp_probe_success', 'mcp_probe_last_duration_seconds']) {
    expect(CATALOG.find((metric) => metric.name === name)?.help).toMatch(/Cached: /);
  }
});
