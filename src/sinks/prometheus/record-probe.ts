import type { ProbeObservation } from '../../facts/probe-facts.ts';
import { PHASES, PROBE_FAILURES } from '../../facts/probe-outcome.ts';
import type { ServerSpec } from '../../facts/server.ts';
import {
  probeConsecutiveFailures,
  probeDuration,
  probeFailures,
  probeInterval,
  probeLastDuration,
  probeLastRun,
  probeLastSuccess,
  probePhaseDuration,
  probeResponse,
  probeSuccess,
  probeTlsCertExpiry,
} from '../../catalog/probe.ts';
import type { Families } from './create-families.ts';
import { createLabelSets } from './label-sets.ts';

export interface ProbeRecorder {
  observe(fact: ProbeObservation): void;
  /** The server is no longer checked, so the result of its last check does not apply any more. */
  forget(): void;
}

/** Fills the `mcp_probe_*` families of one server. */
export function createProbeRecorder(families: Families, server: ServerSpec): ProbeRecorder {
  const { name } = server;
  const own = { server: name };
  const success = families.gauge(probeSuccess);
  const duration = families.histogram(probeDuration);
  const response = families.histogram(probeResponse);
  const phaseDuration = families.gauge(probePhaseDuration);
  const lastDuration = families.gauge(probeLastDuration);
  const lastRun = families.gauge(probeLastRun);
  const lastSuccess = families.gauge(probeLastSuccess);
  const consecutiveFailures = families.gauge(probeConsecutiveFailures);
  const interval = families.gauge(probeInterval);
  const failures = families.counter(probeFailures);
  const tlsCertExpiry = families.gauge(probeTlsCertExpiry);
  const byPhase = createLabelSets(name, 'phase', PHASES);
  const byReason = createLabelSets(name, 'reason', PROBE_FAILURES);

  interval.set(own, server.monitor.intervalMs / 1000);

  return {
    observe({ report, consecutiveFailures: failuresInARow, responseMs, nextInMs }) {
      const endedAtSeconds = (report.startedAtMs + report.durationMs) / 1000;
      const durationSeconds = report.durationMs / 1000;
      duration.observe(own, durationSeconds);
      if (responseMs !== undefined) response.observe(own, responseMs / 1000);
      // A deep check takes its time and may fail where the server answers: both would make these two jump.
      if (report.kind === 'steady') {
        success.set(own, report.outcome === 'ok' ? 1 : 0);
        lastDuration.set(own, durationSeconds);
      }
      lastRun.set(own, endedAtSeconds);
      consecutiveFailures.set(own, failuresInARow);
      interval.set(own, nextInMs / 1000);
      for (const phase of PHASES) {
        phaseDuration.set(byPhase[phase], (report.phasesMs[phase] ?? 0) / 1000);
      }
      if (report.outcome === 'ok') lastSuccess.set(own, endedAtSeconds);
      else failures.inc(byReason[report.outcome]);
      if (report.tlsExpiresAtMs !== undefined) tlsCertExpiry.set(own, report.tlsExpiresAtMs / 1000);
    },
    forget() {
      success.set(own, 0);
      consecutiveFailures.set(own, 0);
      tlsCertExpiry.remove(own);
    },
  };
}
