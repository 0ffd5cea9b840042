import { maxBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import type { Status } from '../../../src/facts/rules/health.ts';
import { MAINTENANCE_MAPPINGS, NOT_RECORDED, RANK_MAPPINGS, STATUS_MAPPINGS } from '../mappings.ts';
import { alertSeries, increaseOf, orNotRecorded, recentIncreaseOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

function serversThatAre(status: Status): string {
  return `sum(${maxBy(['gateway', 'server'], series('mcp_server_status', { status }))})`;
}

export const healthyServers = signal({
  title: 'Healthy',
  description: 'Servers that answer in time and without errors.',
  unit: 'short',
  thresholds: [{ value: null, color: 'green' }],
  by: { all: serversThatAre('healthy') },
});

export const warningServers = signal({
  title: 'Warning',
  description: 'Servers that answer, but slowly, with errors, or only with credentials.',
  unit: 'short',
  thresholds: [
    { value: null, color: 'green' },
    { value: 1, color: 'yellow' },
  ],
  by: { all: serversThatAre('warning') },
});

export const criticalServers = signal({
  title: 'Critical',
  description: 'Servers that answer, but do not work properly.',
  unit: 'short',
  thresholds: [
    { value: null, color: 'green' },
    { value: 1, color: 'orange' },
  ],
  by: { all: serversThatAre('critical') },
});

export const offlineServers = signal({
  title: 'Offline',
  description: 'Servers with three consecutive failed checks.',
  unit: 'short',
  thresholds: THRESHOLDS.any,
  by: { all: serversThatAre('offline') },
});

export const disabledServers = signal({
  title: 'Disabled',
  description: 'Servers that were disabled on purpose.',
  unit: 'short',
  thresholds: THRESHOLDS.none,
  by: { all: serversThatAre('disabled') },
});

const CODE = maxBy(['gateway', 'server'], series('mcp_server_status_code'));

export const status = signal({
  title: 'Status',
  description:
    'Status by checks and traffic: Healthy, Warning (slow, or requires credentials), Critical (answers, but fails), Offline (three consecutive failed checks).',
  unit: 'none',
  mappings: [...STATUS_MAPPINGS, NOT_RECORDED],
  by: {
    server: CODE,
    timeline: orNotRecorded(CODE),
    /** The worst first: these never come to Offline by their number. */
    worst: `sort_desc(${CODE} < 4) or ${CODE}`,
  },
});

export const statusAndMaintenance = signal({
  title: 'Status and maintenance',
  description:
    'Maintenance is a planned time in which the server may fail: checks and calls go on, alerts are silent, and the time counts neither as up nor as down.',
  unit: 'none',
  mappings: [...STATUS_MAPPINGS, ...MAINTENANCE_MAPPINGS, NOT_RECORDED],
  by: {
    status: orNotRecorded(CODE),
    maintenance: `10 + ${maxBy(['gateway', 'server'], series('mcp_server_maintenance'))}`,
  },
});

/** One of them if two versions of a server overlap, as they do shortly after an update. */
const INFO = `topk by (gateway, server) (1, ${maxBy(['gateway', 'server', 'endpoint', 'transport', 'protocol_version'], series('mcp_server_info'))})`;

/** The code without those that are no scale, so that a table can be sorted by it. */
const RANK = `(${CODE} - 6 * (${CODE} >= bool 4))`;

export const statusRank = signal({
  title: 'Status',
  description: 'The worst first; disabled and unknown ones last.',
  unit: 'none',
  mappings: RANK_MAPPINGS,
  by: {
    /** With what the server reported about itself, one row each. */
    server: `${RANK} * on (gateway, server) group_left (endpoint, transport, protocol_version) ${INFO}`,
  },
});

export const statusSince = signal({
  title: 'Since',
  description: 'Time since the last status change. A start of the exporter counts as a change.',
  unit: 'dateTimeFromNow',
  thresholds: THRESHOLDS.none,
  by: {
    server: `1000 * ${maxBy(['gateway', 'server'], series('mcp_server_status_since_timestamp_seconds'))}`,
  },
});

function uptime(window: '24h' | '7d' | '30d') {
  const words = { '24h': '24 hours', '7d': '7 days', '30d': '30 days' }[window];
  return signal({
    title: `Uptime, ${words}`,
    description: `Share of the last ${words} in which the server was not Offline. Time while it was disabled or unknown is excluded.`,
    unit: 'percentunit',
    decimals: 2,
    max: 1,
    thresholds: THRESHOLDS.uptimeRatio,
    by: {
      server: maxBy(['gateway', 'server'], series(`gateway_server:mcp_server_up:ratio_${window}`)),
      gateway: maxBy(['gateway'], series(`gateway:mcp_server_up:ratio_${window}`)),
      fleet: `avg(${series(`gateway_server:mcp_server_up:ratio_${window}`)})`,
    },
  });
}

export const uptime24h = uptime('24h');
export const uptime7d = uptime('7d');
export const uptime30d = uptime('30d');

export const firingAlerts = signal({
  title: 'Firing',
  description: 'Firing alerts of severity critical or warning.',
  unit: 'short',
  thresholds: THRESHOLDS.any,
  by: {
    all: `count(${alertSeries('ALERTS', { alertstate: 'firing' }, { severity: ['critical', 'warning'] })}) or vector(0)`,
  },
});

export const serverFacts = signal({
  title: 'Identity',
  description: 'What the server reported in its last handshake.',
  unit: 'none',
  by: {
    server: maxBy(
      [
        'gateway',
        'server',
        'implementation',
        'version',
        'protocol_version',
        'era',
        'transport',
        'endpoint',
      ],
      series('mcp_server_info'),
    ),
  },
});

export const capabilities = signal({
  title: 'Capabilities',
  description: 'Tools, prompts and resources that the server listed in its last deep check.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    kind: maxBy(['kind'], series('mcp_server_capabilities')),
  },
});

export const definitionChanges = signal({
  title: 'Capability changes',
  description:
    'Tools, prompts and resources that were added, removed or changed between two deep checks. A tool may have been replaced.',
  unit: 'short',
  decimals: 0,
  by: {
    change: `${sumBy(['kind', 'change'], recentIncreaseOf('mcp_server_definition_changes_total'))} > 0`,
    server: sumBy(['gateway', 'server'], increaseOf('mcp_server_definition_changes_total')),
  },
});

export const listBytes = signal({
  title: 'Size of the lists',
  description:
    'What a model has to read before it can call a tool: the results of the list methods as JSON.',
  unit: 'bytes',
  by: {
    server: maxBy(['gateway', 'server'], series('mcp_server_list_bytes', { kind: 'tools' })),
    kind: maxBy(['kind'], series('mcp_server_list_bytes')),
  },
});
