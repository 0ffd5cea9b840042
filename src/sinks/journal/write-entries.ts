import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ActionTaken, AlertEvent } from '../../facts/alert-event.ts';
import type { CheckEntry, StatusEntry } from '../../facts/server-log.ts';
import type { JournalEntry } from './messages.ts';
import { numberOf, type Row } from './rows.ts';
import { createDefinitionsWriter } from './write-definitions.ts';
import { createUptimeWriter } from './uptime-spans.ts';
import type { Marker } from '../../facts/event-log.ts';

/** @returns a function that writes one entry, within a transaction of the caller */
export function createEntryWriter(database: DatabaseSync): (entry: JournalEntry) => void {
  const insertCheck = database.prepare(
    'INSERT INTO checks (at_ms, server, kind, outcome, detail, duration_ms, status) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const insertStatus = database.prepare(
    'INSERT INTO status_changes (at_ms, server, before, after, reason) VALUES (?, ?, ?, ?, ?)',
  );
  const insertAction = database.prepare(
    'INSERT INTO actions (at_ms, kind, server, alert_id, by, text, until_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const setMark = database.prepare(
    'INSERT INTO marks (name, at_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms',
  );
  const insertMarker = database.prepare(
    'INSERT INTO markers (at_ms, kind, server, by, text) VALUES (?, ?, ?, ?, ?)',
  );
  const writeAlert = createAlertWriter(database);
  const uptime = createUptimeWriter(database);
  const writeDefinitions = createDefinitionsWriter(database);

  function writeCheck(entry: CheckEntry): void {
    const { atMs, server, kind, outcome, detail, durationMs, status } = entry;
    insertCheck.run(whole(atMs), server, kind, outcome, detail, finite(durationMs), status);
  }
  function writeStatus({ atMs, server, from, to, reason }: StatusEntry): void {
    insertStatus.run(whole(atMs), server, from, to, reason);
  }
  function writeAction({ atMs, kind, server, alertId, by, text, untilMs }: ActionTaken): void {
    const until = untilMs === undefined ? null : whole(untilMs);
    insertAction.run(whole(atMs), kind, server, alertId ?? null, by, text, until);
  }

  function writeMarker({ atMs, kind, server, by, text }: Marker): void {
    insertMarker.run(whole(atMs), kind, server ?? null, by, text);
  }

  return (entry) => {
    switch (entry.fact) {
      case 'check':
        return writeCheck(entry);
      case 'status':
        return writeStatus(entry);
      case 'alert':
        return writeAlert(entry);
      case 'action':
        return writeAction(entry);
      case 'mark':
        setMark.run(entry.name, whole(entry.atMs));
        return;
      case 'marker':
        return writeMarker(entry.marker);
      case 'alive':
        return uptime.writeAlive({ ...entry, atMs: whole(entry.atMs) });
      case 'definitions':
        return writeDefinitions({ ...entry, atMs: whole(entry.atMs) });
      case 'uptime':
        return uptime.writeUptime({ ...entry, atMs: whole(entry.atMs) });
    }
  };
}

/**
 * Pairs the notifications of one alert over time. Alertmanager's fingerprint names the label set, the start names the
 * episode:
 *
 * - a later start is a new episode, and ends one whose end was never reported;
 * - an earlier start is the same episode, because Alertmanager takes the earlier start of two Prometheus servers;
 * - the last notification of an episode wins, so that the episode reopens if Alertmanager says so, unless a later one is open.
 */
