import { CAPABILITY_KINDS } from '../facts/capability-snapshot.ts';
import { PHASES, PROBE_OUTCOMES } from '../facts/probe-outcome.ts';
import { metric } from './metric.ts';

/**
 * What `/probe` reports about its one target. The names have no `mcp_` and no `server`, like those of other multi-target
 * exporters: Prometheus identifies the target by `instance`, and rules on the scheduled checks do not include these.
 */
const area = 'target';

export const targetSuccess = metric({
  name: 'probe_success',
  kind: 'gauge',
  help: 'Whether every check of this request succeeded.',
  labels: [],
  area,
  since: '0.1.0',
});

export const targetDuration = metric({
  name: 'probe_duration_seconds',
  kind: 'gauge',
  help: 'Total duration of the checks of this request.',
  labels: [],
  area,
  since: '0.1.0',
});

export const targetOutcome = metric({
  name: 'probe_outcome',
  kind: 'gauge',
  help: 'State set: 1 for the first failure, or for ok; 0 for the others.',
  labels: ['outcome'],
  values: { outcome: PROBE_OUTCOMES },
  area,
  since: '0.1.0',
});

export const targetPhaseDuration = metric({
  name: 'probe_phase_duration_seconds',
  kind: 'gauge',
  help: 'Total duration of each phase in the checks of this request, 0 for a phase that did not occur.',
  labels: ['phase'],
  values: { phase: PHASES },
  area,
  since: '0.1.0',
});

export const targetHttpStatus = metric({
  name: 'probe_http_status_code',
  kind: 'gauge',
  help: 'HTTP status of the last response that had one, 0 if none had.',
  labels: [],
  area,
  since: '0.1.0',
});

export const targetCapabilities = metric({
  name: 'probe_capabilities',
  kind: 'gauge',
  help: 'Number of definitions that the server listed.',
  labels: ['kind'],
  values: { kind: CAPABILITY_KINDS },
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const targetTlsCertExpiry = metric({
  name: 'probe_tls_cert_expiry_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the earliest expiry in the certificate chain.',
  labels: [],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const targetInfo = metric({
  name: 'probe_server_info',
  kind: 'gauge',
  help: 'Always 1; the labels have what the server reported about itself.',
  labels: ['transport', 'era', 'protocol_version', 'implementation', 'version'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const TARGET_METRICS = [
  targetSuccess,
  targetDuration,
  targetOutcome,
  targetPhaseDuration,
  targetHttpStatus,
  targetCapabilities,
  targetTlsCertExpiry,
  targetInfo,
] as const;
