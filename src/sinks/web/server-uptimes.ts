import type { ServerUptime } from '../../facts/server-uptime.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import { askBriefly, type Kept } from './ask-journal.ts';
import type { HttpAppDeps } from './ports.ts';

/** Uptime from the journal; empty if it is off or does not answer. */
export interface ServerUptimes {
  /** By the name of the server; may be some seconds old. */
  all(): Promise<ReadonlyMap<string, ServerUptime>>;
  /** With the bars of days. */
  find(server: string): Promise<ServerUptime | undefined>;
}

/** Pages of many clients share one question: the bars of thousands of servers are some megabytes. */
const SHARED_MS = 5_000;

type UptimeAnswer = Promise<Kept<readonly ServerUptime[]>>;

export function createServerUptimes(deps: Pick<HttpAppDeps, 'clock' | 'journal'>): ServerUptimes {
  const { clock, journal } = deps;
  let shared: { readonly askedMs: MonotonicMs; readonly answer: UptimeAnswer } | undefined;

  function askAll(): UptimeAnswer {
    const nowMs = clock.monotonicMs();
    if (shared === undefined || nowMs - shared.askedMs > SHARED_MS) {
      const answer = askBriefly(deps, () => journal.findUptime({ withDays: false }));
      shared = { askedMs: nowMs, answer };
    }
    return shared.answer;
  }

  return {
    async all() {
      const answer = await askAll();
      return new Map(answer.ok ? answer.value.map((uptime) => [uptime.server, uptime]) : []);
    },
    async find(server) {
      const answer = await askBriefly(deps, () => journal.findUptime({ server, withDays: true }));
      return answer.ok ? answer.value[0] : undefined;
    },
  };
}
