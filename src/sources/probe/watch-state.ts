import type { CapabilitySnapshot, DefinitionChange } from '../../facts/capability-snapshot.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import type { Fact } from '../../facts/facts.ts';
import type { HealthState } from '../../facts/rules/health.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { asMonotonicMs, type EpochMs, later, latest, type MonotonicMs } from '../../facts/time.ts';
import { pointsAtUs } from './connectivity.ts';
import {
  afterReconfiguration,
  expeditedAtMs,
  type ExpediteReason,
  nextDeepDelayMs,
  nextDelayMs,
  sharedPauseMs,
  RETRY_AFTER_MS_MAX,
} from './schedule.ts';
import type { StatusChange, SteadyFindings } from './server-record.ts';

/**
 * When one server is checked, and what each report leads to: `nextEffects` is the only function that changes a
 * `WatchState`, and the effects that it returns are all that happens outside. `server-watch.ts` performs them.
 *
 * A check goes through `wanted` (due), `ticket` (waiting in a lane for a slot) and `running`. One check runs at a time.
 * A deep check is wanted from the start but gets a ticket only after a steady check has succeeded.
 */
export interface WatchState {
  spec: Pick<ServerSpec, 'name' | 'monitor' | 'hasCredentials'>;
  /** The non-loopback host of the server, if it has one. */
  readonly host: string | undefined;
  /** `false` for good if the server is disabled or its configuration is incomplete. */
  readonly isCheckable: boolean;
  readonly steady: CheckState;
  readonly deep: CheckState;
  running?: { readonly check: CheckKind; readonly lagMs: number } | undefined;
  ticketCount: number;
  /** From the end of the last steady check to the next one. */
  steadyDelayMs: number;
  /** When the last check that was brought forward was scheduled to run. */
  lastExpeditedAtMs: MonotonicMs;
  /** No check is brought forward to before this moment: the server asked for a pause, or its child is not restarted yet. */
  notBeforeMs: MonotonicMs;
  /** Consecutive deep checks that failed. */
  deepFailures: number;
  /** Consecutive answers of the server that refused the configured credentials. */
  refusals: number;
  isHalted: boolean;
}

export type CheckKind = CheckReport['kind'];

/** One of the two kinds of checks. */
interface CheckState {
  /** Due and not running yet. */
  wanted?: { readonly dueAtMs: MonotonicMs; readonly priority: number } | undefined;
  /** Waits in a lane; a more urgent ticket replaces an earlier one. */
  ticket?: { readonly id: number; readonly priority: number } | undefined;
  /** Callers wait for the next report. */
  isAwaited: boolean;
  /** It waits for the end of a pause that another entry learned of. */
  isPostponed: boolean;
  lastStartAtMs: MonotonicMs;
  /** What the timer is set to; also kept after it has fired. */
  nextStartAtMs: MonotonicMs;
}

export type WatchEvent =
  | { readonly kind: 'started'; readonly delayMs: number; readonly isForced: boolean }
  /** `pausedMs`: remaining time of a pause that another entry of the same origin learned of. */
  | { readonly kind: 'timer_fired'; readonly check: CheckKind; readonly pausedMs: number }
  /** A lane has a slot for the ticket. */
  | { readonly kind: 'slot_free'; readonly check: CheckKind; readonly ticket: number }
  | SteadyReported
  | DeepReported
  /** After the report was processed; without a report if the watch was halted meanwhile. */
  | { readonly kind: 'check_ended'; readonly report?: CheckReport }
  /** A caller wants a report now. */
  | { readonly kind: 'check_requested'; readonly check: CheckKind }
  /** Another server failed, and an answer of this one would prove that our own network works. */
  | { readonly kind: 'witness_requested' }
  /** A real call ended. */
  | { readonly kind: 'call_ended'; readonly reason: ExpediteReason }
  /** The child of a stdio server ended and may be started again after `pauseMs`. */
  | { readonly kind: 'child_exited'; readonly pauseMs: number }
  /** Settings changed that apply to what is open. */
  | { readonly kind: 'reconfigured'; readonly spec: WatchState['spec'] }
  | { readonly kind: 'halted' };

export interface SteadyReported extends SteadyFindings {
  readonly kind: 'steady_reported';
  readonly report: CheckReport;
  readonly wasOffline: boolean;
  readonly isConnectivitySuspected: boolean;
  /** Uniform in [0, 1). */
  readonly random: number;
}

