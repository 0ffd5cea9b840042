import { type CapabilitySnapshot, withoutTexts } from '../../facts/capability-snapshot.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { FactListener } from '../../facts/hub.ts';
import type { Clock, Random, Timer } from '../../facts/ports/clock.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { type EpochMs, later } from '../../facts/time.ts';
import { type CallTally, createCallTally } from './call-tally.ts';
import { type CallWatch, createCallWatch } from './call-watch.ts';
import { remoteHostOf } from './connectivity.ts';
import type { ConnectivityGuard } from './connectivity-guard.ts';
import type { LatenessGuard } from './lateness-guard.ts';
import { createKeptConnection, type KeptConnection } from './kept-connection.ts';
import type { Lane } from './lane.ts';
import type { Connector } from './ports.ts';
import { intervalFor, isExpediteDue } from './schedule.ts';
import {
  detailOf,
  noteDeepReport,
  noteSteadyReport,
  type RecordMoment,
  type ServerRecord,
  viewOf,
  type ViewTiming,
} from './server-record.ts';
import { originOf, type SharedPauses } from './shared-pauses.ts';
import {
  type CheckKind,
  createWatchState,
  type DeepReported,
  isActive,
  nextEffects,
  type SteadyReported,
  type WatchEffect,
  type WatchEvent,
  type WatchState,
} from './watch-state.ts';

/** What all servers share. */
export interface WatchContext {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly random: Random;
  readonly publish: FactListener;
  /** `starting`: checks that start a child process. */
  readonly lanes: { readonly steady: Lane; readonly starting: Lane; readonly deep: Lane };
  readonly connectivity: ConnectivityGuard;
  readonly pauses: SharedPauses;
  readonly lateness: LatenessGuard;
  /** Reports kept per server and kind of history. */
  readonly historyMax: () => number;
  /** A remote server failed for the first time, in a way that a fault of our own network could explain. */
  readonly onFirstLoss: (host: string) => void;
}

/** Watches one server. `watch-state.ts` decides; this module performs the effects, and owns timers, the connection and the promises of callers. */
export interface ServerWatch {
  /** As it is configured now. */
  readonly spec: ServerSpec;
  /** Outlives the watch if another watch takes over. */
  readonly record: ServerRecord;
  /** What the calls add up to; outlives the watch in the same way. */
  readonly tally: CallTally;
  /** The non-loopback host of the server, if it has one. */
  readonly host: string | undefined;
  /** The settings of the record changed, in a way that applies to what is open. */
  reconfigure(): void;
  /** Schedules the first check; a forced check runs before those that wait. */
  start(delayMs: number, isForced: boolean): void;
  /** The report of a check that starts now or is already running; `undefined` if the server is not, or no longer, checked. */
  checkNow(isDeep: boolean): Promise<CheckReport | undefined>;
  /**
   * Checks the server now to find out whether our own network works.
   * @returns `false` if its answer would prove nothing because its last check failed
   */
  recheckAsWitness(): boolean;
  /** A real call to the server ended. Cheap, because it runs for every call. */
  noteCall(call: CallRecord): void;
  view(): ServerView;
  detail(): ServerDetail;
  processUsage(): ProcessUsage | undefined;
  /** Ends timers and the running check at once. Afterwards no fact is published except the end of a child, unless `isRemoved`. */
  halt(isRemoved: boolean): void;
  /** Closes what `halt` left open, within about ten seconds. */
  close(): Promise<void>;
}

/** Timers may fire a little early, and a check within the back-off would fail. */
const RESTART_MARGIN_MS = 100;

/**
 * Watches the server of a record, as the record has it; a disabled one is not checked.
 * @param tally of the watch before, if there was one
 */
export function createServerWatch(
  record: ServerRecord,
  context: WatchContext,
  tally: CallTally = createCallTally(record.spec.monitor),
): ServerWatch {
  return new WatchDriver(record, context, tally);
}

interface CheckTimer {
  readonly timer: Timer;
  readonly dueAtMs: EpochMs;
}

