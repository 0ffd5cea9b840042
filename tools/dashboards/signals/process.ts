import { rate, series } from '../promql.ts';
import { signal } from '../signal.ts';

export const childCpu = signal({
  title: 'CPU of the child process',
  description:
    'Of servers that the exporter starts itself (stdio), with all that they start; 1 is a whole core.',
  unit: 'percentunit',
  by: { server: `sum by (gateway, server) (${rate('mcp_server_process_cpu_seconds_total')})` },
});

export const childMemory = signal({
  title: 'Memory of the child process',
  description: 'Of servers that the exporter starts itself (stdio), with all that they start.',
  unit: 'bytes',
  by: {
    server: `sum by (gateway, server) (${series('mcp_server_process_resident_memory_bytes')})`,
  },
});

export const childExits = signal({
  title: 'Ends of the child process',
  description: 'How often the child process ended, and how.',
  unit: 'short',
  decimals: 0,
  by: {
    reason: `sum by (reason) (increase(${series('mcp_server_process_exits_total')}[$__range]))`,
  },
});
