import { metric } from './metric.ts';

/**
 * What only the library `mcp-exporter/instrument` shows, on the metrics page of an instrumented server. It also shows
 * `mcp_requests_total` and its relatives, `mcp_auth_*` and `mcp_system_*`, as the exporter does.
 */
const area = 'library';

const DURATION_BUCKETS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
] as const;
/** Tasks and queues take longer than requests. */
const LONG_BUCKETS_SECONDS = [
  0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600,
] as const;

export const AGENT_STATUSES = ['idle', 'busy', 'starting', 'stopping'] as const;
export const TASK_PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;
export const RESULT_STATUSES = ['success', 'error', 'cancelled', 'timeout'] as const;
const TOKEN_DIRECTIONS = ['input', 'output'] as const;

export const agentsActive = metric({
  name: 'mcp_agents_active',
  kind: 'gauge',
  help: 'Agents that exist now.',
  labels: ['type', 'status'],
  values: { status: AGENT_STATUSES },
  area,
  since: '0.1.0',
});

export const agentsSpawned = metric({
  name: 'mcp_agents_spawned_total',
  kind: 'counter',
  help: 'Agents that were started.',
  labels: ['type'],
  area,
  since: '0.1.0',
});

export const agentsFailed = metric({
  name: 'mcp_agents_failed_total',
  kind: 'counter',
  help: 'Agents that failed, by reason.',
  labels: ['type', 'reason'],
  area,
  since: '0.1.0',
});

export const tasksPending = metric({
  name: 'mcp_tasks_pending',
  kind: 'gauge',
  help: 'Tasks that wait to be run. These are jobs of agents, not the tasks of the MCP protocol.',
  labels: ['priority'],
  values: { priority: TASK_PRIORITIES },
  area,
  since: '0.1.0',
});

export const tasksRunning = metric({
  name: 'mcp_tasks_running',
  kind: 'gauge',
  help: 'Tasks that run now.',
  labels: [],
  area,
  since: '0.1.0',
});

export const taskDuration = metric({
  name: 'mcp_task_duration_seconds',
  kind: 'histogram',
  help: 'Time from the start of a task to its end.',
  labels: ['task_type', 'status'],
  values: { status: RESULT_STATUSES },
  buckets: LONG_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const memoryUsage = metric({
  name: 'mcp_memory_usage_bytes',
  kind: 'gauge',
  help: 'Memory in use by type: rss, heap_used, heap_total, external and array_buffers of the process, and the stores of the author.',
  labels: ['type'],
  area,
  since: '0.1.0',
});

export const memoryOperations = metric({
  name: 'mcp_memory_operations_total',
  kind: 'counter',
  help: 'Operations on the memory of agents, such as store and retrieve.',
  labels: ['operation', 'status'],
  values: { status: RESULT_STATUSES },
  area,
  since: '0.1.0',
});

export const neuralInferenceDuration = metric({
  name: 'mcp_neural_inference_duration_seconds',
  kind: 'histogram',
  help: 'Time that a model took for an operation.',
  labels: ['model', 'operation'],
  buckets: DURATION_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const neuralTokens = metric({
  name: 'mcp_neural_tokens_processed_total',
  kind: 'counter',
  help: 'Tokens that models read (input) and wrote (output).',
  labels: ['model', 'direction'],
  values: { direction: TOKEN_DIRECTIONS },
  area,
  since: '0.1.0',
});

export const pluginExecutions = metric({
  name: 'mcp_plugin_executions_total',
  kind: 'counter',
  help: 'Executions of plugins by command and result.',
  labels: ['plugin', 'command', 'status'],
  values: { status: RESULT_STATUSES },
  area,
  since: '0.1.0',
});

export const pluginExecutionDuration = metric({
  name: 'mcp_plugin_execution_duration_seconds',
  kind: 'histogram',
  help: 'Time that an execution of a plugin took.',
  labels: ['plugin', 'command'],
  buckets: DURATION_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const queueSize = metric({
  name: 'mcp_queue_size',
  kind: 'gauge',
  help: 'Jobs that wait in the queue of a plugin.',
  labels: ['plugin'],
  area,
  since: '0.1.0',
});

export const queueWait = metric({
  name: 'mcp_queue_wait_seconds',
  kind: 'histogram',
  help: 'Time that a job waited in the queue of a plugin before it started.',
  labels: ['plugin'],
  buckets: LONG_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const LIBRARY_METRICS = [
  agentsActive,
  agentsSpawned,
  agentsFailed,
  tasksPending,
  tasksRunning,
  taskDuration,
  memoryUsage,
  memoryOperations,
  neuralInferenceDuration,
  neuralTokens,
  pluginExecutions,
  pluginExecutionDuration,
  queueSize,
  queueWait,
] as const;
