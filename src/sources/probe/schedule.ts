import type { ProbeOutcome } from '../../facts/probe-outcome.ts';
import type { Status } from '../../facts/rules/health.ts';
import type { MonitorSettings } from '../../facts/server.ts';
import { later, latest, type MonotonicMs } from '../../facts/time.ts';

export type ScheduleSettings = Pick<
  MonitorSettings,
  | 'intervalMs'
  | 'unhealthyIntervalMs'
  | 'retryIntervalMs'
  | 'offlineIntervalMsMax'
  | 'offlineAfter'
  | 'deepIntervalMs'
>;

/** What the next delay depends on: the server after its last check was evaluated. */
export interface LastCheck {
  readonly status: Status;
  /** Zero when the last check was answered. */
  readonly consecutiveDown: number;
  /** The failure may be our own: no verdict will come soon, so there is no point in checking sooner. */
  readonly isConnectivitySuspected: boolean;
  /** The first success since the server was added: the next check, in the session that is now open, gives the first response time. */
  readonly isFirstSuccess: boolean;
  readonly durationMs: number;
  readonly retryAfterMs?: number;
  /** Consecutive checks whose configured credentials were refused, if the last one is among them. */
  readonly refusals?: number;
}

/**
 * What asks for a check before it is due:
 * `failed`: a real call did not reach the server, or its child ended; `recovered`: a call was answered after such a failure;
 * `answered`: calls continue to be answered.
 */
export type ExpediteReason = 'failed' | 'recovered' | 'answered';

/** What an expedited check depends on. Moments before the first one are minus infinity. */
export interface ExpediteCircumstances extends Pick<LastCheck, 'status' | 'consecutiveDown'> {
  readonly lastCheckAtMs: MonotonicMs;
  /** When the last check that was brought forward was scheduled to run. */
  readonly lastExpeditedAtMs: MonotonicMs;
  /** The server asked for no check before then, or its child is not restarted yet. */
  readonly notBeforeMs: MonotonicMs;
}

const JITTER_RATIO = 0.1;
export const RETRY_AFTER_MS_MAX = 600_000;
const REFUSED_INTERVAL_MS_MAX = 4 * 60 * 60_000;
const STARTUP_SPREAD_MS_MAX = 25_000;
const STARTUP_SPREAD_MS_PER_SERVER = 25;

/**
 * Milliseconds from the end of a check to the next one.
 *
 * Intervals run from start to start, so that a check's duration does not stretch them; retries run from the end, since a
 * check that timed out would otherwise be repeated at once. Jitter is ±10 %, and never leads past `offlineIntervalMsMax`,
 * by default the interval, while Offline; a server's `Retry-After` is honoured up to `RETRY_AFTER_MS_MAX`.
 *
 * @param random uniform in [0, 1)
 */
export function nextDelayMs(settings: ScheduleSettings, last: LastCheck, random: number): number {
  const delayMs = isRetry(last)
    ? Math.min(jitter(retryMs(settings), random), settings.intervalMs)
    : intervalDelayMs(settings, last, random);
  return Math.max(
    delayMs,
    jitter(refusedMs(settings, last.refusals ?? 0), random),
    Math.min(last.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX),
  );
}

/**
 * Servers lock an address or an account out after several refused credentials, other clients included. So the time between
 * checks doubles from the interval up to four hours.
 */
function refusedMs({ intervalMs }: ScheduleSettings, refusals: number): number {
  if (refusals === 0) return 0;
  const doubledMs = intervalMs * 2 ** Math.min(refusals - 1, 30);
  return Math.min(doubledMs, Math.max(REFUSED_INTERVAL_MS_MAX, intervalMs));
}

/**
 * For how long no entry of the same origin should check the server after a check that ended so; 0 if it is no reason to
 * wait. Never longer than the interval, unless the server asked for it.
 */
export function sharedPauseMs(
  settings: ScheduleSettings,
  { outcome, retryAfterMs = 0 }: { readonly outcome: ProbeOutcome; readonly retryAfterMs?: number },
): number {
  const askedMs = Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
  if (outcome === 'rate_limited') return Math.max(askedMs, settings.unhealthyIntervalMs);
  return outcome === 'refused' ? retryMs(settings) : askedMs;
}

/** Whether the next check decides something: a verdict on a failure or on a recovery. */
function isRetry(last: LastCheck): boolean {
  if (last.status === 'offline') return last.consecutiveDown === 0;
  return last.isFirstSuccess || (last.consecutiveDown > 0 && !last.isConnectivitySuspected);
}

function intervalDelayMs(settings: ScheduleSettings, last: LastCheck, random: number): number {
  const boundMs = last.status === 'offline' ? offlineMsMax(settings) : Number.POSITIVE_INFINITY;
  const startToStartMs = Math.min(jitter(intervalFor(settings, last), random), boundMs);
  return Math.max(startToStartMs - last.durationMs, Math.min(retryMs(settings), startToStartMs));
}

