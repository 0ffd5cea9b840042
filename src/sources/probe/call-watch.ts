import type { CallRecord } from '../../facts/call-record.ts';
import type { CallOutcome } from '../../facts/call-outcome.ts';
import { AGREEMENT, verdictOfChecks, weighDisagreement } from './disagreement.ts';
import type { FactListener } from '../../facts/hub.ts';
import type { CallEvidence } from '../../facts/rules/health.ts';
import { createRateWindow, type RateWindow } from '../../facts/rules/rate-window.ts';
import type { ExpediteReason } from './schedule.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { ServerRecord, StatusChange } from './server-record.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';

export interface CallWatchOptions {
  readonly spec: ServerSpec;
  readonly clock: Clock;
  readonly record: Pick<ServerRecord, 'health' | 'noteCalls'>;
  readonly publish: FactListener;
  /** A call says that the next check should come sooner. */
  readonly expedite: (cause: ExpediteReason) => void;
}

/**
 * What the real calls of one server say of it: they feed its health, bring checks forward and are compared with the checks.
 *
 * Noting a call counts it and no more; the count is weighed a second later, by a timer that only a call starts. It goes on
 * only while something stands that must end when the window has moved on. A server without calls costs nothing.
 */
export interface CallWatch {
  note(call: CallRecord): void;
  /** A steady check was weighed. */
  noteCheck(change: StatusChange | undefined): void;
  view(): Pick<ServerView, 'errorRate' | 'disagreement'>;
  stop(): void;
}

const WEIGH_AFTER_MS = 1_000;

/** Whether the server itself was heard; of the caller's mistakes and our refusals nobody can tell. */
const SAYS: Readonly<Record<CallOutcome, 'answered' | 'failed' | undefined>> = {
  success: 'answered',
  input_required: 'answered',
  tool_error: 'answered',
  rpc_error: 'answered',
  transport_error: 'failed',
  timeout: 'failed',
  client_error: undefined,
  cancelled: undefined,
  denied: undefined,
  rate_limited: undefined,
};

export function createCallWatch(options: CallWatchOptions): CallWatch {
  const { spec, clock, record, publish, expedite } = options;
  const { errorRate, callLatency } = spec.monitor;
  let window: RateWindow | undefined;
  let timer: Timer | undefined;
  let hasFailed = false;
  let latency = { sumMs: 0, count: 0 };
  let disagreement = AGREEMENT;

  function weigh(): void {
    if (!window) return;
    const atMs = clock.monotonicMs();
    const rate = window.read(atMs);
    const evidence: CallEvidence = { kind: 'calls', atMs, rate };
    const change = record.noteCalls(latency.count > 0 ? { ...evidence, latency } : evidence);
    latency = { sumMs: 0, count: 0 };
    if (change) publish({ fact: 'status', server: spec.name, ...change });
    compare(window);
  }

  function compare(calls: RateWindow): void {
    const atMs = clock.monotonicMs();
    const checks = verdictOfChecks(record.health());
    const before = disagreement;
    const evidence = { checks, calls: calls.read(atMs), atMs };
    disagreement = weighDisagreement(before, evidence, errorRate);
    const { disagrees, detail } = disagreement;
    if (disagrees !== before.disagrees)
      publish({ fact: 'disagreement', server: spec.name, disagrees, detail });
  }

  function onTimer(): void {
    timer = undefined;
    weigh();
    const isUnsettled =
      record.health().findings.error_rate !== undefined ||
      disagreement.disagrees ||
      disagreement.sinceMs !== undefined;
    if (window && isUnsettled)
      timer = clock.after(Math.max(WEIGH_AFTER_MS, window.stepMs), onTimer);
  }

  function expediteBy(says: 'answered' | 'failed'): void {
    if (says === 'failed') {
      hasFailed = true;
      return expedite('failed');
    }
    const cause = hasFailed ? 'recovered' : 'answered';
    hasFailed = false;
    expedite(cause);
  }

  return {
    note({ outcome, operation, durationMs }) {
      window ??= createRateWindow(errorRate.windowMs);
      window.note(clock.monotonicMs(), outcome);
      if (callLatency && outcome === 'success' && operation === 'tools/call') {
        latency.sumMs += durationMs;
        latency.count += 1;
      }
      timer ??= clock.after(WEIGH_AFTER_MS, onTimer);
      const says = SAYS[outcome];
      if (says) expediteBy(says);
    },
    noteCheck(change) {
      // What was counted before belongs to another verdict.
      if (change && (change.to === 'offline' || change.from === 'offline')) window?.clear();
      weigh();
    },
    view() {
      const rate = window?.read(clock.monotonicMs());
      return {
        ...(rate &&
          rate.requests > 0 && {
            errorRate: { ratio: rate.failures / rate.requests, requests: rate.requests },
          }),
        ...(disagreement.disagrees && { disagreement: disagreement.detail }),
      };
    },
    stop() {
      timer?.cancel();
    },
  };
}