class WatchDriver implements ServerWatch {
  readonly record: ServerRecord;
  readonly tally: CallTally;
  readonly host: string | undefined;
  readonly #context: WatchContext;
  readonly #state: WatchState;
  readonly #origin: string | undefined;
  readonly #calls: CallWatch;
  readonly #connection: KeptConnection;
  readonly #halted = new AbortController();
  /** Kept after they have fired. */
  readonly #timers: Partial<Record<CheckKind, CheckTimer>> = {};
  /** All callers that wait for the same kind of report share one promise. */
  readonly #callers: Partial<Record<CheckKind, PromiseWithResolvers<CheckReport | undefined>>> = {};
  #running: Promise<void> | undefined;
  #isRemoved = false;

  constructor(record: ServerRecord, context: WatchContext, tally: CallTally) {
    const { clock, connector, publish } = context;
    const { spec } = record;
    this.record = record;
    this.tally = tally;
    this.host = remoteHostOf(spec.target);
    this.#origin = originOf(spec.target);
    this.#context = context;
    const isCheckable = record.health.status !== 'disabled' && spec.unresolved === undefined;
    this.#state = createWatchState(spec, { host: this.host, isCheckable });
    this.#calls = createCallWatch({
      record,
      tally,
      clock,
      publish,
      historyMax: context.historyMax,
      // Tested before the event is created, because this runs for every call.
      expedite: (reason) => {
        if (isExpediteDue(reason, record.health)) this.#handle({ kind: 'call_ended', reason });
      },
    });
    this.#connection = createKeptConnection({
      spec: () => record.spec,
      connector,
      clock,
      signal: this.#halted.signal,
      onChild: (fact) => this.#noteChild(fact),
    });
  }

  get spec(): ServerSpec {
    return this.record.spec;
  }

  reconfigure(): void {
    this.#calls.reconfigure();
    this.#handle({ kind: 'reconfigured', spec: this.record.spec });
  }

  start(delayMs: number, isForced: boolean): void {
    this.#handle({ kind: 'started', delayMs, isForced });
  }

  checkNow(isDeep: boolean): Promise<CheckReport | undefined> {
    if (!isActive(this.#state)) return Promise.resolve(undefined);
    const check = isDeep ? 'deep' : 'steady';
    const { promise } = (this.#callers[check] ??= Promise.withResolvers());
    this.#handle({ kind: 'check_requested', check });
    return promise;
  }

  recheckAsWitness(): boolean {
    if (!this.#state.isCheckable || this.record.health.consecutiveSuccesses === 0) return false;
    this.#handle({ kind: 'witness_requested' });
    return true;
  }

  noteCall(call: CallRecord): void {
    if (isActive(this.#state)) this.#calls.note(call);
  }

  view(): ServerView {
    const { clock } = this.#context;
    return {
      ...viewOf(this.record, this.#timing(), clock.monotonicMs()),
      ...this.#calls.view(),
    };
  }

  detail(): ServerDetail {
    const { clock } = this.#context;
    return {
      ...detailOf(this.record, this.#timing(), clock.monotonicMs()),
      ...this.#calls.view(),
    };
  }

  processUsage(): ProcessUsage | undefined {
    return this.#connection.processUsage();
  }

  halt(isRemoved: boolean): void {
    this.#isRemoved = isRemoved;
    this.#calls.stop();
    this.#handle({ kind: 'halted' });
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#connection.close();
  }

  #handle(event: WatchEvent): void {
    const moment = { atMs: this.#context.clock.monotonicMs(), health: this.record.health };
    for (const effect of nextEffects(this.#state, event, moment)) this.#perform(effect);
  }

  #perform(effect: WatchEffect): void {
    switch (effect.kind) {
      case 'set_timer':
        return this.#setTimer(effect.check, effect.delayMs);
      case 'clear_timer':
        return this.#timers[effect.check]?.timer.cancel();
      case 'take_ticket': {
        const { check, ticket, priority } = effect;
        return this.#laneFor(check).run(() => this.#takeSlot(check, ticket), priority);
      }
      case 'run_check':
        this.#running = this.#run(effect.check);
        return;
      case 'publish':
        return this.#context.publish(effect.fact);
      case 'weigh_calls':
        return this.#calls.noteCheck(effect.change);
      case 'forget_connectivity':
        return this.#context.connectivity.forget(this.spec.name);
      case 'ask_witnesses':
        return this.#context.onFirstLoss(effect.host);
      case 'share_pause':
        if (this.#origin !== undefined) this.#context.pauses.note(this.#origin, effect.pauseMs);
        return;
      case 'answer':
        this.#callers[effect.check]?.resolve(effect.report);
        delete this.#callers[effect.check];
        return;
      case 'abort_check':
        return this.#halted.abort();
    }
  }

  #setTimer(check: CheckKind, delayMs: number): void {
    const { clock } = this.#context;
    this.#timers[check]?.timer.cancel();
    this.#timers[check] = {
      timer: clock.after(delayMs, () =>
        this.#handle({ kind: 'timer_fired', check, pausedMs: this.#pausedMs() }),
      ),
      dueAtMs: later(clock.nowMs(), delayMs),
    };
  }

  /** Spread over a tenth more, so that not all entries of the origin come back at once. */
  #pausedMs(): number {
    const { pauses, random } = this.#context;
    const remainingMs = this.#origin === undefined ? 0 : pauses.remainingMs(this.#origin);
    return remainingMs * (1 + 0.1 * random());
  }

  #laneFor(check: CheckKind): Lane {
    const { lanes } = this.#context;
    if (check === 'deep') return lanes.deep;
    const startsChild = this.spec.target.kind === 'stdio' && !this.#connection.isOpen();
    return startsChild ? lanes.starting : lanes.steady;
  }

  /** Keeps the slot until the check that it leads to has ended. */
  async #takeSlot(check: CheckKind, ticket: number): Promise<void> {
    const before = this.#running;
    this.#handle({ kind: 'slot_free', check, ticket });
    if (this.#running !== before) await this.#running;
  }

  async #run(check: CheckKind): Promise<void> {
    const { timeoutMs, startTimeoutMs } = this.spec.monitor;
    const wasOpen = this.#connection.isOpen();
    const limitMs = check === 'steady' && wasOpen ? timeoutMs : startTimeoutMs;
    const { snapshot, ...rest } = await this.#connection.check(check, limitMs);
    // The whole texts of definitions go to whoever keeps them, and no further.
    const report = { ...rest, ...(snapshot && { snapshot: withoutTexts(snapshot) }) };
    if (this.#state.isHalted) {
      this.#handle({ kind: 'check_ended' });
    } else {
      this.#handle(
        check === 'steady' ? this.#weighSteady(report, wasOpen) : this.#weighDeep(report, snapshot),
      );
      this.#handle({ kind: 'check_ended', report });
    }
  }

  #weighSteady(report: CheckReport, wasOpen: boolean): SteadyReported {
    const { connectivity, lateness, random } = this.#context;
    const { host, record, spec } = this;
    const { outcome } = report;
    const wasOffline = record.health.status === 'offline';
    const isConnectivitySuspected =
      host !== undefined &&
      connectivity.judge({ host, server: spec.name, outcome, isOffline: wasOffline });
    lateness.note({ lagMs: this.#state.running?.lagMs ?? 0, lateMs: report.lateMs ?? 0 });
    const circumstances = { wasOpen, isConnectivitySuspected };
    return {
      kind: 'steady_reported',
      report,
      wasOffline,
      isConnectivitySuspected,
      ...noteSteadyReport(record, report, circumstances, this.#moment()),
      random: random(),
    };
  }

  #weighDeep(report: CheckReport, snapshot: CapabilitySnapshot | undefined): DeepReported {
    const { connectivity, random } = this.#context;
    const isSuspected = this.host !== undefined && connectivity.isSuspect(report.outcome);
    const moment = this.#moment();
    return {
      kind: 'deep_reported',
      report,
      ...(snapshot && { snapshot }),
      ...noteDeepReport(this.record, report, isSuspected, moment),
      endedAtMs: moment.epochMs,
      random: random(),
    };
  }

  #noteChild(fact: ChildExited | ChildStarted): void {
    if (!this.#isRemoved) this.#context.publish(fact);
    if (fact.fact === 'child_exit' && fact.restartInMs !== undefined)
      this.#handle({ kind: 'child_exited', pauseMs: fact.restartInMs + RESTART_MARGIN_MS });
  }

  #moment(): RecordMoment {
    const { clock, historyMax } = this.#context;
    return {
      epochMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
      historyMax: historyMax(),
    };
  }

  #timing(): ViewTiming {
    const { steady } = this.#timers;
    return {
      intervalMs: intervalFor(this.spec.monitor, this.record.health),
      ...(steady && !this.#state.isHalted && { nextCheckAtMs: steady.dueAtMs }),
    };
  }
}
