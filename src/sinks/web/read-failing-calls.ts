import type { CallSummary } from '../../facts/call-log.ts';
import { FAILED_OUTCOMES } from '../../facts/call-outcome.ts';
import type { ErrorGroupPage } from '../../facts/error-log.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';
import { askBriefly, type Kept } from './ask-journal.ts';
import type { HttpAppDeps } from './ports.ts';

/** Which calls of a server fail, in the window by which its error rate is judged. */
export interface FailingCalls {
  readonly rate: NonNullable<ServerView['errorRate']>;
  readonly fromMs: EpochMs;
  /** By tool or prompt name, or resource URI; like all that follow since `fromMs`. */
  readonly targets: Kept<readonly CallSummary[]>;
  readonly clients: Kept<readonly CallSummary[]>;
  readonly errors: Kept<ErrorGroupPage>;
}

/** Sums come with the most calls first, and a tool that always fails may be called rarely. */
const SUMS_MAX = 500;
const GROUPS_MAX = 5;

/** @returns `undefined` if the server is not in trouble, or not because of its calls */
export async function readFailingCalls(
  deps: Pick<HttpAppDeps, 'clock' | 'journal'>,
  { name: server, status, errorRate: rate }: ServerDetail,
): Promise<FailingCalls | undefined> {
  const isInTrouble = status === 'warning' || status === 'critical';
  if (!isInTrouble || rate === undefined || rate.ratio === 0) return undefined;
  const { journal } = deps;
  const toMs = deps.clock.nowMs();
  const fromMs = asEpochMs(toMs - rate.windowMs);
  const sums = (by: 'target' | 'client') =>
    askBriefly(deps, () => journal.summarizeCalls({ by, server, fromMs, toMs, limit: SUMS_MAX }));
  const [targets, clients, errors] = await Promise.all([
    sums('target'),
    sums('client'),
    askBriefly(deps, () =>
      journal.findErrors({
        server,
        outcomes: FAILED_OUTCOMES,
        fromMs,
        toMs,
        limit: GROUPS_MAX,
        samples: 0,
      }),
    ),
  ]);
  return { rate, fromMs, targets, clients, errors };
}