/**
 * From the start of the last check of each kind to the next one, after a change of the settings; `undefined` if the change
 * does not concern it, or if a verdict is pending.
 */
export function afterReconfiguration(
  before: ScheduleSettings,
  now: ScheduleSettings,
  last: Pick<LastCheck, 'status' | 'consecutiveDown'> & { readonly deepFailures: number },
): { readonly steady: number | undefined; readonly deep: number | undefined } {
  const intervalMs = intervalFor(now, last);
  const isPending = last.status !== 'offline' && last.consecutiveDown > 0;
  const isDeepPending = last.deepFailures > 0;
  return {
    steady: isPending || intervalMs === intervalFor(before, last) ? undefined : intervalMs,
    deep:
      isDeepPending || now.deepIntervalMs === before.deepIntervalMs
        ? undefined
        : now.deepIntervalMs,
  };
}

/** Whether a check would decide something now: most calls bring no new evidence. */
export function isExpediteDue(
  reason: ExpediteReason,
  { status, consecutiveDown }: Pick<LastCheck, 'status' | 'consecutiveDown'>,
): boolean {
  const seemsDown = status === 'offline' || consecutiveDown > 0;
  return reason === 'failed' ? !seemsDown : reason === 'recovered' || seemsDown;
}

/**
 * The earliest moment for a check that real calls ask for; `undefined` if it would decide nothing.
 *
 * A first failure is checked at once, with one such check per `retryInterval` however many calls fail. After that,
 * retries are under way; once the server is Offline, failures bring no new evidence and the back-off applies. An answer
 * of a server that seems down is checked a `retryInterval` after the last check; if checks still fail, once per interval.
 */
export function expeditedAtMs(
  settings: ScheduleSettings,
  reason: ExpediteReason,
  circumstances: ExpediteCircumstances,
): MonotonicMs | undefined {
  if (!isExpediteDue(reason, circumstances)) return undefined;
  const { lastCheckAtMs, lastExpeditedAtMs, notBeforeMs } = circumstances;
  if (reason === 'failed') return latest(later(lastExpeditedAtMs, retryMs(settings)), notBeforeMs);
  const pauseMs = reason === 'recovered' ? retryMs(settings) : settings.intervalMs;
  return latest(later(latest(lastCheckAtMs, lastExpeditedAtMs), pauseMs), notBeforeMs);
}

/** The interval in force, before jitter: what `mcp_probe_interval_seconds` and the pages show. */
export function intervalFor(
  settings: ScheduleSettings,
  last: Pick<LastCheck, 'status' | 'consecutiveDown'>,
): number {
  switch (last.status) {
    case 'offline': {
      const doublings = Math.min(Math.max(0, last.consecutiveDown - settings.offlineAfter), 30);
      return Math.min(settings.intervalMs * 2 ** doublings, offlineMsMax(settings));
    }
    case 'warning':
    case 'critical':
      return settings.unhealthyIntervalMs;
    default:
      return settings.intervalMs;
  }
}

/**
 * Milliseconds to the next deep check. A failed one is repeated sooner than `deepIntervalMs`, because its finding remains
 * until one succeeds: first after `unhealthyIntervalMs`, then doubling.
 */
export function nextDeepDelayMs(
  settings: ScheduleSettings,
  last: { readonly consecutiveFailures: number; readonly retryAfterMs?: number },
  random: number,
): number {
  const failures = Math.min(last.consecutiveFailures, 30);
  const baseMs =
    failures === 0 ? settings.deepIntervalMs : settings.unhealthyIntervalMs * 2 ** (failures - 1);
  const delayMs = jitter(Math.min(baseMs, settings.deepIntervalMs), random);
  return Math.max(delayMs, Math.min(last.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX));
}

/**
 * When the first check of the `index`-th of `count` new servers is due: at once for one, spread evenly over at most 25
 * seconds for many, so that a start causes no burst and 1,000 servers are known within 30 seconds.
 */
export function firstDelayMs(index: number, count: number): number {
  const spreadMs = Math.min(count * STARTUP_SPREAD_MS_PER_SERVER, STARTUP_SPREAD_MS_MAX);
  return (spreadMs * index) / Math.max(count, 1);
}

function retryMs(settings: ScheduleSettings): number {
  return Math.min(settings.retryIntervalMs, settings.intervalMs);
}

function offlineMsMax(settings: ScheduleSettings): number {
  return Math.max(settings.offlineIntervalMsMax, settings.intervalMs);
}

function jitter(delayMs: number, random: number): number {
  return delayMs * (1 - JITTER_RATIO + 2 * JITTER_RATIO * random);
}
