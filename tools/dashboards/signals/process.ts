import { sumBy } from '../../../src/catalog/promql/promql.ts';
import { increaseOf, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';

export const childCpu = signal({
  title: 'CPU of the child process',
  description:
    'Servers that the exporter starts itself (stdio), including their child processes; 1 is a whole core.',
  unit: 'percentunit',
  by: { server: sumBy(['gateway', 'server'], rateOf('mcp_server_process_cpu_seconds_total')) },
});

export const childMemory = signal({
  title: 'Memory of the child process',
  description: 'Servers that the exporter starts itself (stdio), including their child processes.',
  unit: 'bytes',
  by: {
    server: sumBy(['gateway', 'server'], series('mcp_server_process_resident_memory_bytes')),
  },
});

export const childExits = signal({
  title: 'Exits of the child process',
  description: 'How often the child process exited, by reason.',
  unit: 'short',
  decimals: 0,
  by: {
    reason: sumBy(['reason'], increaseOf('mcp_server_process_exits_total')),
  },
});
