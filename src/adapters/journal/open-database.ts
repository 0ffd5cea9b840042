import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { AlertFilter, AlertRecord } from '../../alerts/ports.ts';
import type { ActionTaken, AlertEvent } from '../../domain/alert-event.ts';
import type {
  CheckEntry,
  JournalEntry,
  JournalKind,
  JournalStats,
  Retention,
  ServerLogFilter,
  StatusEntry,
} from './messages.ts';
import { JOURNAL_KINDS } from './messages.ts';
import { MIGRATIONS } from './migrations.ts';

/** Rows that one step of pruning takes away, so that writers do not wait long. */
const PRUNE_ROWS = 5_000;
const ROW_TABLES: Readonly<Record<JournalKind, string>> = {
  checks: 'checks',
  status_changes: 'status_changes',
  alerts: 'alerts',
  actions: 'actions',
};

export interface JournalDatabase {
  /** All or none of them; committed when it returns. */
  write(entries: readonly JournalEntry[]): void;
  findAlerts(filter: AlertFilter): readonly AlertRecord[];
  findServerLog(filter: ServerLogFilter): readonly (CheckEntry | StatusEntry)[];
  stats(): JournalStats;
  prune(retention: Retention & { readonly nowMs: number }): void;
  close(): void;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Opens or makes the database and brings its schema up to date. Blocks, as all of `node:sqlite` does: for a worker.
 * Throws where the file is no database, is newer than this program, or cannot be written.
 */
export function openDatabase(path: string): JournalDatabase {
  const database = new DatabaseSync(path);
  // A write-ahead log survives the end of the process at any moment (sqlite.org/wal.html); FULL also that of the machine.
  database.exec(
    'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000;',
  );
  migrate(database);
  const insertCheck = database.prepare(
    'INSERT INTO checks (at_ms, server, kind, outcome, detail, duration_ms, status) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const insertStatus = database.prepare(
    'INSERT INTO status_changes (at_ms, server, before, after, reason) VALUES (?, ?, ?, ?, ?)',
  );
  // A resolution may have got lost: a new start of the same alert ends the one before.
  const endFormer = database.prepare(
    'UPDATE alerts SET ends_at_ms = ? WHERE fingerprint = ? AND starts_at_ms < ? AND ends_at_ms IS NULL',
  );
  const upsertAlert = database.prepare(`
    INSERT INTO alerts (fingerprint, starts_at_ms, ends_at_ms, alertname, server, gateway, severity, value, labels, annotations)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (fingerprint, starts_at_ms) DO UPDATE SET
      ends_at_ms = excluded.ends_at_ms,
      value = COALESCE(alerts.value, excluded.value)
    RETURNING id`);
  const insertNotification = database.prepare(
    'INSERT INTO alert_notifications (alert_id, at_ms, status, receiver) VALUES (?, ?, ?, ?)',
  );
  const insertAction = database.prepare(
    'INSERT INTO actions (at_ms, kind, server, alert_id, by, text) VALUES (?, ?, ?, ?, ?, ?)',
  );

  function writeAlert(event: AlertEvent): void {
    const { fingerprint, startsAtMs, labels } = event;
    endFormer.run(startsAtMs, fingerprint, startsAtMs);
    const row = upsertAlert.get(
      fingerprint,
      startsAtMs,
      event.endsAtMs ?? null,
      event.alertname,
      labels['server'] ?? '',
      labels['gateway'] ?? '',
      labels['severity'] ?? '',
      event.value ?? null,
      JSON.stringify(labels),
      JSON.stringify(event.annotations),
    );
    insertNotification.run(Number(row?.['id']), event.receivedAtMs, event.status, event.receiver);
  }

  function writeAction({ atMs, kind, server, alertId, by, text }: ActionTaken): void {
    insertAction.run(atMs, kind, server, alertId ?? null, by, text);
  }

  function writeEntry(entry: JournalEntry): void {
    switch (entry.fact) {
      case 'check':
        insertCheck.run(
          entry.atMs,
          entry.server,
          entry.kind,
          entry.outcome,
          entry.detail,
          entry.durationMs,
          entry.status,
        );
        return;
      case 'status':
        insertStatus.run(entry.atMs, entry.server, entry.from, entry.to, entry.reason);
        return;
      case 'alert':
        writeAlert(entry);
        return;
      case 'action':
        writeAction(entry);
    }
  }

  function sizeBytes(): number {
    const pages = numberOf(database.prepare('PRAGMA page_count').get(), 'page_count');
    const free = numberOf(database.prepare('PRAGMA freelist_count').get(), 'freelist_count');
    return (pages - free) * numberOf(database.prepare('PRAGMA page_size').get(), 'page_size');
  }

  function removeOldest(table: string): number {
    const { changes } = database
      .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} ORDER BY id LIMIT ?)`)
      .run(PRUNE_ROWS);
    return Number(changes);
  }

  return {
    write(entries) {
      transact(database, () => {
        for (const entry of entries) writeEntry(entry);
      });
    },
    findAlerts: (filter) => findAlerts(database, filter),
    findServerLog: (filter) => findServerLog(database, filter),
    stats() {
      const rows = Object.fromEntries(
        JOURNAL_KINDS.map((kind) => [
          kind,
          numberOf(
            database.prepare(`SELECT count(*) AS rows FROM ${ROW_TABLES[kind]}`).get(),
            'rows',
          ),
        ]),
      ) as Record<JournalKind, number>;
      return { rows, sizeBytes: sizeBytes() };
    },
    prune({ checksMs, alertsMs, bytesMax, nowMs }) {
      database.prepare('DELETE FROM checks WHERE at_ms < ?').run(nowMs - checksMs);
      database.prepare('DELETE FROM status_changes WHERE at_ms < ?').run(nowMs - checksMs);
      // What still fires is no history yet.
      database.prepare('DELETE FROM alerts WHERE ends_at_ms < ?').run(nowMs - alertsMs);
      database.prepare('DELETE FROM actions WHERE at_ms < ?').run(nowMs - alertsMs);
      for (const table of ['checks', 'status_changes', 'alerts', 'actions']) {
        while (sizeBytes() > bytesMax && removeOldest(table) > 0);
      }
      database.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);');
    },
    close: () => database.close(),
  };
}

function migrate(database: DatabaseSync): void {
  const version = numberOf(database.prepare('PRAGMA user_version').get(), 'user_version');
  if (version > MIGRATIONS.length) {
    throw new Error(
      `it was written by a newer version (schema ${version}, this one knows ${MIGRATIONS.length})`,
    );
  }
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    transact(database, () => database.exec(`${step}; PRAGMA user_version = ${index + 1}`));
  }
}

function transact(database: DatabaseSync, run: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    run();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function findAlerts(database: DatabaseSync, filter: AlertFilter): AlertRecord[] {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  if (filter.state === 'firing') conditions.push('ends_at_ms IS NULL');
  if (filter.state === 'resolved') conditions.push('ends_at_ms IS NOT NULL');
  add('alertname = ?', filter.alertname);
  add('server = ?', filter.server);
  // Those that were active at some moment between the two.
  add('coalesce(ends_at_ms, 9e15) >= ?', filter.fromMs);
  add('starts_at_ms <= ?', filter.toMs);
  add('id < ?', filter.before);
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const rows = database
    .prepare(`SELECT * FROM alerts ${where} ORDER BY id DESC LIMIT ?`)
    .all(...values, filter.limit);
  const notifications = database.prepare(
    'SELECT * FROM alert_notifications WHERE alert_id = ? ORDER BY id LIMIT 1000',
  );
  // Also what was done about the server while the alert was on, such as a check.
  const actions = database.prepare(
    `SELECT * FROM actions WHERE alert_id = ?1
       OR (alert_id IS NULL AND server = ?2 AND server <> '' AND at_ms BETWEEN ?3 AND ?4) ORDER BY id LIMIT 1000`,
  );
  return rows.map((row) => {
    const id = numberOf(row, 'id');
    const endsAtMs = row['ends_at_ms'];
    const annotations = jsonOf(row, 'annotations');
    return {
      id,
      fingerprint: textOf(row, 'fingerprint'),
      alertname: textOf(row, 'alertname'),
      server: textOf(row, 'server'),
      gateway: textOf(row, 'gateway'),
      severity: textOf(row, 'severity'),
      summary: annotations['summary'] ?? '',
      description: annotations['description'] ?? '',
      labels: jsonOf(row, 'labels'),
      annotations,
      startsAtMs: numberOf(row, 'starts_at_ms'),
      ...(typeof endsAtMs === 'number' ? { endsAtMs } : {}),
      ...(typeof row['value'] === 'number' ? { value: row['value'] } : {}),
      notifications: notifications.all(id).map((each) => ({
        atMs: numberOf(each, 'at_ms'),
        status: textOf(each, 'status') === 'resolved' ? ('resolved' as const) : ('firing' as const),
        receiver: textOf(each, 'receiver'),
      })),
      actions: actions
        .all(
          id,
          textOf(row, 'server'),
          numberOf(row, 'starts_at_ms'),
          typeof endsAtMs === 'number' ? endsAtMs : 9e15,
        )
        .map((each) => ({
          atMs: numberOf(each, 'at_ms'),
          kind: textOf(each, 'kind') as ActionTaken['kind'],
          by: textOf(each, 'by'),
          text: textOf(each, 'text'),
        })),
    };
  });
}

function findServerLog(
  database: DatabaseSync,
  { server, fromMs = 0, toMs = 9e15, limit }: ServerLogFilter,
): (CheckEntry | StatusEntry)[] {
  const checks = database
    .prepare(
      'SELECT * FROM checks WHERE server = ? AND at_ms BETWEEN ? AND ? ORDER BY id DESC LIMIT ?',
    )
    .all(server, fromMs, toMs, limit)
    .map((row): CheckEntry => ({
      fact: 'check',
      atMs: numberOf(row, 'at_ms'),
      server,
      kind: textOf(row, 'kind'),
      outcome: textOf(row, 'outcome'),
      detail: textOf(row, 'detail'),
      durationMs: numberOf(row, 'duration_ms'),
      status: textOf(row, 'status'),
    }));
  const changes = database
    .prepare(
      'SELECT * FROM status_changes WHERE server = ? AND at_ms BETWEEN ? AND ? ORDER BY id DESC LIMIT ?',
    )
    .all(server, fromMs, toMs, limit)
    .map((row): StatusEntry => ({
      fact: 'status',
      atMs: numberOf(row, 'at_ms'),
      server,
      from: textOf(row, 'before'),
      to: textOf(row, 'after'),
      reason: textOf(row, 'reason'),
    }));
  return [...checks, ...changes].toSorted((a, b) => b.atMs - a.atMs).slice(0, limit);
}

function numberOf(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

function textOf(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : '';
}

function jsonOf(row: Row, column: string): Record<string, string> {
  return JSON.parse(textOf(row, column) || '{}') as Record<string, string>;
}
