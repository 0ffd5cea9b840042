import type { ServerUptime } from '../../facts/server-uptime.ts';
import { askBriefly } from './ask-journal.ts';
import type { HttpAppDeps } from './ports.ts';
import { shareAnswer } from './share-answer.ts';

/** Uptime from the journal; empty if it is off or does not answer. */
export interface ServerUptimes {
  /** By the name of the server; may be some seconds old. */
  all(): Promise<ReadonlyMap<string, ServerUptime>>;
  /** With the bars of days. */
  find(server: string): Promise<ServerUptime | undefined>;
}

export function createServerUptimes(deps: Pick<HttpAppDeps, 'clock' | 'journal'>): ServerUptimes {
  const { clock, journal } = deps;
  const askAll = shareAnswer(clock, () =>
    askBriefly(deps, () => journal.findUptime({ withDays: false })),
  );
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
