import { isJsonObject } from '../../facts/json-object.ts';
import type { AlertEvent } from '../../facts/alert-event.ts';
import { webUrl } from '../../facts/rules/web-url.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';

export type ParsedNotification =
  | {
      readonly ok: true;
      readonly alerts: readonly AlertEvent[];
      /** What is wrong with those that were left out, each with its path; only the first ones. */
      readonly problems: readonly string[];
    }
  /** What is wrong, with the path. */
  | { readonly ok: false; readonly problem: string };

/** Far more than a group that anybody can read. */
const ALERTS_MAX = 10_000;
const LABELS_MAX = 128;
const TEXT_CHARS_MAX = 4_096;
const PROBLEMS_MAX = 10;
/** Go's zero time: Alertmanager's way of saying "not yet". */
const ZERO_TIME = '0001-01-01';

type Texts = Readonly<Record<string, string>>;

/**
 * Reads Alertmanager's webhook payload, version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config).
 * Fields that are not known here are let be, since later versions add some. An alert that cannot be read is left out:
 * refusing the whole would lose the others, for what is refused is not sent again.
 */
export function parseNotification(payload: unknown, receivedAtMs: EpochMs): ParsedNotification {
  if (!isJsonObject(payload)) return refusal('the body must be an object');
  if (payload['version'] !== '4') return refusal('version must be "4"');
  const { alerts: items } = payload;
  if (!Array.isArray(items)) return refusal('alerts must be a list');
  if (items.length > ALERTS_MAX) return refusal(`alerts has more than ${ALERTS_MAX} entries`);
  const envelope = {
    receiver: textOf(payload['receiver']),
    groupKey: textOf(payload['groupKey']),
    receivedAtMs,
    ...present({ alertmanagerUrl: urlOf(payload['externalURL']) }),
  };
  const alerts: AlertEvent[] = [];
  const problems: string[] = [];
  for (const [index, item] of items.entries()) {
    const alert = parseAlert(item, envelope);
    if (typeof alert !== 'string') alerts.push(alert);
    else if (problems.length < PROBLEMS_MAX) problems.push(`alerts[${index}].${alert}`);
  }
  const [first] = problems;
  if (alerts.length === 0 && first !== undefined) return refusal(first);
  return { ok: true, alerts, problems };
}

type Envelope = Pick<AlertEvent, 'receiver' | 'groupKey' | 'receivedAtMs' | 'alertmanagerUrl'>;

/** @returns what is wrong with it where it cannot be read */
function parseAlert(item: unknown, envelope: Envelope): AlertEvent | string {
  const alert = isJsonObject(item) ? item : {};
  const { status } = alert;
  if (status !== 'firing' && status !== 'resolved') return 'status must be firing or resolved';
  const labels = textsOf(alert['labels']);
  if (!labels) return 'labels must be an object of texts';
  const annotations = textsOf(alert['annotations']);
  if (!annotations) return 'annotations must be an object of texts';
  const startsAtMs = timeOf(alert['startsAt']);
  if (startsAtMs === undefined) return 'startsAt must be a time';
  const endsAtMs = timeOf(alert['endsAt']);
  if (status === 'resolved' && endsAtMs === undefined) return 'endsAt must be a time';
  const fingerprint = textOf(alert['fingerprint']);
  const value = numberOf(annotations['value']);
  return {
    fact: 'alert',
    fingerprint: fingerprint === '' ? printLabels(labels) : fingerprint,
    alertname: labels['alertname'] ?? '',
    status,
    labels,
    annotations,
    startsAtMs,
    ...envelope,
    // While an alert is firing, this is only the time at which the notification becomes stale.
    ...(status === 'resolved' &&
      endsAtMs !== undefined && { endsAtMs: endsAtMs < startsAtMs ? startsAtMs : endsAtMs }),
    ...(value === undefined ? {} : { value }),
    ...present({ generatorUrl: urlOf(alert['generatorURL']) }),
  };
}

function present<K extends string>(fields: Readonly<Record<K, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<Record<K, string>>;
}

/** A link that others send: undefined if a page must not lead there, or if it is too long. */
function urlOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > TEXT_CHARS_MAX) return undefined;
  return webUrl(value);
}

function printLabels(labels: Texts): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function timeOf(value: unknown): EpochMs | undefined {
  if (typeof value !== 'string' || value.startsWith(ZERO_TIME)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : asEpochMs(ms);
}

/** What Go's templates print of a number: `0.053`, `1.2e+06`; not `NaN` or `+Inf`, which no database keeps. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function textsOf(value: unknown): Texts | undefined {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) return undefined;
  const entries = Object.entries(value).slice(0, LABELS_MAX);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    return undefined;
  return Object.fromEntries(entries.map(([name, text]) => [cut(name), cut(text)]));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? cut(value) : '';
}

function cut(text: string): string {
  return text.slice(0, TEXT_CHARS_MAX).toWellFormed();
}

function refusal(problem: string): ParsedNotification {
  return { ok: false, problem };
}
