import { EXIT_REASONS } from '../facts/child-facts.ts';
import { metric } from './metric.ts';

const area = 'process';

export const processCpu = metric({
  name: 'mcp_server_process_cpu_seconds_total',
  kind: 'counter',
  help: 'CPU time of the child processes that the prober runs for a stdio server, including those that have exited.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const processResidentMemory = metric({
  name: 'mcp_server_process_resident_memory_bytes',
  kind: 'gauge',
  help: 'Resident memory of the child process of a stdio server and its descendants, 0 while none is running.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const processStartDuration = metric({
  name: 'mcp_server_process_start_duration_seconds',
  kind: 'gauge',
  help: "Time from the last start of a stdio server's child process to its first response. Absent before the first start.",
  labels: ['server'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const processExits = metric({
  name: 'mcp_server_process_exits_total',
  kind: 'counter',
  help: 'Exits of the child processes of a stdio server by reason; stopped means stopped by the exporter.',
  labels: ['server', 'reason'],
  values: { reason: EXIT_REASONS },
  area,
  since: '0.1.0',
});

export const PROCESS_METRICS = [
  processCpu,
  processResidentMemory,
  processStartDuration,
  processExits,
] as const;
