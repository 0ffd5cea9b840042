import {
  type CapabilitySnapshot,
  type DefinitionChange,
  diffSnapshots,
} from '../../facts/capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../../facts/check-report.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { describeSettings } from '../../facts/rules/describe-settings.ts';
import {
  type CallEvidence,
  currentResponseMs,
  type Evidence,
  type HealthState,
  initialHealth,
  weighEvidence,
} from '../../facts/rules/health.ts';
import { statusReason } from '../../facts/rules/status-reason.ts';
import { responseOf, timedOutByUs } from '../../facts/rules/response-time.ts';
import {
  endpointLabel,
  expectedTransport,
  isTlsVerified,
  type ServerSpec,
} from '../../facts/server.ts';
import type { EpochMs, MonotonicMs } from '../../facts/time.ts';
import { keepLast } from './keep-last.ts';
import { changeUptime, startUptime, type Uptime, uptimeRatio } from './uptime.ts';

export type StatusChange = ServerDetail['statusChanges'][number];

/**
 * What is known of one server: its health, its last reports and its bounded histories, oldest first. Plain data that the
 * functions of this file change in place; it does not know when the next check is due.
 */
export interface ServerRecord {
  /** As it is configured now; {@link reconfigure} replaces it. */
  spec: ServerSpec;
  /** Cached: parsing a URL would be most of the cost of a view. */
  endpoint: string;
  health: HealthState;
  /** Why it was disabled manually. */
  disabledFor: string | undefined;
  statusSinceMs: EpochMs;
  uptime: Uptime;
  checks: number;
  failures: number;
  /** Since it was added or enabled. */
  successes: number;
  /** Whether the last successful check had to open the session, stream or child. */
  wasLastSuccessOpening: boolean;
  identity?: ServerIdentity;
  snapshot?: CapabilitySnapshot;
  /** The last response time that was known. */
  lastResponse?: ServerView['lastResponse'];
  lastReport?: CheckReport;
  lastDeepReport?: CheckReport;
  readonly recentChecks: CheckReport[];
  readonly recentFailures: CheckReport[];
  readonly statusChanges: StatusChange[];
}

/** The moment of an update, on both clocks. */
export interface RecordMoment {
  readonly epochMs: EpochMs;
  readonly monotonicMs: MonotonicMs;
  /** Entries per history; depends on the number of servers. */
  readonly historyMax: number;
}

export interface SteadyCircumstances {
  /** Whether the session, stream or child was open before the check. */
  readonly wasOpen: boolean;
  readonly isConnectivitySuspected: boolean;
}

export interface SteadyFindings {
  readonly change: StatusChange | undefined;
  /** The server identifies itself differently from before, so its lists may have changed too. */
  readonly hasNewIdentity: boolean;
  /** The response time that this check measured, if any. */
  readonly responseMs?: number;
  /** The first success since the server was added or enabled, and it included a handshake. */
  readonly isFirstSuccess: boolean;
}

export interface DeepFindings {
  readonly change: StatusChange | undefined;
  readonly definitionChanges: readonly DefinitionChange[];
  /** Whether there is no snapshot yet that the lists are known from. */
  readonly isFirstSnapshot: boolean;
}

export interface ViewTiming {
  readonly intervalMs: number;
  readonly nextCheckAtMs?: EpochMs;
}

const STATUS_CHANGES_MAX = 50;

/** @param disabled why it was disabled manually, if it was */
export function createServerRecord(
  spec: ServerSpec,
  { epochMs, monotonicMs }: Pick<RecordMoment, 'epochMs' | 'monotonicMs'>,
  disabled?: string,
): ServerRecord {
  const health = initialHealth(spec, disabled);
  return {
    spec,
    endpoint: endpointLabel(spec),
    health,
    disabledFor: disabled,
    statusSinceMs: epochMs,
    uptime: startUptime(health.status, monotonicMs),
    checks: 0,
    failures: 0,
    successes: 0,
    wasLastSuccessOpening: false,
    recentChecks: [],
    recentFailures: [],
    statusChanges: [],
  };
}

