import { CAPABILITY_KINDS, DEFINITION_CHANGES } from '../facts/capability-snapshot.ts';
import { STATUSES } from '../facts/rules/health.ts';
import { STATUS_REASONS } from '../facts/rules/status-reason.ts';
import { metric } from './metric.ts';

const area = 'server';

export const serverUp = metric({
  name: 'mcp_server_up',
  kind: 'gauge',
  help: 'Whether the server is up: 1 while healthy, warning or critical, 0 while offline, disabled or unknown. Cached: a scrape does not run a check.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const serverStatus = metric({
  name: 'mcp_server_status',
  kind: 'gauge',
  help: 'State set: 1 for the current status of the server, 0 for the others. Use this in rules instead of mcp_server_status_code. Cached: a scrape does not run a check.',
  labels: ['server', 'status'],
  values: { status: STATUSES },
  area,
  since: '0.1.0',
});

export const serverStatusReason = metric({
  name: 'mcp_server_status_reason',
  kind: 'gauge',
  help: 'Always 1: why the server has its status, as one series with the kind of the failed check, slow, error_rate, disabled, not_checked, or none while it is healthy. The page of the server has it in words.',
  labels: ['server', 'reason'],
  values: { reason: STATUS_REASONS },
  absentUntilKnown: true,
  area,
  since: '0.1.0',
});

export const serverStatusCode = metric({
  name: 'mcp_server_status_code',
  kind: 'gauge',
  help: 'Status as a number for value mappings: 0 healthy, 1 warning, 2 critical, 3 offline, 4 disabled, 5 unknown. Only 0 to 3 are ordered by severity.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const serverMaintenance = metric({
  name: 'mcp_server_maintenance',
  kind: 'gauge',
  help: 'Whether the server is in a maintenance window: checks and calls go on, its alerts are inhibited.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const serverInfo = metric({
  name: 'mcp_server_info',
  kind: 'gauge',
  help: 'Always 1; the labels have what the server reported in its last handshake, and its labels in the configuration. One series per server.',
  labels: [
    'server',
    'endpoint',
    'transport',
    'era',
    'protocol_version',
    'implementation',
    'version',
  ],
  area,
  since: '0.1.0',
});

export const serverResponseTime = metric({
  name: 'mcp_server_response_time_seconds',
  kind: 'gauge',
  help: 'Response time: one-minute mean of the steady checks, each from its one request to the answer, without connecting, handshake or lists. Pages, API and status use the same value. Absent while it is not known, so also while the server is offline.',
  labels: ['server'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const serverStatusChanges = metric({
  name: 'mcp_server_status_changes_total',
  kind: 'counter',
  help: 'Status changes, by the new status.',
  labels: ['server', 'to'],
  values: { to: STATUSES },
  area,
  since: '0.1.0',
});

export const serverStatusSince = metric({
  name: 'mcp_server_status_since_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the last status change. Absent before the first change.',
  labels: ['server'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const serverCapabilities = metric({
  name: 'mcp_server_capabilities',
  kind: 'gauge',
  help: 'Number of definitions that the server listed in its last deep check.',
  labels: ['server', 'kind'],
  values: { kind: CAPABILITY_KINDS },
  area,
  since: '0.1.0',
});

export const serverDefinitionChanges = metric({
  name: 'mcp_server_definition_changes_total',
  kind: 'counter',
  help: 'Definitions that were added, removed or changed (name, description, schema or annotations) between two deep checks.',
  labels: ['server', 'kind', 'change'],
  values: { kind: CAPABILITY_KINDS, change: DEFINITION_CHANGES },
  area,
  since: '0.1.0',
});

export const serverListBytes = metric({
  name: 'mcp_server_list_bytes',
  kind: 'gauge',
  help: 'Size of all pages of the lists in the last deep check, as JSON text: what a model has to read.',
  labels: ['server', 'kind'],
  values: { kind: CAPABILITY_KINDS },
  area,
  since: '0.1.0',
});

export const serverListTtl = metric({
  name: 'mcp_server_list_ttl_seconds',
  kind: 'gauge',
  help: 'How long the server allows its list to be cached (ttlMs of revision 2026-07-28). Absent if it does not say.',
  labels: ['server', 'kind'],
  values: { kind: CAPABILITY_KINDS },
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const SERVER_METRICS = [
  serverUp,
  serverStatus,
  serverStatusReason,
  serverStatusCode,
  serverMaintenance,
  serverInfo,
  serverResponseTime,
  serverStatusChanges,
  serverStatusSince,
  serverCapabilities,
  serverDefinitionChanges,
  serverListBytes,
  serverListTtl,
] as const;
