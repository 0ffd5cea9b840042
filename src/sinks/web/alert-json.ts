import type { JsonObject } from '../../facts/json-object.ts';
import type { AlertRecord } from '../../facts/ports/alert-store.ts';
import { findSilencing, type Silencing } from './silencing.ts';

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

function silencedJson(silencing: Silencing | undefined): JsonObject | undefined {
  if (silencing === undefined) return undefined;
  const { kind, by, atMs, text, untilMs } = silencing;
  return { kind, by, at: instant(atMs), until: instant(untilMs), reason: text };
}

/** One alert of the history as the API shows it; unknown values are absent. */
export function alertJson(alert: AlertRecord, nowMs: number): JsonObject {
  const { endsAtMs } = alert;
  return {
    id: alert.id,
    fingerprint: alert.fingerprint,
    alertname: alert.alertname,
    state: endsAtMs === undefined ? 'firing' : 'resolved',
    severity: alert.severity,
    server: alert.server,
    gateway: alert.gateway,
    summary: alert.summary,
    description: alert.description,
    started_at: instant(alert.startsAtMs),
    ended_at: endsAtMs === undefined ? undefined : instant(endsAtMs),
    /** If no end was notified, it is the next start of the same alert. */
    end_inferred: alert.isEndInferred ? true : undefined,
    duration_seconds: Math.max(0, (endsAtMs ?? nowMs) - alert.startsAtMs) / 1_000,
    value: alert.value,
    labels: alert.labels,
    annotations: alert.annotations,
    generator_url: alert.generatorUrl,
    alertmanager_url: alert.alertmanagerUrl,
    notification_count: alert.notificationCount,
    notifications: alert.notifications.map(({ atMs, status, receiver }) => ({
      at: instant(atMs),
      status,
      receiver,
    })),
    silenced: silencedJson(findSilencing(alert, nowMs)),
    actions: alert.actions.map(({ atMs, kind, by, text, untilMs }) => ({
      at: instant(atMs),
      kind,
      by,
      text,
      until: untilMs === undefined ? undefined : instant(untilMs),
    })),
  };
}
