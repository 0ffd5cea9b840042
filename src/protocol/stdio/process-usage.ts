import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';

/** USER_HZ: 100 in every Linux ABI that Node runs on. */
const TICKS_PER_SECOND = 100;

/** One process, from `/proc/PID/stat` (proc_pid_stat(5)). */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Ended, and waiting for its parent to notice. */
  readonly isZombie: boolean;
  /** User and system time, of itself and of the children that it waited for. */
  readonly cpuSeconds: number;
}

/** All processes of the machine (or container) at one moment. */
export interface ProcessSnapshot {
  readonly byParent: ReadonlyMap<number, readonly ProcessRow[]>;
  readonly bySession: ReadonlyMap<number, readonly ProcessRow[]>;
}

/** One walk over `/proc` serves every child. */
export interface ProcessTable {
  /**
   * @param ageMsMax how old the walk may be
   * @returns undefined if there is no `/proc`
   */
  snapshot(ageMsMax: number): ProcessSnapshot | undefined;
  /** Of one process, now; zero once it is gone. */
  residentBytes(pid: number): number;
}

export function createProcessTable(clock: Clock, procPath = '/proc'): ProcessTable {
  let snapshot: ProcessSnapshot | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return {
    snapshot(ageMsMax) {
      if (clock.monotonicMs() - readAtMs > ageMsMax) {
        snapshot = readSnapshot(procPath);
        readAtMs = clock.monotonicMs();
      }
      return snapshot;
    },
    residentBytes(pid) {
      // Not the page count of `stat`: Node does not give the page size.
      const kibibytes = /^VmRSS:\s+(\d+) kB/mu.exec(
        readText(`${procPath}/${pid}/status`) ?? '',
      )?.[1];
      return Number(kibibytes ?? 0) * 1024;
    },
  };
}

/** Reads one `/proc/PID/stat`; the command in it may hold blanks and parentheses. */
export function parseProcessStat(text: string): ProcessRow | undefined {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number): number => Number(fields[index]);
  const ticks = number(11) + number(12) + number(13) + number(14);
  if (!Number.isInteger(pid) || !Number.isFinite(ticks)) return undefined;
  return {
    pid,
    parentPid: number(1),
    groupId: number(2),
    sessionId: number(3),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/**
 * The child and what it started, also what moved to a session of its own while its parents live.
 *
 * @param leaderPid a child of ours: started as leader of its own session, so that its id is also the session's
 */
function familyOf(leaderPid: number, snapshot: ProcessSnapshot): readonly ProcessRow[] {
  const family = new Map(
    (snapshot.bySession.get(leaderPid) ?? []).map((row) => [row.pid, row] as const),
  );
  // A map's iteration also visits what is added on the way.
  for (const pid of family.keys()) {
    for (const child of snapshot.byParent.get(pid) ?? []) family.set(child.pid, child);
  }
  return [...family.values()];
}

export interface ProcessMeter {
  /** Adds up over all children measured so far; undefined if there is no `/proc` or the child is gone. */
  measure(pid: number): ProcessUsage | undefined;
}

/**
 * Measures the children of one server, one after the other. CPU time never decreases; what a child used between
 * the last measurement and its end is not seen, and a process that outlives its parent takes its CPU time with it.
 *
 * @param ageMsMax how old the walk of the table may be
 */
export function createProcessMeter(table: ProcessTable, ageMsMax: number): ProcessMeter {
  let endedCpuSeconds = 0;
  let currentPid: number | undefined;
  let currentCpuSeconds = 0;
  return {
    measure(pid) {
      const snapshot = table.snapshot(ageMsMax);
      const family = snapshot ? familyOf(pid, snapshot) : [];
      if (family.length === 0) return undefined;
      if (pid !== currentPid) {
        endedCpuSeconds += currentCpuSeconds;
        currentCpuSeconds = 0;
        currentPid = pid;
      }
      currentCpuSeconds = Math.max(currentCpuSeconds, sum(family.map((row) => row.cpuSeconds)));
      return {
        pid,
        cpuSeconds: endedCpuSeconds + currentCpuSeconds,
        residentBytes: sum(family.map((row) => table.residentBytes(row.pid))),
      };
    },
  };
}

function readSnapshot(procPath: string): ProcessSnapshot | undefined {
  const names = readNames(procPath);
  if (!names?.includes('self')) return undefined;
  const rows = names.flatMap((name) => {
    if (!/^\d+$/u.test(name)) return [];
    return parseProcessStat(readText(`${procPath}/${name}/stat`) ?? '') ?? [];
  });
  return {
    byParent: Map.groupBy(rows, (row) => row.parentPid),
    bySession: Map.groupBy(rows, (row) => row.sessionId),
  };
}

function readNames(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}

/** Undefined if the file is gone: processes end during the walk. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
