import type { CheckReport } from '../../facts/check-report.ts';
import { CAPABILITY_KINDS } from '../../facts/capability-snapshot.ts';
import { PHASES, PROBE_OUTCOMES } from '../../facts/probe-outcome.ts';
import {
  TARGET_METRICS,
  targetCapabilities,
  targetDuration,
  targetHttpStatus,
  targetInfo,
  targetOutcome,
  targetPhaseDuration,
  targetSuccess,
  targetTlsCertExpiry,
} from '../../catalog/target.ts';
import { boundLabelValue } from './bound-label-value.ts';
import { createFamilies, type Families } from './create-families.ts';
import type { MetricsPage } from '../../facts/ports/views.ts';
import { negotiateFormat } from './negotiate-format.ts';
import { renderPage } from './render-page.ts';

/** The page of `/probe`: what the checks of one request found, from a registry of its own. No report is a failure. */
export async function renderProbe(
  reports: readonly CheckReport[],
  accept: string | undefined,
): Promise<MetricsPage> {
  const families = createFamilies(TARGET_METRICS);
  fillResult(families, reports);
  fillKnowledge(families, reports);
  const { format, contentType } = negotiateFormat(accept);
  return { contentType, body: await renderPage(TARGET_METRICS, [families], format) };
}

function fillResult(families: Families, reports: readonly CheckReport[]): void {
  const failure = reports.find(({ outcome }) => outcome !== 'ok');
  const result = failure?.outcome ?? (reports.length > 0 ? 'ok' : 'timeout');
  families.gauge(targetSuccess).set(result === 'ok' ? 1 : 0);
  families.gauge(targetDuration).set(sumSeconds(reports.map(({ durationMs }) => durationMs)));
  for (const outcome of PROBE_OUTCOMES) {
    families.gauge(targetOutcome).set({ outcome }, outcome === result ? 1 : 0);
  }
  for (const phase of PHASES) {
    const times = reports.map(({ phasesMs }) => phasesMs[phase] ?? 0);
    families.gauge(targetPhaseDuration).set({ phase }, sumSeconds(times));
  }
  const last = reports.findLast(({ httpStatus }) => httpStatus !== undefined);
  families.gauge(targetHttpStatus).set(last?.httpStatus ?? 0);
}

function fillKnowledge(families: Families, reports: readonly CheckReport[]): void {
  const expiresAtMs = reports.findLast(({ tlsExpiresAtMs }) => tlsExpiresAtMs)?.tlsExpiresAtMs;
  if (expiresAtMs !== undefined) families.gauge(targetTlsCertExpiry).set(expiresAtMs / 1000);

  const snapshot = reports.findLast(({ snapshot: found }) => found)?.snapshot;
  for (const kind of snapshot ? CAPABILITY_KINDS : []) {
    const listed = snapshot?.lists[kind]?.definitions.length ?? 0;
    families.gauge(targetCapabilities).set({ kind }, listed);
  }

  const identity = reports.findLast(({ identity: said }) => said)?.identity;
  if (!identity) return;
  const labels = {
    transport: identity.transport,
    era: identity.era,
    protocol_version: boundLabelValue(identity.protocolVersion),
    implementation: boundLabelValue(identity.implementation),
    version: boundLabelValue(identity.version),
  };
  families.gauge(targetInfo).set(labels, 1);
}

function sumSeconds(timesMs: readonly number[]): number {
  return timesMs.reduce((sum, timeMs) => sum + timeMs, 0) / 1000;
}