export function noteSteadyReport(
  record: ServerRecord,
  report: CheckReport,
  circumstances: SteadyCircumstances,
  moment: RecordMoment,
): SteadyFindings {
  const { outcome, detail } = report;
  const { isConnectivitySuspected } = circumstances;
  const isOk = outcome === 'ok';
  const wasOpen = circumstances.wasOpen && report.isReopened !== true;
  // A server that keeps no session needs a handshake every time.
  const responseMs = responseOf(report, { wasOpen, needsHandshake: record.wasLastSuccessOpening });
  if (isOk) record.wasLastSuccessOpening = !wasOpen;
  record.checks += 1;
  if (isOk) record.successes += 1;
  else record.failures += 1;
  record.lastReport = report;
  const hasNewIdentity = keepIdentity(record, report.identity);
  keepReport(record, report, moment);
  const evidence = {
    kind: 'steady',
    outcome,
    detail,
    hasCredentials: record.spec.hasCredentials,
    isConnectivitySuspected,
    isExporterLate: timedOutByUs(report),
    atMs: moment.monotonicMs,
    ...(responseMs !== undefined && { responseMs }),
  } as const;
  const change = weigh(record, evidence, moment);
  const responseTimeMs = currentResponseMs(record.health);
  if (responseTimeMs !== undefined)
    record.lastResponse = { timeMs: responseTimeMs, atMs: moment.epochMs };
  return {
    change,
    hasNewIdentity,
    isFirstSuccess: isOk && record.successes === 1 && !wasOpen,
    ...(responseMs !== undefined && { responseMs }),
  };
}

export function noteDeepReport(
  record: ServerRecord,
  report: CheckReport,
  isConnectivitySuspected: boolean,
  moment: RecordMoment,
): DeepFindings {
  const { outcome, detail, snapshot } = report;
  const isFirstSnapshot = record.snapshot === undefined && snapshot !== undefined;
  const definitionChanges =
    record.snapshot && snapshot ? diffSnapshots(record.snapshot, snapshot) : [];
  if (snapshot) record.snapshot = snapshot;
  record.lastDeepReport = report;
  keepIdentity(record, report.identity);
  keepReport(record, report, moment);
  const { hasCredentials } = record.spec;
  const evidence = {
    kind: 'deep',
    outcome,
    detail,
    hasCredentials,
    isConnectivitySuspected,
    isExporterLate: timedOutByUs(report),
  } as const;
  return { change: weigh(record, evidence, moment), definitionChanges, isFirstSnapshot };
}

export function noteCallEvidence(
  record: ServerRecord,
  evidence: CallEvidence,
  moment: RecordMoment,
): StatusChange | undefined {
  return weigh(record, evidence, moment);
}

/**
 * Takes over changed settings. Only a server that is checked from now on, or no longer, starts again without evidence.
 * @param isReopened the next check opens a new session, stream or child
 */
export function reconfigure(
  record: ServerRecord,
  spec: ServerSpec,
  isReopened: boolean,
  moment: RecordMoment,
): StatusChange | undefined {
  const before = record.spec;
  record.spec = spec;
  record.endpoint = endpointLabel(spec);
  if (isReopened) record.wasLastSuccessOpening = false;
  const isSame =
    before.monitor.enabled === spec.monitor.enabled && before.unresolved === spec.unresolved;
  if (isSame) return undefined;
  record.successes = 0;
  return enter(record, initialHealth(spec, record.disabledFor), moment);
}

/**
 * Starts again without evidence but keeps the histories, because the server was enabled again or disabled for another
 * reason.
 * @param reason `undefined` if it is not disabled
 */
export function setDisabled(
  record: ServerRecord,
  reason: string | undefined,
  moment: RecordMoment,
): StatusChange | undefined {
  if (reason === record.disabledFor) return undefined;
  record.disabledFor = reason;
  record.successes = 0;
  record.wasLastSuccessOpening = false;
  return enter(record, initialHealth(record.spec, reason), moment);
}

