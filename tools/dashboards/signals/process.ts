import { sumBy } from '../../../src/catalog/promql/promql.ts';
import { increaseOf, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';

export const childCpu = signal({
  title: 'CPU of the child process',
  description:
    'Of servers that the exporter starts itself (stdio), with all that they start; 1 is a whole core.',
  unit: 'percentunit',
  by: { server: sumBy(['gateway', 'server'], rateOf('mcp_server_process_cpu_seconds_total')) },
});

export const childMemory = signal({
  title: 'Memory of the child process',
  description: 'Of servers that the exporter starts itself (stdio), with all that they start.',
  unit: 'bytes',
  by: {
    server: sumBy(['gateway', 'server'], series('mcp_server_process_resident_memory_bytes')),
  },
});

export const childExits = signal({
  title: 'Ends of the child process',
  description: 'How often the child process ended, and how.',
  unit: 'short',
  decimals: 0,
  by: {
    reason: sumBy(['reason'], increaseOf('mcp_server_process_exits_total')),
  },
});
