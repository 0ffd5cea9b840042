import {
  type CapabilitySnapshot,
  type DefinitionChange,
  diffSnapshots,
} from '../../facts/capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../../facts/check-report.ts';
import {
  type CallEvidence,
  type Evidence,
  type HealthState,
  initialHealth,
  weighEvidence,
} from '../../facts/rules/health.ts';
import { endpointLabel, expectedTransport, type ServerSpec } from '../../facts/server.ts';
import { createHistory } from './history.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { changeUptime, startUptime, uptimeRatio } from './uptime.ts';
import type { EpochMs } from '../../facts/time.ts';

export type StatusChange = ServerDetail['statusChanges'][number];

/** What is known of one server: its health, its last reports and its bounded histories. Knows nothing of time tables. */
export interface ServerRecord {
  health(): HealthState;
  noteSteady(report: CheckReport, circumstances: SteadyCircumstances): SteadyFindings;
  noteDeep(report: CheckReport, isConnectivitySuspected: boolean): DeepFindings;
  noteCalls(evidence: CallEvidence): StatusChange | undefined;
  /** Begins anew, without the histories: it is disabled by hand for that reason, or no more. */
  disable(reason: string | undefined): StatusChange | undefined;
  /** It is written elsewhere now, and otherwise the same. */
  relocate(source: string): void;
  view(timing: ViewTiming): ServerView;
  detail(timing: ViewTiming): ServerDetail;
}

export interface SteadyCircumstances {
  /** The session, stream or child stood before the check. */
  readonly wasOpen: boolean;
  readonly isConnectivitySuspected: boolean;
}

export interface SteadyFindings {
  readonly change: StatusChange | undefined;
  /** It calls itself something else than before, so what it offers may have changed too. */
  readonly hasNewIdentity: boolean;
  /** The first success since the server was added, with a handshake in it. */
  readonly isFirstSuccess: boolean;
}

export interface DeepFindings {
  readonly change: StatusChange | undefined;
  readonly definitionChanges: readonly DefinitionChange[];
}

export interface ViewTiming {
  readonly intervalMs: number;
  readonly nextCheckAtMs?: EpochMs | undefined;
}

const STATUS_CHANGES_MAX = 50;

export function createServerRecord(
  spec: ServerSpec,
  clock: Clock,
  historyMax: () => number,
  disabled?: string,
): ServerRecord {
  // Once, since parsing a URL would be most of what a view costs.
  const endpoint = endpointLabel(spec);
  let health = initialHealth(spec, disabled);
  let disabledFor = disabled;
  let source = spec.source;
  let statusSinceMs = clock.nowMs();
  let uptime = startUptime(health.status, clock.monotonicMs());
  let checks = 0;
  let failures = 0;
  let successes = 0;
  let wasLastSuccessOpening = false;
  let identity: ServerIdentity | undefined;
  let snapshot: CapabilitySnapshot | undefined;
  let lastReport: CheckReport | undefined;
  let lastDeepReport: CheckReport | undefined;
  const recentChecks = createHistory<CheckReport>(historyMax);
  const recentFailures = createHistory<CheckReport>(historyMax);
  const statusChanges = createHistory<StatusChange>(() =>
    Math.min(historyMax(), STATUS_CHANGES_MAX),
  );

  function weigh(evidence: Evidence): StatusChange | undefined {
    return enter(weighEvidence(health, evidence, spec.monitor));
  }

  function enter(next: HealthState): StatusChange | undefined {
    const from = health.status;
    health = next;
    if (health.status === from) return undefined;
    statusSinceMs = clock.nowMs();
    uptime = changeUptime(uptime, health.status, clock.monotonicMs());
    const change = { atMs: statusSinceMs, from, to: health.status, reason: health.reason };
    statusChanges.push(change);
    return change;
  }

  /** Keeps one copy of an identity instead of one per report; whether it differs from the last. */
  function meet(next: ServerIdentity | undefined): boolean {
    if (next === undefined || (identity !== undefined && isSameIdentity(identity, next)))
      return false;
    const isNew = identity !== undefined;
    identity = next;
    return isNew;
  }

  function remember(report: CheckReport): void {
    const kept = shorten(report, identity);
    recentChecks.push(kept);
    if (report.outcome === 'ok') return;
    recentFailures.push(kept);
  }

  function view({ intervalMs, nextCheckAtMs }: ViewTiming): ServerView {
    const ratio = uptimeRatio(uptime, clock.monotonicMs());
    return {
      name: spec.name,
      endpoint,
      transport: identity?.transport ?? expectedTransport(spec.target),
      source,
      status: health.status,
      reason: health.reason,
      statusSinceMs,
      consecutiveFailures: health.consecutiveFailures,
      checks,
      failures,
      intervalMs,
      ...(health.responseTimeMs !== undefined && { responseTimeMs: health.responseTimeMs }),
      ...(lastReport && { lastCheckAtMs: lastReport.startedAtMs, lastReport }),
      ...(nextCheckAtMs !== undefined && { nextCheckAtMs }),
      ...(ratio !== undefined && { uptimeRatio: ratio }),
      ...(identity && { identity }),
      ...(snapshot && { snapshot }),
      ...(lastDeepReport && { lastDeepReport }),
    };
  }

  return {
    health: () => health,
    noteSteady(report, { wasOpen, isConnectivitySuspected }) {
      const isOk = report.outcome === 'ok';
      // A handshake is no response time, unless the server keeps nothing open and needs one every time.
      const isResponse = isOk && (wasOpen || wasLastSuccessOpening);
      if (isOk) wasLastSuccessOpening = !wasOpen;
      checks += 1;
      if (isOk) successes += 1;
      else failures += 1;
      lastReport = report;
      const hasNewIdentity = meet(report.identity);
      remember(report);
      const change = weigh({
        kind: 'steady',
        outcome: report.outcome,
        detail: report.detail,
        hasCredentials: spec.hasCredentials,
        isConnectivitySuspected,
        atMs: clock.monotonicMs(),
        ...(isResponse && { responseMs: report.durationMs }),
      });
      return { change, hasNewIdentity, isFirstSuccess: isOk && successes === 1 && !wasOpen };
    },
    noteDeep(report, isConnectivitySuspected) {
      const definitionChanges =
        snapshot && report.snapshot ? diffSnapshots(snapshot, report.snapshot) : [];
      snapshot = report.snapshot ?? snapshot;
      lastDeepReport = report;
      meet(report.identity);
      remember(report);
      const { outcome, detail } = report;
      const evidence = {
        kind: 'deep',
        outcome,
        detail,
        hasCredentials: spec.hasCredentials,
        isConnectivitySuspected,
      } as const;
      return { change: weigh(evidence), definitionChanges };
    },
    noteCalls: weigh,
    disable(reason) {
      if (reason === disabledFor) return undefined;
      disabledFor = reason;
      successes = 0;
      wasLastSuccessOpening = false;
      return enter(initialHealth(spec, reason));
    },
    relocate(newSource) {
      source = newSource;
    },
    view,
    detail: (timing) => ({
      ...view(timing),
      recentChecks: recentChecks.read(),
      recentFailures: recentFailures.read(),
      statusChanges: statusChanges.read(),
    }),
  };
}

/** What the history keeps of a report: no lists, and of an ordinary success no steps. */
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
