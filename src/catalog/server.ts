import { CAPABILITY_KINDS, DEFINITION_CHANGES } from '../facts/capability-snapshot.ts';
import { STATUSES } from '../facts/rules/health.ts';
import { metric } from './metric.ts';

const area = 'server';

export const serverUp = metric({
  name: 'mcp_server_up',
  kind: 'gauge',
  help: 'Whether the server serves: 1 while healthy, warning or critical, 0 while offline, disabled or unknown. Cached: a scrape does not run a check.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const serverStatus = metric({
  name: 'mcp_server_status',
  kind: 'gauge',
  help: 'State set: 1 for the status that the server has, 0 for the others. Use this in rules, not the code. Cached: a scrape does not run a check.',
  labels: ['server', 'status'],
  values: { status: STATUSES },
  area,
  since: '0.1.0',
});

export const serverStatusCode = metric({
  name: 'mcp_server_status_code',
  kind: 'gauge',
  help: 'Status as a number for value mappings: 0 healthy, 1 warning, 2 critical, 3 offline, 4 disabled, 5 unknown. Not a scale beyond 3.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const serverInfo = metric({
  name: 'mcp_server_info',
  kind: 'gauge',
  help: 'Always 1: what the server said of itself in its last handshake. One series per server.',
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

export const serverStatusChanges = metric({
  name: 'mcp_server_status_changes_total',
  kind: 'counter',
  help: 'Changes of status, by the status after the change.',
  labels: ['server', 'to'],
  values: { to: STATUSES },
  area,
  since: '0.1.0',
});

export const serverStatusSince = metric({
  name: 'mcp_server_status_since_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the last change of status: since when it is as it is. Absent before the first.',
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
  help: 'Size of the list answers of the last deep check as JSON text, all pages: what a model has to read.',
  labels: ['server', 'kind'],
  values: { kind: CAPABILITY_KINDS },
  area,
  since: '0.1.0',
});

export const serverListTtl = metric({
  name: 'mcp_server_list_ttl_seconds',
  kind: 'gauge',
  help: 'How long the server allows its list to be cached (ttlMs of revision 2026-07-28). Absent where it does not say.',
  labels: ['server', 'kind'],
  values: { kind: CAPABILITY_KINDS },
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const SERVER_METRICS = [
  serverUp,
  serverStatus,
  serverStatusCode,
  serverInfo,
  serverStatusChanges,
  serverStatusSince,
  serverCapabilities,
  serverDefinitionChanges,
  serverListBytes,
  serverListTtl,
] as const;
