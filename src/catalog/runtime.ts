import { metric } from './metric.ts';

/**
 * What the Prometheus client reports about the Node.js process. Five of its metrics are left out because
 * `promtool check metrics` rejects their names (gauges ending in `_total`, a type within the name).
 */
export const nodeGcDuration = metric({
  name: 'nodejs_gc_duration_seconds',
  kind: 'histogram',
  help: 'Garbage collections by kind.',
  labels: ['kind'],
  buckets: [0.001, 0.01, 0.1, 0.25, 0.5, 2.5],
  area: 'runtime',
  absentUntilKnown: true,
  since: '0.1.0',
});

function runtimeMetric<const Name extends string, const Label extends string = never>(
  kind: 'counter' | 'gauge',
  name: Name,
  help: string,
  labels: readonly Label[] = [],
) {
  return metric({
    name,
    kind,
    help,
    labels,
    area: 'runtime',
    absentUntilKnown: true,
    since: '0.1.0',
  });
}

export const RUNTIME_METRICS = [
  runtimeMetric('counter', 'process_cpu_user_seconds_total', 'User CPU time of the exporter.'),
  runtimeMetric('counter', 'process_cpu_system_seconds_total', 'System CPU time of the exporter.'),
  runtimeMetric(
    'counter',
    'process_cpu_seconds_total',
    'User and system CPU time of the exporter.',
  ),
  runtimeMetric('gauge', 'process_start_time_seconds', 'Unix time at which the exporter started.'),
  runtimeMetric('gauge', 'process_resident_memory_bytes', 'Resident memory of the exporter.'),
  runtimeMetric('gauge', 'process_virtual_memory_bytes', 'Virtual memory of the exporter (Linux).'),
  runtimeMetric('gauge', 'process_heap_bytes', 'Data segment of the exporter (Linux).'),
  runtimeMetric('gauge', 'process_open_fds', 'Open file descriptors (Linux).'),
  runtimeMetric('gauge', 'process_max_fds', 'Limit of open file descriptors (Linux).'),
  runtimeMetric('gauge', 'nodejs_eventloop_lag_seconds', 'Event-loop lag at the previous scrape.'),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_min_seconds',
    'Minimum event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_max_seconds',
    'Greatest event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_mean_seconds',
    'Mean event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_stddev_seconds',
    'Standard deviation of the event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_p50_seconds',
    'Median event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_p90_seconds',
    '90th percentile of the event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_eventloop_lag_p99_seconds',
    '99th percentile of the event-loop delay since the previous scrape.',
  ),
  runtimeMetric(
    'gauge',
    'nodejs_active_resources',
    'Resources that keep the event loop alive, by type.',
    ['type'],
  ),
  runtimeMetric('gauge', 'nodejs_active_handles', 'Active libuv handles by type.', ['type']),
  runtimeMetric('gauge', 'nodejs_active_requests', 'Active libuv requests by type.', ['type']),
  runtimeMetric('gauge', 'nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.'),
  runtimeMetric('gauge', 'nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.'),
  runtimeMetric(
    'gauge',
    'nodejs_external_memory_bytes',
    'Memory of objects outside the JavaScript heap.',
  ),
  runtimeMetric('gauge', 'nodejs_heap_space_size_total_bytes', 'Size of each heap space.', [
    'space',
  ]),
  runtimeMetric('gauge', 'nodejs_heap_space_size_used_bytes', 'Used part of each heap space.', [
    'space',
  ]),
  runtimeMetric(
    'gauge',
    'nodejs_heap_space_size_available_bytes',
    'Available part of each heap space.',
    ['space'],
  ),
  runtimeMetric('gauge', 'nodejs_version_info', 'Always 1: version of Node.js.', [
    'version',
    'major',
    'minor',
    'patch',
  ]),
  nodeGcDuration,
] as const;
