import type { Fact } from '../../facts/facts.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import { formatDuration } from '../../facts/rules/duration-text.ts';
import type { Status } from '../../facts/rules/health.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import type { ServerSwitch } from './server-switch.ts';

/** Disables servers that are Offline for `monitor.disableAfter`, and enables them when they answer. */
export interface AutoDisable {
  note(fact: Fact): void;
  /** These servers are configured, as they are now. */
  apply(servers: readonly ServerSpec[]): void;
  stop(): void;
}

export interface AutoDisableOptions {
  readonly clock: Clock;
  readonly switches: Pick<ServerSwitch, 'disableAutomatically' | 'enableAutomatically'>;
}

/** A server that answers, in whatever way. */
const ANSWERING: ReadonlySet<Status> = new Set(['healthy', 'warning', 'critical']);
/** A longer timer does not exist. */
const TIMER_MS_MAX = 24 * 60 * 60_000;

export function createAutoDisable({ clock, switches }: AutoDisableOptions): AutoDisable {
  const limitsMs = new Map<string, number>();
  const offlineSinceMs = new Map<string, MonotonicMs>();
  const timers = new Map<string, Timer>();

  function schedule(server: string): void {
    timers.get(server)?.cancel();
    timers.delete(server);
    const sinceMs = offlineSinceMs.get(server);
    const limitMs = limitsMs.get(server);
    if (sinceMs === undefined || limitMs === undefined) return;
    const restMs = sinceMs + limitMs - clock.monotonicMs();
    if (restMs <= 0)
      switches.disableAutomatically(server, `Offline for ${formatDuration(limitMs)}`);
    else
      timers.set(
        server,
        clock.after(Math.min(restMs, TIMER_MS_MAX), () => schedule(server)),
      );
  }

  function enter(server: string, status: Status): void {
    if (status === 'offline') offlineSinceMs.set(server, clock.monotonicMs());
    else offlineSinceMs.delete(server);
    if (ANSWERING.has(status)) switches.enableAutomatically(server, 'the server answers again');
    schedule(server);
  }

  return {
    note(fact) {
      if (fact.fact === 'status') enter(fact.server, fact.to);
      // Whoever enables a server that is still Offline gives it the whole time again.
      else if (fact.fact === 'action' && fact.kind === 'enable' && offlineSinceMs.has(fact.server))
        enter(fact.server, 'offline');
      else if (fact.fact === 'server_removed') {
        offlineSinceMs.delete(fact.server);
        schedule(fact.server);
      }
    },
    apply(servers) {
      limitsMs.clear();
      for (const { name, monitor } of servers)
        if (monitor.disableAfterMs !== undefined) limitsMs.set(name, monitor.disableAfterMs);
      for (const server of offlineSinceMs.keys()) schedule(server);
    },
    stop() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    },
  };
}
