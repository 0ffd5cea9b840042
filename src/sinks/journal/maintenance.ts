import type { DatabaseSync } from 'node:sqlite';
import type { MaintenanceTime, MaintenanceWindow, RecurringTime } from '../../facts/maintenance.ts';
import { epochOf, type Row, textOf } from './rows.ts';
import { transact } from './transact.ts';

/** Those that were planned by the API. */
export function findMaintenance(database: DatabaseSync): readonly MaintenanceWindow[] {
  return database
    .prepare('SELECT * FROM maintenance_windows ORDER BY id')
    .all()
    .map((row) => ({
      id: textOf(row, 'id'),
      source: 'api',
      ...(row['servers'] !== null && {
        servers: JSON.parse(textOf(row, 'servers')) as readonly string[],
      }),
      time: timeOf(row),
      by: textOf(row, 'by'),
      reason: textOf(row, 'reason'),
    }));
}

function timeOf(row: Row): MaintenanceTime {
  if (row['schedule'] === null) {
    const [startsAtMs, endsAtMs] = [epochOf(row, 'starts_at_ms'), epochOf(row, 'ends_at_ms')];
    return { kind: 'once', startsAtMs, endsAtMs };
  }
  const schedule = JSON.parse(textOf(row, 'schedule')) as Omit<RecurringTime, 'kind' | 'timeZone'>;
  return { kind: 'recurring', ...schedule, timeZone: textOf(row, 'time_zone') };
}

export function addMaintenance(
  database: DatabaseSync,
  { id, servers, time, by, reason }: MaintenanceWindow,
): void {
  const names = servers === undefined ? null : JSON.stringify(servers);
  const insert = database.prepare(
    `INSERT INTO maintenance_windows
     (id, servers, by, reason, starts_at_ms, ends_at_ms, schedule, time_zone)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  if (time.kind === 'once') {
    const [start, end] = [Math.round(time.startsAtMs), Math.round(time.endsAtMs)];
    insert.run(id, names, by, reason, start, end, null, null);
  } else {
    const { kind: _, timeZone, ...schedule } = time;
    insert.run(id, names, by, reason, null, null, JSON.stringify(schedule), timeZone);
  }
}

export function removeMaintenance(database: DatabaseSync, ids: readonly string[]): void {
  transact(database, () => {
    const remove = database.prepare('DELETE FROM maintenance_windows WHERE id = ?');
    for (const id of ids) remove.run(id);
  });
}
