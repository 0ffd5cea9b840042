import { ALERT_STATES } from '../facts/alert-event.ts';
import { metric } from './metric.ts';

const area = 'self';

export const alertNotifications = metric({
  name: 'mcp_alert_notifications_total',
  kind: 'counter',
  help: 'Alerts in notifications that Alertmanager delivered to the webhook, repeated ones too.',
  labels: ['alertname', 'status'],
  values: { status: ALERT_STATES },
  area,
  since: '0.1.0',
});

export const watchdogLastReceived = metric({
  name: 'mcp_watchdog_last_received_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time at which the Watchdog, which fires always, was last heard of; it grows old where the way from Prometheus over Alertmanager to here is broken. Absent before the first time.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const journalUp = metric({
  name: 'mcp_exporter_journal_up',
  kind: 'gauge',
  help: 'Whether events are kept; 0 where the journal cannot be used. Absent where it is off.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const journalRows = metric({
  name: 'mcp_exporter_journal_rows',
  kind: 'gauge',
  help: 'Events that the journal holds.',
  labels: ['kind'],
  values: { kind: ['checks', 'status_changes', 'alerts', 'actions'] },
  area,
  since: '0.1.0',
});

export const journalSize = metric({
  name: 'mcp_exporter_journal_size_bytes',
  kind: 'gauge',
  help: 'What the journal takes of the disk.',
  labels: [],
  area,
  since: '0.1.0',
});

export const journalFree = metric({
  name: 'mcp_exporter_journal_free_bytes',
  kind: 'gauge',
  help: 'What is left on the disk of the journal. Absent where the journal is off or in memory.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const journalDropped = metric({
  name: 'mcp_exporter_journal_dropped_total',
  kind: 'counter',
  help: 'Events that were lost because the journal did not take them.',
  labels: [],
  area,
  since: '0.1.0',
});

export const journalWriteErrors = metric({
  name: 'mcp_exporter_journal_write_errors_total',
  kind: 'counter',
  help: 'Attempts to write to the journal that failed; what was to be written is tried again, or sent again by whoever wanted it kept.',
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
