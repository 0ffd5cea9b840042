import type { CallRecord } from '../../facts/call-record.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import { pointsAtUs, remoteHostOf } from './connectivity.ts';
import type { ChildExited, ChildStarted } from '../../facts/child-facts.ts';
import type { FactListener } from '../../facts/hub.ts';
import {
  expeditedAtMs,
  type ExpediteReason,
  intervalFor,
  nextDeepDelayMs,
  nextDelayMs,
  RETRY_AFTER_MS_MAX,
} from './schedule.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { createCallWatch } from './call-watch.ts';
import type { ConnectivityGuard } from './connectivity-guard.ts';
import { guardCheck, type GuardedCheck } from './guard-check.ts';
import type { Lane } from './lane.ts';
import type { Clock, Random, Timer } from '../../facts/ports/clock.ts';
import type { Connection, Connector } from './ports.ts';
import type { ProcessUsage } from '../../facts/ports/process-usage.ts';
import type { ServerRecord, StatusChange } from './server-record.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { endsWithin } from '../../facts/deadline.ts';
import { asMonotonicMs, type EpochMs, later, latest, type MonotonicMs } from '../../facts/time.ts';

/** What all servers share. */
export interface WatchContext {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly random: Random;
  readonly publish: FactListener;
  /** `starting`: checks that start a child. */
  readonly lanes: { readonly steady: Lane; readonly starting: Lane; readonly deep: Lane };
  readonly connectivity: ConnectivityGuard;
  /** Reports kept per server and kind of history. */
  readonly historyMax: () => number;
  /** A remote server failed for the first time, in a way that may be our network's fault. */
  readonly onFirstLoss: (host: string) => void;
}

/** Watches one server: when to check it, one check at a time, what follows from each. */
export interface ServerWatch {
  readonly spec: ServerSpec;
  /** Outlives the watch where another one takes over. */
  readonly record: ServerRecord;
  /** Non-loopback host, if it has one. */
  readonly host: string | undefined;
  /** Schedules the first check; a forced one overtakes those that wait. */
  start(delayMs: number, isForced: boolean): void;
  /** The report of a check that starts now, or that is running; `undefined` if the server is not checked at all, or no more. */
  checkNow(isDeep: boolean): Promise<CheckReport | undefined>;
  /** Checks it before its time, if it was well: its answer tells something about others. */
  recheckAsWitness(): boolean;
  /** A real call to it ended. Cheap: comes with every call. */
  noteCall(call: CallRecord): void;
  view(): ServerView;
  detail(): ServerDetail;
  processUsage(): ProcessUsage | undefined;
  /** Ends timers and the running check, at once; after it no fact is published but the end of a child, unless `isRemoved`. */
  halt(isRemoved: boolean): void;
  /** Closes what `halt` left, within about ten seconds. */
  close(): Promise<void>;
}

type Kind = CheckReport['kind'];

interface Want {
  readonly dueAtMs: MonotonicMs;
  readonly priority: number;
}

interface Running {
  readonly kind: Kind;
  readonly done: Promise<CheckReport | undefined>;
}

type Waiters = PromiseWithResolvers<CheckReport | undefined>;

const PRIORITY = { ordinary: 0, forced: 1 } as const;
const HASTY_DEEP_PAUSE_MS = 60_000;
const CLOSE_MS_MAX = 10_000;
/** Timers may fire a little early, and a check within the back-off fails. */
const RESTART_MARGIN_MS = 100;

