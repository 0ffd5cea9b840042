import type { JsonObject } from '../../facts/json-object.ts';
import {
  CAPABILITY_KINDS,
  type CapabilityKind,
  type CapabilitySnapshot,
} from '../../facts/capability-snapshot.ts';
import type { CheckReport, ServerIdentity } from '../../facts/check-report.ts';
import type { Disabling } from '../../facts/disabling.ts';
import type { ActiveMaintenance } from '../../facts/maintenance.ts';
import { PHASES } from '../../facts/probe-outcome.ts';
import type { ServerUptime, UptimeBar } from '../../facts/server-uptime.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import { maintenanceMark } from './maintenance-json.ts';
import type { HttpAppDeps } from './ports.ts';

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function instant(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : new Date(atMs).toISOString();
}

function identityJson(identity: ServerIdentity | undefined): JsonObject | undefined {
  if (!identity) return undefined;
  return {
    transport: identity.transport,
    era: identity.era,
    protocol_version: identity.protocolVersion,
    implementation: identity.implementation,
    version: identity.version,
  };
}

function capabilityCounts(snapshot: CapabilitySnapshot | undefined): JsonObject | undefined {
  if (!snapshot) return undefined;
  const counts: Partial<Record<CapabilityKind, number>> = {};
  for (const kind of CAPABILITY_KINDS) {
    const list = snapshot.lists[kind];
    if (list) counts[kind] = list.definitions.length;
  }
  return counts;
}

function snapshotJson(snapshot: CapabilitySnapshot | undefined): JsonObject | undefined {
  if (!snapshot) return undefined;
  const lists: Partial<Record<CapabilityKind, JsonObject>> = {};
  for (const kind of CAPABILITY_KINDS) {
    const list = snapshot.lists[kind];
    if (!list) continue;
    lists[kind] = {
      bytes: list.bytes,
      ttl_seconds: seconds(list.ttlMs),
      definitions: list.definitions.map(({ name, description, hash }) => ({
        name,
        description,
        hash,
      })),
    };
  }
  return { taken_at: instant(snapshot.takenAtMs), lists };
}

/** One check as the API shows it: base units, times in ISO 8601; unknown values are absent. */
export function reportJson(report: CheckReport): JsonObject {
  const phases: Record<string, number> = {};
  for (const phase of PHASES) {
    const durationMs = report.phasesMs[phase];
    if (durationMs !== undefined) phases[phase] = durationMs / 1_000;
  }
  return {
    kind: report.kind,
    outcome: report.outcome,
    detail: report.detail,
    started_at: instant(report.startedAtMs),
    duration_seconds: seconds(report.durationMs),
    response_seconds: seconds(report.responseMs),
    phases_seconds: phases,
    steps: report.steps.map((step) => ({
      name: step.name,
      ok: step.ok,
      duration_seconds: seconds(step.durationMs),
      detail: step.detail,
    })),
    http_status: report.httpStatus,
    rpc_code: report.rpcCode,
    retry_after_seconds: seconds(report.retryAfterMs),
    bytes_sent: report.bytesSent,
    bytes_received: report.bytesReceived,
    tls_expires_at: instant(report.tlsExpiresAtMs),
    identity: identityJson(report.identity),
    capabilities: capabilityCounts(report.snapshot),
  };
}

function disablingJson(disabling: Disabling | undefined): JsonObject | undefined {
  if (!disabling) return undefined;
  const { atMs, by, reason, untilMs, isAutomatic } = disabling;
  return { at: instant(atMs), by, reason, until: instant(untilMs), automatic: isAutomatic };
}

/** Ratios are those of the known time, and absent if nothing is known. */
function uptimeJson(uptime: ServerUptime): JsonObject {
  const bars = (list: readonly UptimeBar[]): readonly JsonObject[] =>
    list.map(({ fromMs, toMs, upMs, downMs }) => ({
      from: instant(fromMs),
      to: instant(toMs),
      up_seconds: seconds(upMs),
      down_seconds: seconds(downMs),
    }));
  return {
    known_since: instant(uptime.knownSinceMs),
    day_ratio: uptime.dayRatio,
    week_ratio: uptime.weekRatio,
    month_ratio: uptime.monthRatio,
    hours: bars(uptime.hours),
    days: uptime.days.length === 0 ? undefined : bars(uptime.days),
  };
}

/** What people did to a server. */
export interface ServerMarks {
  /** How it was disabled, other than in the configuration. */
  readonly disabling: Disabling | undefined;
  readonly maintenance: ActiveMaintenance | undefined;
}

export function marksOf(
  { switches, maintenance }: Pick<HttpAppDeps, 'switches' | 'maintenance'>,
  server: string,
): ServerMarks {
  return { disabling: switches.find(server), maintenance: maintenance.findActive(server) };
}

/**
 * One server as a list item of the API.
 * @param uptime from the journal
 */
export function serverJson(
  view: ServerView,
  { disabling, maintenance }: ServerMarks,
  uptime: ServerUptime | undefined,
): JsonObject {
  return {
    name: view.name,
    endpoint: view.endpoint,
    transport: view.transport,
    source: view.source,
    labels: view.labels,
    tls_verified: view.isTlsVerified,
    status: view.status,
    reason: view.reason,
    disabled: disablingJson(disabling),
    maintenance: maintenanceMark(maintenance),
    status_since: instant(view.statusSinceMs),
    response_time_seconds: seconds(view.responseTimeMs),
    last_response_time: view.lastResponse && {
      seconds: seconds(view.lastResponse.timeMs),
      at: instant(view.lastResponse.atMs),
    },
    last_check_at: instant(view.lastCheckAtMs),
    next_check_at: instant(view.nextCheckAtMs),
    interval_seconds: seconds(view.intervalMs),
    consecutive_failures: view.consecutiveFailures,
    checks: view.checks,
    failures: view.failures,
    uptime_ratio: uptime ? uptime.dayRatio : view.uptimeRatio,
    uptime: uptime && uptimeJson(uptime),
    identity: identityJson(view.identity),
    capabilities: capabilityCounts(view.snapshot),
  };
}

/** One server with its last checks, its definitions and its histories, newest first. */
export function serverDetailJson(
  detail: ServerDetail,
  marks: ServerMarks,
  uptime: ServerUptime | undefined,
): JsonObject {
  return {
    ...serverJson(detail, marks, uptime),
    last_check: detail.lastReport && reportJson(detail.lastReport),
    last_deep_check: detail.lastDeepReport && reportJson(detail.lastDeepReport),
    snapshot: snapshotJson(detail.snapshot),
    recent_checks: detail.recentChecks.map(reportJson),
    recent_failures: detail.recentFailures.map(reportJson),
    status_changes: detail.statusChanges.map((change) => ({
      at: instant(change.atMs),
      from: change.from,
      to: change.to,
      reason: change.reason,
    })),
  };
}
