import { not } from '../../../src/catalog/promql/matchers.ts';
import { maxBy, minBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { increaseOf, ofExporter, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const CPU = ofExporter(rateOf('process_cpu_seconds_total'));

export const exporterCpu = signal({
  title: 'CPU of the exporter',
  description: 'CPU usage; 1 is a whole core, and the exporter can use little more than one.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.saturation,
  by: { worst: `max(${CPU})`, gateway: maxBy(['gateway'], CPU) },
});

const MEMORY = ofExporter(series('process_resident_memory_bytes'));
const MEMORY_LIMIT = `max(${series('mcp:limit:exporter_memory_bytes')})`;

export const exporterMemory = signal({
  title: 'Memory of the exporter',
  description: 'Resident memory, and the limit above which an alert fires.',
  unit: 'bytes',
  min: 0,
  by: { gateway: maxBy(['gateway'], MEMORY), limit: MEMORY_LIMIT },
});

export const exporterMemoryShare = signal({
  title: 'Memory, of its limit',
  description: 'Resident memory of the exporter as a percentage of the limit in the rules.',
  unit: 'percentunit',
  decimals: 0,
  thresholds: THRESHOLDS.saturation,
  by: { worst: `max(${MEMORY}) / ${MEMORY_LIMIT}` },
});

function lag(quantile: 'p50' | 'p99' | 'max'): string {
  return ofExporter(series(`nodejs_eventloop_lag_${quantile}_seconds`));
}

export const eventLoopLag = signal({
  title: 'Event loop lag',
  description:
    'Delay of the event loop of the exporter between two scrapes. Every call through the gateway is delayed as much.',
  unit: 's',
  min: 0,
  thresholds: [
    { value: null, color: 'green' },
    { value: 0.1, color: 'yellow' },
    { value: 0.5, color: 'red' },
  ],
  by: {
    worst: `max(${lag('p99')})`,
    p50: maxBy(['gateway'], lag('p50')),
    p99: maxBy(['gateway'], lag('p99')),
    max: maxBy(['gateway'], lag('max')),
  },
});

export const garbageCollection = signal({
  title: 'Garbage collection',
  description: 'Share of the time that the exporter spends on garbage collection, by kind.',
  unit: 'percentunit',
  min: 0,
  by: {
    kind: sumBy(['kind'], ofExporter(rateOf('nodejs_gc_duration_seconds_sum'))),
  },
});

export const heap = signal({
  title: 'JavaScript heap',
  description: 'Memory of the exporter; outside the heap, mostly message bodies.',
  unit: 'bytes',
  min: 0,
  by: {
    used: maxBy(['gateway'], ofExporter(series('nodejs_heap_size_used_bytes'))),
    total: maxBy(['gateway'], ofExporter(series('nodejs_heap_size_total_bytes'))),
    external: maxBy(['gateway'], ofExporter(series('nodejs_external_memory_bytes'))),
  },
});

export const heapSpaces = signal({
  title: 'Heap by space',
  description: 'Memory by heap space. An old space that only grows indicates a leak.',
  unit: 'bytes',
  min: 0,
  by: { space: sumBy(['space'], ofExporter(series('nodejs_heap_space_size_used_bytes'))) },
});

export const activeResources = signal({
  title: 'Open resources',
  description: 'Sockets, timers, child processes and files that the exporter has open.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: { type: sumBy(['type'], ofExporter(series('nodejs_active_resources'))) },
});

export const fileDescriptors = signal({
  title: 'File descriptors',
  description: 'Open files and sockets of the exporter, as a percentage of its limit.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.saturation,
  by: {
    worst: `max(${ofExporter(series('process_open_fds'))} / ${series('process_max_fds')})`,
    gateway: `max by (gateway) (${ofExporter(series('process_open_fds'))} / ${series('process_max_fds')})`,
  },
});

export const hostCpu = signal({
  title: 'CPU of the host',
  description: 'CPU usage of the container or host of the exporter, as a percentage of its limit.',
  unit: 'percentunit',
  decimals: 0,
  min: 0,
  max: 1,
  thresholds: THRESHOLDS.saturation,
  by: {
    worst: `max(${series('mcp_system_cpu_usage_ratio')})`,
    gateway: maxBy(['gateway'], series('mcp_system_cpu_usage_ratio')),
  },
});

export const hostMemory = signal({
  title: 'Memory of the host',
  description:
    'Memory usage of the container or host of the exporter without page cache, as a percentage of its limit.',
  unit: 'percentunit',
  decimals: 0,
  min: 0,
  max: 1,
  thresholds: THRESHOLDS.saturation,
  by: {
    worst: `max(${series('mcp_system_memory_usage_ratio')})`,
    gateway: maxBy(['gateway'], series('mcp_system_memory_usage_ratio')),
  },
});

export const diskFree = signal({
  title: 'Disk left',
  description:
    'Free space on the disk of the journal. The journal is limited (to 512 MiB by default), but shares the disk with other programs.',
  unit: 'bytes',
  min: 0,
  thresholds: [
    { value: null, color: 'red' },
    { value: 512 * 1024 ** 2, color: 'yellow' },
    { value: 2 * 1024 ** 3, color: 'green' },
  ],
  by: {
    worst: `min(${series('mcp_exporter_journal_free_bytes')})`,
    gateway: minBy(['gateway'], series('mcp_exporter_journal_free_bytes')),
  },
});

export const journalSize = signal({
  title: 'Size of the journal',
  description: 'Disk space of the history of checks, alerts and actions.',
  unit: 'bytes',
  min: 0,
  by: { gateway: maxBy(['gateway'], series('mcp_exporter_journal_size_bytes')) },
});

export const journalRows = signal({
  title: 'Events in the journal',
  description: 'How many of each kind are kept.',
  unit: 'short',
  decimals: 0,
  min: 0,
  by: { kind: sumBy(['kind'], series('mcp_exporter_journal_rows')) },
});

export const exporters = signal({
  title: 'Running for',
  description: 'Every exporter with its version, and how long ago it started.',
  unit: 's',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    instance: `(time() - ${maxBy(['gateway', 'instance'], ofExporter(series('process_start_time_seconds')))}) * on (gateway, instance) group_left (version, nodejs) ${maxBy(['gateway', 'instance', 'version', 'nodejs'], series('mcp_exporter_build_info'))}`,
  },
});

export const childDeaths = signal({
  title: 'Ends',
  description:
    'How often the child process ended in the selected time range, other than by the exporter itself.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    server: sumBy(
      ['gateway', 'server'],
      increaseOf('mcp_server_process_exits_total', { reason: not('stopped') }),
    ),
  },
});

export const childStart = signal({
  title: 'Start',
  description: 'Time from the last start of the child process to its first answer.',
  unit: 's',
  thresholds: THRESHOLDS.none,
  by: {
    server: maxBy(['gateway', 'server'], series('mcp_server_process_start_duration_seconds')),
  },
});
