import type { DatabaseSync } from 'node:sqlite';
import {
  describeUptime,
  UPTIME_WINDOW_MS,
  type UptimeSpan,
  type UptimeState,
} from '../../facts/rules/uptime-share.ts';
import type { ServerUptime, UptimeFilter } from '../../facts/server-uptime.ts';
import type { EpochMs } from '../../facts/time.ts';
import { knownNumber, numberOf, textOf } from './rows.ts';

/** What is known of a server's availability from a moment on. */
export interface UptimeEntry {
  readonly fact: 'uptime';
  readonly server: string;
  readonly atMs: number;
  readonly state: UptimeState;
}

/** Says that the service runs. Without it, nothing is known of any server. */
export interface AliveEntry {
  readonly fact: 'alive';
  /** When the service started, which identifies its run. */
  readonly startedAtMs: number;
  readonly atMs: number;
}

/** Between two signs of life; after a kill, as much is unknown. */
export const ALIVE_INTERVAL_MS = 15_000;
/** From this on, the machine must have slept. */
const GAP_MS = 8 * ALIVE_INTERVAL_MS;

export interface UptimeWriter {
  writeAlive(entry: AliveEntry): void;
  writeUptime(entry: UptimeEntry): void;
}

/** Writes within a transaction of the caller. */
export function createUptimeWriter(database: DatabaseSync): UptimeWriter {
  const readMark = database.prepare('SELECT at_ms FROM marks WHERE name = ?');
  const setMark = database.prepare(
    'INSERT INTO marks (name, at_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms',
  );
  const findOpen = database.prepare(
    'SELECT id, is_up FROM uptime_spans WHERE server = ? AND to_ms IS NULL',
  );
  const allOpen = database.prepare('SELECT server, is_up FROM uptime_spans WHERE to_ms IS NULL');
  const closeOne = database.prepare('UPDATE uptime_spans SET to_ms = max(from_ms, ?) WHERE id = ?');
  const closeAll = database.prepare(
    'UPDATE uptime_spans SET to_ms = max(from_ms, ?) WHERE to_ms IS NULL',
  );
  const insert = database.prepare(
    'INSERT INTO uptime_spans (server, from_ms, is_up) VALUES (?, ?, ?)',
  );
  const markOf = (name: string): number | undefined => {
    const row = readMark.get(name);
    return row && numberOf(row, 'at_ms');
  };

  return {
    writeAlive({ startedAtMs, atMs }) {
      const run = markOf('run');
      const aliveMs = markOf('alive') ?? atMs;
      if (run !== undefined && run !== startedAtMs) closeAll.run(aliveMs);
      else if (atMs - aliveMs > GAP_MS) {
        const open = allOpen.all();
        closeAll.run(aliveMs);
        for (const row of open) insert.run(textOf(row, 'server'), atMs, numberOf(row, 'is_up'));
      }
      setMark.run('run', startedAtMs);
      setMark.run('alive', atMs);
    },
    writeUptime({ server, atMs, state }) {
      const open = findOpen.get(server);
      if (open) {
        if (state === (numberOf(open, 'is_up') === 1 ? 'up' : 'down')) return;
        closeOne.run(atMs, numberOf(open, 'id'));
      }
      if (state !== 'unknown') insert.run(server, atMs, state === 'up' ? 1 : 0);
    },
  };
}

/** By name. */
export function findUptime(
  database: DatabaseSync,
  { server, withDays, nowMs }: UptimeFilter & { readonly nowMs: EpochMs },
): readonly ServerUptime[] {
  const values = server === undefined ? [] : [server];
  const rows = database
    .prepare(
      `SELECT * FROM uptime_spans WHERE (to_ms IS NULL OR to_ms > ?) ${server === undefined ? '' : 'AND server = ?'}
       ORDER BY server, from_ms`,
    )
    .all(nowMs - UPTIME_WINDOW_MS, ...values);
  const spans = new Map<string, UptimeSpan[]>();
  for (const row of rows) {
    const name = textOf(row, 'server');
    const of = spans.get(name) ?? [];
    spans.set(name, of);
    const fromMs = numberOf(row, 'from_ms');
    of.push({
      fromMs,
      toMs: knownNumber(row, 'to_ms') ?? Math.max(fromMs, nowMs),
      isUp: numberOf(row, 'is_up') === 1,
    });
  }
  return [...spans].map(([name, each]) => describeUptime(name, each, nowMs, withDays));
}