function createAlertWriter(database: DatabaseSync): (event: AlertEvent) => void {
  const statements = prepareAlertStatements(database);
  return (event) => {
    const { fingerprint } = event;
    const startsAtMs = whole(event.startsAtMs);
    const same = findId(statements.findSame, fingerprint, startsAtMs);
    const open: Row | undefined = statements.findOpen.get(fingerprint);
    const openStartsAtMs = numberOf(open, 'starts_at_ms');
    if (open && openStartsAtMs < startsAtMs)
      statements.inferEnd.run(startsAtMs, numberOf(open, 'id'));
    const isSameEpisode = open !== undefined && openStartsAtMs > startsAtMs;
    const id = same ?? (isSameEpisode ? numberOf(open, 'id') : insertAlert(statements, event));
    updateAlert(statements, id, event, same !== undefined && isSameEpisode);
    const { receivedAtMs, status, receiver, generatorUrl, alertmanagerUrl } = event;
    statements.setUrls.run(generatorUrl ?? null, alertmanagerUrl ?? null, id);
    statements.insertNotification.run(id, whole(receivedAtMs), status, receiver);
  };
}

type AlertStatements = ReturnType<typeof prepareAlertStatements>;

function prepareAlertStatements(database: DatabaseSync) {
  return {
    findOpen: database.prepare(
      'SELECT id, starts_at_ms FROM alerts WHERE fingerprint = ? AND ends_at_ms IS NULL',
    ),
    findSame: database.prepare('SELECT id FROM alerts WHERE fingerprint = ? AND starts_at_ms = ?'),
    inferEnd: database.prepare(
      'UPDATE alerts SET ends_at_ms = ?, is_end_inferred = 1 WHERE id = ?',
    ),
    insert: database.prepare(`
      INSERT INTO alerts (fingerprint, starts_at_ms, heard_at_ms, alertname, server, gateway, severity, labels, annotations)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`),
    setFiring: database.prepare(`
      UPDATE alerts SET starts_at_ms = ?, ends_at_ms = NULL, is_end_inferred = 0, heard_at_ms = ?,
        value = coalesce(?, value), annotations = ? WHERE id = ?`),
    setEnd: database.prepare(`
      UPDATE alerts SET starts_at_ms = ?, ends_at_ms = ?, is_end_inferred = 0, heard_at_ms = ?,
        value = coalesce(value, ?) WHERE id = ?`),
    setHeard: database.prepare('UPDATE alerts SET heard_at_ms = ? WHERE id = ?'),
    setUrls: database.prepare(`
      UPDATE alerts SET generator_url = coalesce(?, generator_url),
        alertmanager_url = coalesce(?, alertmanager_url) WHERE id = ?`),
    insertNotification: database.prepare(
      'INSERT INTO alert_notifications (alert_id, at_ms, status, receiver) VALUES (?, ?, ?, ?)',
    ),
  };
}

function insertAlert({ insert }: AlertStatements, event: AlertEvent): number {
  const { labels } = event;
  const row = insert.get(
    event.fingerprint,
    whole(event.startsAtMs),
    whole(event.receivedAtMs),
    event.alertname,
    labels['server'] ?? '',
    labels['gateway'] ?? '',
    labels['severity'] ?? '',
    JSON.stringify(labels),
    JSON.stringify(event.annotations),
  );
  return numberOf(row, 'id');
}

function updateAlert(
  { setEnd, setFiring, setHeard }: AlertStatements,
  id: number,
  event: AlertEvent,
  hasLater: boolean,
): void {
  const startsAtMs = whole(event.startsAtMs);
  const heardAtMs = whole(event.receivedAtMs);
  const value = event.value ?? null;
  if (event.endsAtMs !== undefined)
    setEnd.run(startsAtMs, whole(event.endsAtMs), heardAtMs, value, id);
  else if (hasLater) setHeard.run(heardAtMs, id);
  else setFiring.run(startsAtMs, heardAtMs, value, JSON.stringify(event.annotations), id);
}

function findId(
  statement: StatementSync,
  fingerprint: string,
  startsAtMs: number,
): number | undefined {
  const row = statement.get(fingerprint, startsAtMs);
  return row && numberOf(row, 'id');
}

/** Time columns hold integers only. */
function whole(atMs: number): number {
  return Math.round(finite(atMs));
}

/** SQLite turns NaN and infinity into NULL and would then reject the whole batch. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