export function viewOf(
  record: ServerRecord,
  { intervalMs, nextCheckAtMs }: ViewTiming,
  atMs: MonotonicMs,
): ServerView {
  const { spec, health, identity, snapshot, lastReport, lastDeepReport } = record;
  const ratio = uptimeRatio(record.uptime, atMs);
  const responseTimeMs = currentResponseMs(health);
  const isVerified = isTlsVerified(spec.target);
  return {
    name: spec.name,
    endpoint: record.endpoint,
    transport: identity?.transport ?? expectedTransport(spec.target),
    source: spec.source,
    labels: spec.labels,
    status: health.status,
    reason: health.reason,
    reasonCode: statusReason(health, {
      check: record.recentFailures.findLast(({ kind }) => kind === 'steady')?.outcome,
      deep: lastDeepReport?.outcome,
    }),
    statusSinceMs: record.statusSinceMs,
    consecutiveFailures: health.consecutiveFailures,
    checks: record.checks,
    failures: record.failures,
    intervalMs,
    ...(isVerified !== undefined && { isTlsVerified: isVerified }),
    ...(responseTimeMs !== undefined && { responseTimeMs }),
    ...(record.lastResponse && { lastResponse: record.lastResponse }),
    ...(lastReport && { lastCheckAtMs: lastReport.startedAtMs, lastReport }),
    ...(nextCheckAtMs !== undefined && { nextCheckAtMs }),
    ...(ratio !== undefined && { uptimeRatio: ratio }),
    ...(identity && { identity }),
    ...(snapshot && { snapshot }),
    ...(lastDeepReport && { lastDeepReport }),
  };
}

export function detailOf(
  record: ServerRecord,
  timing: ViewTiming,
  atMs: MonotonicMs,
): ServerDetail {
  return {
    ...viewOf(record, timing, atMs),
    settings: describeSettings(record.spec),
    recentChecks: record.recentChecks.toReversed(),
    recentFailures: record.recentFailures.toReversed(),
    statusChanges: record.statusChanges.toReversed(),
  };
}

function weigh(
  record: ServerRecord,
  evidence: Evidence,
  moment: RecordMoment,
): StatusChange | undefined {
  return enter(record, weighEvidence(record.health, evidence, record.spec.monitor), moment);
}

function enter(
  record: ServerRecord,
  next: HealthState,
  { epochMs, monotonicMs, historyMax }: RecordMoment,
): StatusChange | undefined {
  const from = record.health.status;
  record.health = next;
  if (next.status === from) return undefined;
  record.statusSinceMs = epochMs;
  record.uptime = changeUptime(record.uptime, next.status, monotonicMs);
  const change = { atMs: epochMs, from, to: next.status, reason: next.reason };
  keepLast(record.statusChanges, change, Math.min(historyMax, STATUS_CHANGES_MAX));
  return change;
}

/**
 * Keeps one copy of an identity instead of one per report.
 * @returns whether the server identified itself differently last time
 */
function keepIdentity(record: ServerRecord, next: ServerIdentity | undefined): boolean {
  const { identity } = record;
  if (next === undefined) return false;
  const isSame = identity !== undefined && isSameIdentity(identity, next);
  if (!isSame || identity.isEraAssumed !== next.isEraAssumed) record.identity = next;
  return identity !== undefined && !isSame;
}

function keepReport(record: ServerRecord, report: CheckReport, { historyMax }: RecordMoment): void {
  const kept = shorten(report, record.identity);
  keepLast(record.recentChecks, kept, historyMax);
  if (report.outcome !== 'ok') keepLast(record.recentFailures, kept, historyMax);
}

/** What the history keeps of a report: no lists, and no steps of a successful steady check. */
function shorten(report: CheckReport, identity: ServerIdentity | undefined): CheckReport {
  const { snapshot: _snapshot, identity: own, ...kept } = report;
  const steps = report.outcome === 'ok' && report.kind === 'steady' ? [] : report.steps;
  const shared = own && identity && isSameIdentity(own, identity) ? identity : own;
  return { ...kept, steps, ...(shared && { identity: shared }) };
}

function isSameIdentity(left: ServerIdentity, right: ServerIdentity): boolean {
  return (
    left.version === right.version &&
    left.implementation === right.implementation &&
    left.protocolVersion === right.protocolVersion &&
    left.era === right.era &&
    left.transport === right.transport
  );
}