export interface DeepReported {
  readonly kind: 'deep_reported';
  readonly report: CheckReport;
  /** That of the report, with the whole texts of its definitions. */
  readonly snapshot?: CapabilitySnapshot;
  readonly change: StatusChange | undefined;
  readonly definitionChanges: readonly DefinitionChange[];
  readonly isFirstSnapshot: boolean;
  readonly endedAtMs: EpochMs;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/** The situation at the moment of an event; for a report, with the report already evaluated. */
export interface WatchMoment {
  readonly atMs: MonotonicMs;
  readonly health: Pick<
    HealthState,
    'status' | 'consecutiveFailures' | 'consecutiveDown' | 'consecutiveSuccesses'
  >;
}

/** To be performed in this order. */
export type WatchEffect =
  /** Replaces the timer set before. */
  | { readonly kind: 'set_timer'; readonly check: CheckKind; readonly delayMs: number }
  | { readonly kind: 'clear_timer'; readonly check: CheckKind }
  | {
      readonly kind: 'take_ticket';
      readonly check: CheckKind;
      readonly ticket: number;
      readonly priority: number;
    }
  | { readonly kind: 'run_check'; readonly check: CheckKind }
  | { readonly kind: 'publish'; readonly fact: Fact }
  /** Compare the real calls with the new verdict. */
  | { readonly kind: 'weigh_calls'; readonly change: StatusChange | undefined }
  /** The server is no longer evidence about our own network. */
  | { readonly kind: 'forget_connectivity' }
  | { readonly kind: 'ask_witnesses'; readonly host: string }
  /** For all entries of the same origin. */
  | { readonly kind: 'share_pause'; readonly pauseMs: number }
  /** Callers get the report; `undefined` if there will be none. */
  | { readonly kind: 'answer'; readonly check: CheckKind; readonly report: CheckReport | undefined }
  | { readonly kind: 'abort_check' };

const PRIORITY = { ordinary: 0, forced: 1 } as const;
/** Minimum time between early deep checks, for a server whose identity changes all the time. */
const EXPEDITED_DEEP_PAUSE_MS = 60_000;
const NO_EFFECTS: readonly WatchEffect[] = Object.freeze([]);

export function createWatchState(
  spec: WatchState['spec'],
  { host, isCheckable }: Pick<WatchState, 'host' | 'isCheckable'>,
): WatchState {
  const never = asMonotonicMs(Number.NEGATIVE_INFINITY);
  const check = { isAwaited: false, isPostponed: false, lastStartAtMs: never };
  return {
    spec,
    host,
    isCheckable,
    steady: { ...check, nextStartAtMs: never },
    deep: { ...check, nextStartAtMs: asMonotonicMs(Number.POSITIVE_INFINITY) },
    ticketCount: 0,
    steadyDelayMs: 0,
    lastExpeditedAtMs: never,
    notBeforeMs: never,
    deepFailures: 0,
    refusals: 0,
    isHalted: false,
  };
}

/** Whether the server is checked at all. */
export function isActive(state: WatchState): boolean {
  return state.isCheckable && !state.isHalted;
}

/** Changes `state`. Deterministic, without I/O. */
export function nextEffects(
  state: WatchState,
  event: WatchEvent,
  moment: WatchMoment,
): readonly WatchEffect[] {
  if (!isActive(state) && event.kind !== 'check_ended') return NO_EFFECTS;
  switch (event.kind) {
    case 'started':
      return start(state, event, moment);
    case 'timer_fired':
      return event.pausedMs > 0 && !state[event.check].isPostponed
        ? postpone(state, event.check, event.pausedMs, moment)
        : want(state, event.check, PRIORITY.ordinary, moment, dueAtOf(state[event.check], moment));
    case 'slot_free':
      return takeSlot(state, event, moment);
    case 'steady_reported':
      return noteSteady(state, event, moment);
    case 'deep_reported':
      return noteDeep(state, event, moment);
    case 'check_ended':
      return endCheck(state, event.report, moment);
    case 'check_requested':
      return request(state, event.check, moment);
    case 'witness_requested':
      return state.running?.check === 'steady'
        ? NO_EFFECTS
        : want(state, 'steady', PRIORITY.ordinary, moment);
    case 'call_ended':
      return expediteSteady(state, event.reason, moment);
    case 'child_exited':
      waitAtLeast(state, event.pauseMs, moment);
      return expediteSteady(state, 'failed', moment);
    case 'reconfigured':
      return reconfigure(state, event.spec, moment);
    case 'halted':
      return halt(state);
  }
}

function start(
  state: WatchState,
  { delayMs, isForced }: Extract<WatchEvent, { kind: 'started' }>,
  moment: WatchMoment,
): readonly WatchEffect[] {
  state.deep.wanted = { dueAtMs: moment.atMs, priority: PRIORITY.ordinary };
  return isForced
    ? want(state, 'steady', PRIORITY.forced, moment)
    : [schedule(state, 'steady', delayMs, moment)];
}

/**
 * A check that is already wanted keeps its due time and only becomes more urgent.
 * @param dueAtMs if it was due before now, because a timer fired late
 */
function want(
  state: WatchState,
  check: CheckKind,
  priority: number,
  moment: WatchMoment,
  dueAtMs = moment.atMs,
): readonly WatchEffect[] {
  const earlier = state[check].wanted;
  state[check].wanted = {
    dueAtMs: earlier?.dueAtMs ?? dueAtMs,
    priority: Math.max(priority, earlier?.priority ?? priority),
  };
  return takeTickets(state, moment);
}

/** When the timer should have fired, which may be before it did. */
function dueAtOf({ nextStartAtMs }: CheckState, { atMs }: WatchMoment): MonotonicMs {
  return Number.isFinite(nextStartAtMs) && nextStartAtMs < atMs ? nextStartAtMs : atMs;
}

function takeTickets(state: WatchState, moment: WatchMoment): readonly WatchEffect[] {
  if (state.running !== undefined || state.isHalted) return NO_EFFECTS;
  const steady = takeTicket(state, 'steady');
  const deep = isDeepAllowed(state, moment) ? takeTicket(state, 'deep') : undefined;
  if (steady && deep) return [steady, deep];
  const only = steady ?? deep;
  return only ? [only] : NO_EFFECTS;
}

function takeTicket(state: WatchState, check: CheckKind): WatchEffect | undefined {
  const { wanted, ticket } = state[check];
  if (wanted === undefined || (ticket && ticket.priority >= wanted.priority)) return undefined;
  const { priority } = wanted;
  state.ticketCount += 1;
  state[check].ticket = { id: state.ticketCount, priority };
  return { kind: 'take_ticket', check, ticket: state.ticketCount, priority };
}

/** Only while the server answers: otherwise a deep check would repeat what the steady one says. */
function isDeepAllowed(state: WatchState, { health }: WatchMoment): boolean {
  return health.consecutiveSuccesses > 0 && (health.status !== 'offline' || state.deep.isAwaited);
}

/** If a check is running already, the next tickets are taken when it ends. */
function takeSlot(
  state: WatchState,
  { check, ticket }: Extract<WatchEvent, { kind: 'slot_free' }>,
  moment: WatchMoment,
): readonly WatchEffect[] {
  const own = state[check];
  if (own.ticket?.id !== ticket) return NO_EFFECTS;
  own.ticket = undefined;
  if (own.wanted === undefined || state.running !== undefined) return NO_EFFECTS;
  if (check === 'deep' && !isDeepAllowed(state, moment)) return NO_EFFECTS;
  // A deep check runs when a slot is free, so it cannot be late.
  const lagMs = check === 'steady' ? Math.max(0, moment.atMs - own.wanted.dueAtMs) : 0;
  state.running = { check, lagMs };
  own.wanted = undefined;
  own.isPostponed = false;
  own.lastStartAtMs = moment.atMs;
  return [
    { kind: 'clear_timer', check },
    { kind: 'run_check', check },
  ];
}

function noteSteady(
  state: WatchState,
  event: SteadyReported,
  moment: WatchMoment,
): readonly WatchEffect[] {
  const { report, change } = event;
  waitAtLeast(state, Math.min(report.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX), moment);
  const isRefused = noteRefusal(state, report);
  const delayMs = delayAfter(state, event, isRefused, moment);
  // Neither does a call bring a check with refused credentials forward.
  if (isRefused) waitAtLeast(state, delayMs, moment);
  const effects: WatchEffect[] = [
    schedule(state, 'steady', delayMs, moment),
    ...sharePause(state, report),
    ...announce(state, event, moment, event.responseMs),
    { kind: 'weigh_calls', change },
  ];
  const isBack = event.wasOffline && moment.health.status !== 'offline';
  if (state.deep.isAwaited && report.outcome === 'ok')
    effects.push(...want(state, 'deep', PRIORITY.forced, moment));
  else if (event.hasNewIdentity || isBack) effects.push(...expediteDeep(state, moment));
  // A host that is known to be down is no longer evidence about our own network.
  if (change?.to === 'offline') effects.push({ kind: 'forget_connectivity' });
  if (state.host !== undefined && moment.health.consecutiveDown === 1 && pointsAtUs(report.outcome))
    effects.push({ kind: 'ask_witnesses', host: state.host });
  return effects;
}

/** @returns whether the report says that the configured credentials are refused */
function noteRefusal(state: WatchState, { outcome }: CheckReport): boolean {
  const isRefused =
    state.spec.hasCredentials && (outcome === 'auth_required' || outcome === 'forbidden');
  if (isRefused) state.refusals += 1;
  else if (outcome === 'ok') state.refusals = 0;
  return isRefused;
}

function sharePause({ spec }: WatchState, report: CheckReport): readonly WatchEffect[] {
  const pauseMs = sharedPauseMs(spec.monitor, report);
  return pauseMs > 0 ? [{ kind: 'share_pause', pauseMs }] : [];
}

function delayAfter(
  { spec, refusals }: WatchState,
  { report, isConnectivitySuspected, isFirstSuccess, random }: SteadyReported,
  isRefused: boolean,
  { health }: WatchMoment,
): number {
  const { durationMs, retryAfterMs } = report;
  const last = {
    status: health.status,
    consecutiveDown: health.consecutiveDown,
    isConnectivitySuspected,
    isFirstSuccess,
    durationMs,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isRefused && { refusals }),
  };
  return nextDelayMs(spec.monitor, last, random);
}

