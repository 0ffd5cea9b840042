import { ALERT_STATES } from '../facts/alert-event.ts';
import { metric } from './metric.ts';

const area = 'self';

export const alertNotifications = metric({
  name: 'mcp_alert_notifications_total',
  kind: 'counter',
  help: 'Alerts in the notifications that Alertmanager delivered to the webhook, repetitions included.',
  labels: ['alertname', 'status'],
  values: { status: ALERT_STATES },
  area,
  since: '0.1.0',
});

export const watchdogLastReceived = metric({
  name: 'mcp_watchdog_last_received_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the last heartbeat: the Watchdog alert always fires, so an old value means that the path from Prometheus through Alertmanager to the exporter is broken. Absent before the first heartbeat.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const journalUp = metric({
  name: 'mcp_exporter_journal_up',
  kind: 'gauge',
  help: 'Whether events are kept; 0 if the journal cannot be used. Absent if it is disabled.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const journalRows = metric({
  name: 'mcp_exporter_journal_rows',
  kind: 'gauge',
  help: 'Events in the journal.',
  labels: ['kind'],
  values: {
    kind: [
      'checks',
      'status_changes',
      'alerts',
      'actions',
      'calls',
      'errors',
      'definition_changes',
      'markers',
    ],
  },
  area,
  since: '0.1.0',
});

export const journalSize = metric({
  name: 'mcp_exporter_journal_size_bytes',
  kind: 'gauge',
  help: 'Disk space that the journal uses.',
  labels: [],
  area,
  since: '0.1.0',
});

export const journalFree = metric({
  name: 'mcp_exporter_journal_free_bytes',
  kind: 'gauge',
  help: 'Free space on the disk of the journal. Absent if the journal is disabled or in memory.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const journalDropped = metric({
  name: 'mcp_exporter_journal_dropped_total',
  kind: 'counter',
  help: 'Events lost because the journal did not accept them.',
  labels: [],
  area,
  since: '0.1.0',
});

export const journalWriteErrors = metric({
  name: 'mcp_exporter_journal_write_errors_total',
  kind: 'counter',
  help: 'Failed attempts to write to the journal. Events are written again later; requests that fail have to be sent again by the client.',
  labels: [],
  area,
  since: '0.1.0',
});

export const ALERT_METRICS = [
  alertNotifications,
  watchdogLastReceived,
  journalUp,
  journalRows,
  journalSize,
  journalFree,
  journalDropped,
  journalWriteErrors,
] as const;
