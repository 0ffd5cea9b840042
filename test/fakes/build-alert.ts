import type { AlertEvent } from '../../src/facts/alert-event.ts';
import { asEpochMs } from '../../src/facts/time.ts';

/** 2026-01-01T00:00:00Z */
export const ALERT_START_MS = Date.UTC(2026, 0, 1);

/** A server that went offline, as it was told a moment after; one that is given `endsAtMs` is resolved. */
export function buildAlert(changes: Partial<AlertEvent> = {}): AlertEvent {
  return {
    fact: 'alert',
    fingerprint: 'f00d',
    alertname: 'McpServerOffline',
    status: changes.endsAtMs === undefined ? 'firing' : 'resolved',
    labels: {
      alertname: 'McpServerOffline',
      gateway: 'exporter:19110',
      server: 'search',
      severity: 'critical',
    },
    annotations: { summary: 'An MCP server is offline', description: 'search does not answer.' },
    startsAtMs: asEpochMs(ALERT_START_MS),
    receivedAtMs: asEpochMs(ALERT_START_MS + 10_000),
    receiver: 'history',
    groupKey: '{}:{alertname="McpServerOffline"}',
    ...changes,
  };
}
