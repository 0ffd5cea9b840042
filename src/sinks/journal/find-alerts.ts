import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type {
  AlertAction,
  AlertFilter,
  AlertNotification,
  AlertRecord,
} from '../../facts/ports/alert-store.ts';
import { ACTION_KINDS } from '../../facts/alert-event.ts';
import { epochOf, knownEpoch, knownNumber, numberOf, type Row, textOf, textsOf } from './rows.ts';

/** Of one alert. */
const NOTIFICATIONS_SHOWN_MAX = 20;
const ACTIONS_SHOWN_MAX = 20;
/** Later than the time of any record. */
const FOREVER_MS = 9e15;

/** Newest first. */
export function findAlerts(database: DatabaseSync, filter: AlertFilter): readonly AlertRecord[] {
  const { where, values } = conditionsOf(filter);
  const rows = database
    .prepare(`SELECT * FROM alerts ${where} ORDER BY id DESC LIMIT ?`)
    .all(...values, filter.limit);
  const readNotifications = createNotificationReader(database);
  const readActions = createActionReader(database);
  return rows.map((row) => toRecord(row, { ...readNotifications(row), actions: readActions(row) }));
}

function conditionsOf(filter: AlertFilter): { where: string; values: SQLInputValue[] } {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  if (filter.state === 'firing') conditions.push('ends_at_ms IS NULL');
  if (filter.state === 'resolved') conditions.push('ends_at_ms IS NOT NULL');
  add('id = ?', filter.id);
  add('alertname = ?', filter.alertname);
  add('server = ?', filter.server);
  add(`coalesce(ends_at_ms, ${FOREVER_MS}) >= ?`, filter.fromMs);
  add('starts_at_ms <= ?', filter.toMs);
  add('id < ?', filter.before);
  return { where: conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '', values };
}

type History = Pick<AlertRecord, 'notificationCount' | 'notifications' | 'actions'>;

function toRecord(row: Row, history: History): AlertRecord {
  const annotations = textsOf(row, 'annotations');
  const endsAtMs = knownEpoch(row, 'ends_at_ms');
  const value = knownNumber(row, 'value');
  return {
    id: numberOf(row, 'id'),
    fingerprint: textOf(row, 'fingerprint'),
    alertname: textOf(row, 'alertname'),
    server: textOf(row, 'server'),
    gateway: textOf(row, 'gateway'),
    severity: textOf(row, 'severity'),
    summary: annotations['summary'] ?? '',
    description: annotations['description'] ?? '',
    labels: textsOf(row, 'labels'),
    annotations,
    startsAtMs: epochOf(row, 'starts_at_ms'),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
    isEndInferred: numberOf(row, 'is_end_inferred') === 1,
    ...(value === undefined ? {} : { value }),
    ...(row['generator_url'] !== null && { generatorUrl: textOf(row, 'generator_url') }),
    ...(row['alertmanager_url'] !== null && { alertmanagerUrl: textOf(row, 'alertmanager_url') }),
    ...history,
  };
}

function createNotificationReader(
  database: DatabaseSync,
): (alert: Row) => Omit<History, 'actions'> {
  const count = database.prepare(
    'SELECT count(*) AS count FROM alert_notifications WHERE alert_id = ?',
  );
  const last = database.prepare(
    'SELECT * FROM alert_notifications WHERE alert_id = ? ORDER BY id DESC LIMIT ?',
  );
  return (alert) => {
    const id = numberOf(alert, 'id');
    return {
      notificationCount: numberOf(count.get(id), 'count'),
      notifications: last.all(id, NOTIFICATIONS_SHOWN_MAX).toReversed().map(toNotification),
    };
  };
}

function toNotification(row: Row): AlertNotification {
  return {
    atMs: epochOf(row, 'at_ms'),
    status: textOf(row, 'status') === 'resolved' ? 'resolved' : 'firing',
    receiver: textOf(row, 'receiver'),
  };
}

function createActionReader(database: DatabaseSync): (alert: Row) => readonly AlertAction[] {
  // Each half has an index of its own.
  const find = database.prepare(`
    SELECT * FROM (
      SELECT * FROM actions WHERE alert_id = ?1
      UNION ALL
      SELECT * FROM actions WHERE alert_id IS NULL AND server = ?2 AND server <> '' AND at_ms BETWEEN ?3 AND ?4
    ) ORDER BY at_ms DESC, id DESC LIMIT ${ACTIONS_SHOWN_MAX}`);
  return (alert) =>
    find
      .all(
        numberOf(alert, 'id'),
        textOf(alert, 'server'),
        numberOf(alert, 'starts_at_ms'),
        knownNumber(alert, 'ends_at_ms') ?? FOREVER_MS,
      )
      .toReversed()
      .map(toAction);
}

export function toAction(row: Row): AlertAction {
  const kind = textOf(row, 'kind');
  return {
    atMs: epochOf(row, 'at_ms'),
    kind: ACTION_KINDS.find((known) => known === kind) ?? 'note',
    by: textOf(row, 'by'),
    text: textOf(row, 'text'),
    ...(row['until_ms'] !== null && { untilMs: epochOf(row, 'until_ms') }),
  };
}
