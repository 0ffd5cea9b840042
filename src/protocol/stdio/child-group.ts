import process from 'node:process';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ProcessRow, ProcessSnapshot, ProcessTable } from './process-usage.ts';

/** Between two checks of a group: no event reports the end of processes that are not our own children. */
const CHECK_MS = 20;
/** How old a walk over `/proc` may be when many children end at once. */
const SNAPSHOT_AGE_MS_MAX = 100;

/** Everything that a child started and that did not leave its session. */
export interface ChildGroup {
  /** Synchronous; signals nothing once the group was seen gone, since its id may have been reused. */
  signal(name: NodeJS.Signals): void;
  /** Zombies count as gone: where process 1 does not collect orphans they stay forever. */
  isGone(): boolean;
  /** Resolves when it is gone, or after `limitMs`. */
  untilGone(limitMs: number): Promise<void>;
}

/** @param leaderPid a child started with `detached`, so that it leads its own group and session */
export function createChildGroup(leaderPid: number, table: ProcessTable, clock: Clock): ChildGroup {
  const createdAtMs = clock.monotonicMs();
  let wasGone = false;

  /** Never older than the child, which would look gone otherwise. */
  function snapshot(): ProcessSnapshot | undefined {
    return table.snapshot(Math.min(SNAPSHOT_AGE_MS_MAX, clock.monotonicMs() - createdAtMs));
  }

  function check(): boolean {
    const processes = snapshot();
    return processes ? livingOf(leaderPid, processes).length === 0 : !exists(leaderPid);
  }

  function isGone(): boolean {
    wasGone ||= check();
    return wasGone;
  }

  return {
    signal(name) {
      if (wasGone) return;
      const processes = snapshot();
      // `timeout` and shells with job control make groups of their own within the session.
      const groups = new Set(
        processes ? livingOf(leaderPid, processes).map((row) => row.groupId) : [],
      );
      for (const groupId of groups.add(leaderPid)) trySignal(groupId, name);
    },
    isGone,
    async untilGone(limitMs) {
      const endsAtMs = clock.monotonicMs() + limitMs;
      while (!isGone() && clock.monotonicMs() < endsAtMs) {
        const { promise, resolve } = Promise.withResolvers<void>();
        clock.after(CHECK_MS, resolve);
        await promise;
      }
    },
  };
}

function livingOf(leaderPid: number, snapshot: ProcessSnapshot): readonly ProcessRow[] {
  return (snapshot.bySession.get(leaderPid) ?? []).filter((row) => !row.isZombie);
}

function exists(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
    return true;
  } catch (error) {
    // Any other error, such as a change of user, means that the group exists.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function trySignal(groupId: number, name: NodeJS.Signals): void {
  try {
    process.kill(-groupId, name);
  } catch {
    // Already gone, or not ours to signal: `isGone` finds out.
  }
}