function noteDeep(
  state: WatchState,
  event: DeepReported,
  moment: WatchMoment,
): readonly WatchEffect[] {
  const { report, definitionChanges, endedAtMs, random } = event;
  const { retryAfterMs } = report;
  state.deepFailures = report.outcome === 'ok' ? 0 : state.deepFailures + 1;
  const last = {
    consecutiveFailures: state.deepFailures,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  const { name: server, monitor } = state.spec;
  const effects = [
    schedule(state, 'deep', nextDeepDelayMs(monitor, last, random), moment),
    ...sharePause(state, report),
  ];
  if (definitionChanges.length > 0) {
    const fact = {
      fact: 'definitions',
      server,
      atMs: endedAtMs,
      changes: definitionChanges,
    } as const;
    effects.push({ kind: 'publish', fact });
  }
  const { snapshot } = event;
  if (snapshot && (event.isFirstSnapshot || definitionChanges.length > 0)) {
    const fact = { fact: 'definitions_read', server, atMs: endedAtMs, snapshot } as const;
    effects.push({ kind: 'publish', fact });
  }
  effects.push(...announce(state, event, moment));
  return effects;
}

function announce(
  state: WatchState,
  { report, change }: Pick<SteadyReported, 'report' | 'change'>,
  { health }: WatchMoment,
  responseMs?: number,
): readonly WatchEffect[] {
  const server = state.spec.name;
  const { status, consecutiveFailures } = health;
  const observation = {
    fact: 'probe',
    server,
    report,
    status,
    consecutiveFailures,
    ...(responseMs !== undefined && { responseMs }),
    nextInMs: state.steadyDelayMs,
    lagMs: state.running?.lagMs ?? 0,
  } as const;
  const published = { kind: 'publish', fact: observation } as const;
  if (!change) return [published];
  return [published, { kind: 'publish', fact: { fact: 'status', server, ...change } }];
}

function endCheck(
  state: WatchState,
  report: CheckReport | undefined,
  moment: WatchMoment,
): readonly WatchEffect[] {
  const check = state.running?.check;
  // This comes first: a caller that asks again because of this report wants a new check.
  state.running = undefined;
  if (check === undefined || report === undefined || state.isHalted) return NO_EFFECTS;
  const effects: WatchEffect[] = [...answer(state, check, report)];
  // Without a successful steady check there is no deep check.
  if (check === 'steady' && report.outcome !== 'ok') effects.push(...answer(state, 'deep', report));
  effects.push(...takeTickets(state, moment));
  return effects;
}

function answer(
  state: WatchState,
  check: CheckKind,
  report: CheckReport | undefined,
): readonly WatchEffect[] {
  if (!state[check].isAwaited) return NO_EFFECTS;
  state[check].isAwaited = false;
  return [{ kind: 'answer', check, report }];
}

/** A running check serves the caller too, unless it is a deep check and a steady one was requested. */
function request(state: WatchState, check: CheckKind, moment: WatchMoment): readonly WatchEffect[] {
  state[check].isAwaited = true;
  // Whoever asks has perhaps given the server other rights.
  state.refusals = 0;
  const { running } = state;
  const isUnderWay = running !== undefined && (running.check === 'steady' || check === 'deep');
  return isUnderWay ? NO_EFFECTS : want(state, 'steady', PRIORITY.forced, moment);
}

function schedule(
  state: WatchState,
  check: CheckKind,
  delayMs: number,
  { atMs }: WatchMoment,
): WatchEffect {
  state[check].nextStartAtMs = later(atMs, delayMs);
  if (check === 'steady') state.steadyDelayMs = delayMs;
  return { kind: 'set_timer', check, delayMs };
}

/** Once per check: an entry that is limited all the time must not keep the others of its origin from being checked. */
function postpone(
  state: WatchState,
  check: CheckKind,
  pausedMs: number,
  moment: WatchMoment,
): readonly WatchEffect[] {
  state[check].isPostponed = true;
  return [schedule(state, check, pausedMs, moment)];
}

/** Brings the next steady check forward, unless it is due, running, or already scheduled sooner. */
function expediteSteady(
  state: WatchState,
  reason: ExpediteReason,
  moment: WatchMoment,
): readonly WatchEffect[] {
  const { steady, running } = state;
  if (running?.check === 'steady' || steady.wanted) return NO_EFFECTS;
  const { status, consecutiveDown } = moment.health;
  const earliestMs = expeditedAtMs(state.spec.monitor, reason, {
    status,
    consecutiveDown,
    lastCheckAtMs: steady.lastStartAtMs,
    lastExpeditedAtMs: state.lastExpeditedAtMs,
    notBeforeMs: state.notBeforeMs,
  });
  if (earliestMs === undefined) return NO_EFFECTS;
  const dueAtMs = latest(moment.atMs, earliestMs);
  // Before the start there is no scheduled check to bring forward.
  if (dueAtMs >= steady.nextStartAtMs) return NO_EFFECTS;
  state.lastExpeditedAtMs = dueAtMs;
  return [schedule(state, 'steady', dueAtMs - moment.atMs, moment)];
}

/** For a server that seems to have been replaced. */
function expediteDeep(state: WatchState, moment: WatchMoment): readonly WatchEffect[] {
  const { lastStartAtMs, nextStartAtMs } = state.deep;
  const dueAtMs = latest(moment.atMs, later(lastStartAtMs, EXPEDITED_DEEP_PAUSE_MS));
  if (dueAtMs >= nextStartAtMs) return NO_EFFECTS;
  return [schedule(state, 'deep', dueAtMs - moment.atMs, moment)];
}

/** Scheduled checks move to where the new intervals put them; checks that are due or running are left alone. */
function reconfigure(
  state: WatchState,
  spec: WatchState['spec'],
  moment: WatchMoment,
): readonly WatchEffect[] {
  const before = state.spec.monitor;
  state.spec = spec;
  const due = afterReconfiguration(before, spec.monitor, {
    ...moment.health,
    deepFailures: state.deepFailures,
  });
  const effects: WatchEffect[] = [];
  for (const check of ['steady', 'deep'] as const) {
    const { lastStartAtMs, nextStartAtMs, wanted } = state[check];
    const delayMs = due[check];
    const isScheduled =
      Number.isFinite(lastStartAtMs) && Number.isFinite(nextStartAtMs) && wanted === undefined;
    if (delayMs === undefined || !isScheduled || state.running?.check === check) continue;
    const dueAtMs = latest(moment.atMs, later(lastStartAtMs, delayMs));
    const startAtMs = check === 'steady' ? latest(dueAtMs, state.notBeforeMs) : dueAtMs;
    effects.push(schedule(state, check, startAtMs - moment.atMs, moment));
  }
  return effects;
}

function waitAtLeast(state: WatchState, pauseMs: number, { atMs }: WatchMoment): void {
  state.notBeforeMs = latest(state.notBeforeMs, later(atMs, pauseMs));
}

function halt(state: WatchState): readonly WatchEffect[] {
  state.isHalted = true;
  return [
    { kind: 'clear_timer', check: 'steady' },
    { kind: 'clear_timer', check: 'deep' },
    { kind: 'abort_check' },
    ...answer(state, 'steady', undefined),
    ...answer(state, 'deep', undefined),
  ];
}
