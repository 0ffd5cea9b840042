import { CALL_SUM_MS, type CallSummary } from '../../facts/call-log.ts';
import { asEpochMs } from '../../facts/time.ts';
import { askBriefly } from './ask-journal.ts';
import type { HttpAppDeps } from './ports.ts';
import { shareAnswer } from './share-answer.ts';

/** The calls of clients to one server. */
export interface ServerTraffic {
  /** Mean of the last five to ten minutes. */
  readonly requestsPerMinute: number;
  /** Of the last 24 hours, like all that follow. */
  readonly failures: number;
  /** Calls that say something about the server; see `CallSummary`. */
  readonly counted: number;
  readonly costUsd: number;
}

/** By the name of the server; those without a call in 24 hours are absent, all if the journal is off or does not answer. */
export type TrafficByServer = ReadonlyMap<string, ServerTraffic>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SERVERS_MAX = 100_000;

/** @returns reads the traffic of all servers; the answer may be some seconds old */
export function createTrafficReader(
  deps: Pick<HttpAppDeps, 'clock' | 'journal'>,
): () => Promise<TrafficByServer> {
  const { clock, journal } = deps;
  return shareAnswer(clock, async () => {
    const nowMs = clock.nowMs();
    // The last whole five minutes, and what has passed of these.
    const recentMs = CALL_SUM_MS + (nowMs % CALL_SUM_MS);
    const sumSince = (spanMs: number) =>
      askBriefly(deps, () => {
        const fromMs = asEpochMs(nowMs - spanMs);
        return journal.summarizeCalls({ by: 'server', fromMs, toMs: nowMs, limit: SERVERS_MAX });
      });
    const [day, recent] = await Promise.all([sumSince(DAY_MS), sumSince(recentMs)]);
    return day.ok && recent.ok
      ? trafficByServer(day.value, recent.value, recentMs)
      : new Map<string, ServerTraffic>();
  });
}

function trafficByServer(
  day: readonly CallSummary[],
  recent: readonly CallSummary[],
  recentMs: number,
): TrafficByServer {
  const calls = new Map(recent.map((sum) => [sum.key, sum.calls]));
  return new Map(
    day.map(({ key, failures, counted, costUsd }) => {
      const requestsPerMinute = ((calls.get(key) ?? 0) / recentMs) * MINUTE_MS;
      return [key, { requestsPerMinute, failures, counted, costUsd }];
    }),
  );
}