/** @param record what is known of the server; a disabled one is not checked */
export function createServerWatch(
  spec: ServerSpec,
  record: ServerRecord,
  context: WatchContext,
): ServerWatch {
  const { clock, random, publish, connectivity } = context;
  const settings = spec.monitor;
  const isCheckable = record.health().status !== 'disabled' && spec.unresolved === undefined;
  const host = remoteHostOf(spec.target);
  const halted = new AbortController();
  /** Due, and not yet running. A deep want waits until a steady check has succeeded. */
  const wanted: Partial<Record<Kind, Want>> = {};
  /** Waiting in a lane; a later, more urgent one makes the earlier void. */
  const queued: Partial<Record<Kind, Want>> = {};
  /** Callers of `checkNow`, all on one promise per kind. */
  const waiting: Partial<Record<Kind, Waiters>> = {};
  const discarded = new Set<Promise<unknown>>();
  let running: Running | undefined;
  let connection: Connection | undefined;
  let steadyTimer: Timer | undefined;
  let deepTimer: Timer | undefined;
  let nextSteadyAtMs: EpochMs | undefined;
  let nextSteadyMs = asMonotonicMs(Number.NEGATIVE_INFINITY);
  let steadyDelayMs = 0;
  let lastSteadyMs = asMonotonicMs(Number.NEGATIVE_INFINITY);
  let lastExpeditedMs = asMonotonicMs(Number.NEGATIVE_INFINITY);
  let notBeforeMs = asMonotonicMs(Number.NEGATIVE_INFINITY);
  let nextDeepAtMs = asMonotonicMs(Number.POSITIVE_INFINITY);
  let lastDeepAtMs = asMonotonicMs(Number.NEGATIVE_INFINITY);
  let deepFailures = 0;
  let isSilent = false;
  const calls = createCallWatch({ spec, clock, record, publish, expedite: expediteSteady });

  // Which check comes when.

  function want(kind: Kind, priority: number): void {
    const earlier = wanted[kind];
    wanted[kind] = {
      dueAtMs: earlier?.dueAtMs ?? clock.monotonicMs(),
      priority: Math.max(priority, earlier?.priority ?? priority),
    };
    pump();
  }

  function pump(): void {
    if (running !== undefined || halted.signal.aborted) return;
    enqueue('steady');
    if (isDeepAllowed()) enqueue('deep');
  }

  function enqueue(kind: Kind): void {
    const ticket = wanted[kind];
    if (ticket === undefined || (queued[kind]?.priority ?? -1) >= ticket.priority) return;
    queued[kind] = ticket;
    laneFor(kind).run(() => claim(kind, ticket), ticket.priority);
  }

  function laneFor(kind: Kind): Lane {
    if (kind === 'deep') return context.lanes.deep;
    const startsChild = spec.target.kind === 'stdio' && connection?.isOpen() !== true;
    return startsChild ? context.lanes.starting : context.lanes.steady;
  }

  /** A lane has a slot for us. If a check is running already, `pump` comes again when it ends. */
  async function claim(kind: Kind, ticket: Want): Promise<void> {
    if (queued[kind] !== ticket) return;
    delete queued[kind];
    const current = wanted[kind];
    if (current === undefined || running !== undefined || halted.signal.aborted) return;
    if (kind === 'deep' && !isDeepAllowed()) return;
    delete wanted[kind];
    running = {
      kind,
      done: kind === 'steady' ? runSteady(current.dueAtMs) : runDeep(),
    };
    const report = await running.done;
    running = undefined;
    // Only now, so that whoever asks again because of this report is not taken for one who waits for it.
    if (report !== undefined) settle(kind, report);
    if (kind === 'steady' && report !== undefined && report.outcome !== 'ok')
      settle('deep', report);
    pump();
  }

  /** Only of a server that answers: anything else would repeat what the steady check says. */
  function isDeepAllowed(): boolean {
    const { consecutiveSuccesses, status } = record.health();
    return consecutiveSuccesses > 0 && (status !== 'offline' || waiting.deep !== undefined);
  }

  function scheduleSteady(delayMs: number): void {
    steadyTimer?.cancel();
    nextSteadyAtMs = later(clock.nowMs(), delayMs);
    nextSteadyMs = later(clock.monotonicMs(), delayMs);
    steadyDelayMs = delayMs;
    steadyTimer = clock.after(delayMs, () => want('steady', PRIORITY.ordinary));
  }

  function scheduleDeep(delayMs: number): void {
    deepTimer?.cancel();
    nextDeepAtMs = later(clock.monotonicMs(), delayMs);
    deepTimer = clock.after(delayMs, () => want('deep', PRIORITY.ordinary));
  }

  /** Brings the next steady check forward, unless it is due, or running, or sooner anyway. */
  function expediteSteady(cause: ExpediteReason): void {
    if (running?.kind === 'steady' || wanted.steady) return;
    const { status, consecutiveDown } = record.health();
    const earliestMs = expeditedAtMs(settings, cause, {
      status,
      consecutiveDown,
      lastCheckAtMs: lastSteadyMs,
      lastExpeditedAtMs: lastExpeditedMs,
      notBeforeMs,
    });
    // Most calls are no news, so the clock is not even looked at.
    if (earliestMs === undefined) return;
    const nowMs = clock.monotonicMs();
    const dueAtMs = latest(nowMs, earliestMs);
    // Also before `start`: nothing is scheduled then that could be brought forward.
    if (dueAtMs >= nextSteadyMs) return;
    lastExpeditedMs = dueAtMs;
    scheduleSteady(dueAtMs - nowMs);
  }

  /** Nothing is gained by a check before then, whatever calls say. */
  function waitAtLeast(pauseMs: number): void {
    notBeforeMs = latest(notBeforeMs, later(clock.monotonicMs(), pauseMs));
  }

  /** For a server that seems to be another one than before; one that alternates must not be inspected all the time. */
  function expediteDeep(): void {
    const dueAtMs = Math.max(clock.monotonicMs(), lastDeepAtMs + HASTY_DEEP_PAUSE_MS);
    if (dueAtMs < nextDeepAtMs) scheduleDeep(dueAtMs - clock.monotonicMs());
  }

  // What a check is, and what follows from it.

  /** Nothing if the server went away meanwhile. */
  async function runSteady(dueAtMs: MonotonicMs): Promise<CheckReport | undefined> {
    steadyTimer?.cancel();
    lastSteadyMs = clock.monotonicMs();
    const lagMs = Math.max(0, clock.monotonicMs() - dueAtMs);
    const wasOpen = connection?.isOpen() === true;
    const timeoutMs = wasOpen ? settings.timeoutMs : settings.startTimeoutMs;
    const report = await check('steady', timeoutMs);
    if (halted.signal.aborted) return undefined;
    const before = record.health();
    const isConnectivitySuspected = judgeConnectivity(report, before.status === 'offline');
    const { change, hasNewIdentity, isFirstSuccess } = record.noteSteady(report, {
      wasOpen,
      isConnectivitySuspected,
    });
    const { status, consecutiveDown } = record.health();
    const { durationMs, retryAfterMs } = report;
    const last = { status, consecutiveDown, isConnectivitySuspected, isFirstSuccess, durationMs };
    waitAtLeast(Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX));
    scheduleSteady(
      nextDelayMs(
        settings,
        retryAfterMs === undefined ? last : { ...last, retryAfterMs },
        random(),
      ),
    );
    tell(report, lagMs, change);
    calls.noteCheck(change);
    if (waiting.deep !== undefined && report.outcome === 'ok') want('deep', PRIORITY.forced);
    else if (hasNewIdentity || (before.status === 'offline' && status !== 'offline'))
      expediteDeep();
    // A host known to be down says no more about our own network.
    if (change?.to === 'offline') connectivity.forget(spec.name);
    if (host !== undefined && consecutiveDown === 1 && pointsAtUs(report.outcome))
      context.onFirstLoss(host);
    return report;
  }

  async function runDeep(): Promise<CheckReport | undefined> {
    deepTimer?.cancel();
    lastDeepAtMs = clock.monotonicMs();
    const report = await check('deep', settings.startTimeoutMs);
    if (halted.signal.aborted) return undefined;
    const isConnectivitySuspected = host !== undefined && connectivity.isSuspect(report.outcome);
    const { change, definitionChanges: changes } = record.noteDeep(report, isConnectivitySuspected);
    deepFailures = report.outcome === 'ok' ? 0 : deepFailures + 1;
    const last = { consecutiveFailures: deepFailures };
    const { retryAfterMs } = report;
    scheduleDeep(
      nextDeepDelayMs(
        settings,
        retryAfterMs === undefined ? last : { ...last, retryAfterMs },
        random(),
      ),
    );
    if (changes.length > 0)
      publish({ fact: 'definitions', server: spec.name, atMs: clock.nowMs(), changes });
    // It runs when there is room, so it cannot be late; and it does not change when the next steady check is due.
    tell(report, 0, change);
    return report;
  }

  async function check(kind: Kind, timeoutMs: number): Promise<CheckReport> {
    connection ??= context.connector.open(spec, onChild);
    const current = connection;
    const { report, isAbandoned }: GuardedCheck = await guardCheck(
      (options) => (kind === 'steady' ? current.check(options) : current.inspect(options)),
      { kind, timeoutMs, clock, signal: halted.signal, secrets: spec.secrets },
    );
    if (isAbandoned) discardConnection();
    return report;
  }

  function judgeConnectivity(report: CheckReport, isOffline: boolean): boolean {
    return (
      host !== undefined &&
      connectivity.judge({ host, server: spec.name, outcome: report.outcome, isOffline })
    );
  }

  function tell(report: CheckReport, lagMs: number, change: StatusChange | undefined): void {
    const { status, consecutiveFailures } = record.health();
    publish({
      fact: 'probe',
      server: spec.name,
      report,
      status,
      consecutiveFailures,
      nextInMs: steadyDelayMs,
      lagMs,
    });
    if (change) publish({ fact: 'status', server: spec.name, ...change });
  }

  function settle(kind: Kind, report: CheckReport | undefined): void {
    waiting[kind]?.resolve(report);
    delete waiting[kind];
  }

  function onChild(fact: ChildExited | ChildStarted): void {
    if (!isSilent) publish(fact);
    if (fact.fact !== 'child_exit' || fact.restartInMs === undefined || halted.signal.aborted)
      return;
    waitAtLeast(fact.restartInMs + RESTART_MARGIN_MS);
    expediteSteady('failed');
  }

  // How it ends.

  /** Nobody waits for a connection whose check never came back; the next check opens a new one. */
  function discardConnection(): void {
    const closing = closeConnection();
    discarded.add(closing);
    void closing.finally(() => discarded.delete(closing));
  }

  async function closeConnection(): Promise<void> {
    const last = connection;
    connection = undefined;
    if (last) await endsWithin(clock, CLOSE_MS_MAX, last.close());
  }

  function timing(): { intervalMs: number; nextCheckAtMs: EpochMs | undefined } {
    return { intervalMs: intervalFor(settings, record.health()), nextCheckAtMs: nextSteadyAtMs };
  }

  return {
    spec,
    record,
    host,
    start(delayMs, isForced) {
      if (!isCheckable || halted.signal.aborted) return;
      wanted.deep = { dueAtMs: clock.monotonicMs(), priority: PRIORITY.ordinary };
      if (isForced) want('steady', PRIORITY.forced);
      else scheduleSteady(delayMs);
    },
    checkNow(isDeep) {
      if (!isCheckable || halted.signal.aborted) return Promise.resolve(undefined);
      const kind = isDeep ? 'deep' : 'steady';
      const waiters = (waiting[kind] ??= Promise.withResolvers());
      const isUnderWay = running !== undefined && (running.kind === 'steady' || isDeep);
      if (!isUnderWay) want('steady', PRIORITY.forced);
      return waiters.promise;
    },
    recheckAsWitness() {
      const { consecutiveSuccesses } = record.health();
      if (!isCheckable || consecutiveSuccesses === 0) return false;
      if (running?.kind !== 'steady') want('steady', PRIORITY.ordinary);
      return true;
    },
    noteCall(call) {
      if (isCheckable && !halted.signal.aborted) calls.note(call);
    },
    view: () => ({ ...record.view(timing()), ...calls.view() }),
    detail: () => ({ ...record.detail(timing()), ...calls.view() }),
    processUsage: () => connection?.processUsage(),
    halt(isRemoved) {
      isSilent = isRemoved;
      steadyTimer?.cancel();
      deepTimer?.cancel();
      calls.stop();
      nextSteadyAtMs = undefined;
      halted.abort();
      settle('steady', undefined);
      settle('deep', undefined);
    },
    async close() {
      await running?.done;
      await closeConnection();
      await Promise.all(discarded);
    },
  };
}
