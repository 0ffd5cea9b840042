import type { Fact } from '../../facts/facts.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Status } from '../../facts/rules/health.ts';
import { uptimeStateOf } from '../../facts/rules/uptime-share.ts';
import type { EpochMs } from '../../facts/time.ts';
import { ALIVE_INTERVAL_MS, type AliveEntry, type UptimeEntry } from './uptime-spans.ts';

/** Says what is known of the availability of servers, and that the service runs. */
export interface UptimeRecorder {
  start(): void;
  note(fact: Fact): void;
  /** Says everything again, since the database may be a new one. */
  repeat(): void;
  /** Says that it ran until now. */
  stop(): void;
}

export function createUptimeRecorder(
  clock: Clock,
  add: (entry: AliveEntry | UptimeEntry) => void,
): UptimeRecorder {
  const watched = new Map<string, Status>();
  const maintained = new Set<string>();
  let startedAtMs: EpochMs | undefined;
  let timer: Timer | undefined;

  function sayAlive(): void {
    if (startedAtMs !== undefined) add({ fact: 'alive', startedAtMs, atMs: clock.nowMs() });
  }

  function beat(): void {
    sayAlive();
    timer = clock.after(ALIVE_INTERVAL_MS, beat);
  }

  function say(server: string, status: Status, atMs: EpochMs): void {
    add({ fact: 'uptime', server, atMs, state: uptimeStateOf(status, maintained.has(server)) });
  }

  function noteMaintenance(server: string, isActive: boolean, atMs: EpochMs): void {
    if (isActive) maintained.add(server);
    else maintained.delete(server);
    say(server, watched.get(server) ?? 'unknown', atMs);
  }

  return {
    start() {
      startedAtMs ??= clock.nowMs();
      beat();
    },
    note(fact) {
      if (fact.fact === 'status') {
        watched.set(fact.server, fact.to);
        say(fact.server, fact.to, fact.atMs);
      } else if (fact.fact === 'maintenance') {
        noteMaintenance(fact.server, fact.isActive, fact.atMs);
      } else if (fact.fact === 'server_removed') {
        watched.delete(fact.server);
        maintained.delete(fact.server);
        say(fact.server, 'unknown', clock.nowMs());
      }
    },
    repeat() {
      if (startedAtMs === undefined) return;
      sayAlive();
      for (const [server, status] of watched) say(server, status, clock.nowMs());
    },
    stop() {
      timer?.cancel();
      sayAlive();
    },
  };
}
