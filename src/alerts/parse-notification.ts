import type { AlertEvent } from '../domain/alert-event.ts';

export type ParsedNotification =
  | { readonly ok: true; readonly alerts: readonly AlertEvent[] }
  /** What is wrong, with the path. */
  | { readonly ok: false; readonly problem: string };

/** As many as one notification may carry; Alertmanager sends no more than a group has. */
const ALERTS_MAX = 10_000;
const TEXT_CHARS_MAX = 4_096;
/** Go's zero time: Alertmanager's way of saying "not yet". */
const ZERO_TIME = '0001-01-01';

type Bag = Readonly<Record<string, unknown>>;

/**
 * Reads Alertmanager's webhook payload, version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config).
 * Unknown fields are fine: later versions add some.
 */
export function parseNotification(payload: unknown, receivedAtMs: number): ParsedNotification {
  if (!isBag(payload)) return problem('the body must be an object');
  if (payload['version'] !== '4') return problem('version must be "4"');
  const { alerts } = payload;
  if (!Array.isArray(alerts)) return problem('alerts must be a list');
  if (alerts.length > ALERTS_MAX) return problem(`alerts has more than ${ALERTS_MAX} entries`);
  const receiver = textOf(payload['receiver']);
  const groupKey = textOf(payload['groupKey']);
  const events: AlertEvent[] = [];
  for (const [index, alert] of alerts.entries()) {
    const event = parseAlert(alert, { receiver, groupKey, receivedAtMs });
    if (typeof event === 'string') return problem(`alerts[${index}].${event}`);
    events.push(event);
  }
  return { ok: true, alerts: events };
}

interface Envelope {
  readonly receiver: string;
  readonly groupKey: string;
  readonly receivedAtMs: number;
}

function parseAlert(alert: unknown, envelope: Envelope): AlertEvent | string {
  if (!isBag(alert)) return 'must be an object';
  const labels = textsOf(alert['labels']);
  const annotations = textsOf(alert['annotations']);
  const { status } = alert;
  const startsAtMs = timeOf(alert['startsAt']);
  const endsAtMs = timeOf(alert['endsAt']);
  if (!labels || labels['alertname'] === undefined) return 'labels must name an alertname';
  if (!annotations) return 'annotations must be an object of texts';
  if (status !== 'firing' && status !== 'resolved') return 'status must be firing or resolved';
  if (startsAtMs === undefined) return 'startsAt must be a time';
  if (status === 'resolved' && endsAtMs === undefined) return 'endsAt must be a time';
  const fingerprint = textOf(alert['fingerprint']);
  const value = Number.parseFloat(annotations['value'] ?? '');
  return {
    fact: 'alert',
    fingerprint: fingerprint === '' ? printLabels(labels) : fingerprint,
    alertname: labels['alertname'],
    status,
    labels,
    annotations,
    startsAtMs,
    ...envelope,
    ...(status === 'resolved' && endsAtMs !== undefined ? { endsAtMs } : {}),
    ...(Number.isFinite(value) ? { value } : {}),
  };
}

function printLabels(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.startsWith(ZERO_TIME)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

function textsOf(value: unknown): Record<string, string> | undefined {
  if (value === undefined) return {};
  if (!isBag(value)) return undefined;
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') return undefined;
    texts[name] = text.slice(0, TEXT_CHARS_MAX);
  }
  return texts;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : '';
}

function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(text: string): ParsedNotification {
  return { ok: false, problem: text };
}
