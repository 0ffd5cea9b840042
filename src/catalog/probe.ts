import { PHASES, PROBE_FAILURES } from '../facts/probe-outcome.ts';
import { metric } from './metric.ts';

const area = 'probe';

/**
 * Upper bounds in seconds. The whole numbers among them only serve quantiles: rules use 0.25, 0.5 and 2.5,
 * because Prometheus 2 stores `le="1"`, while Prometheus 3 stores `le="1.0"`.
 */
const PROBE_BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 7.5, 30, 120] as const;

export const probeSuccess = metric({
  name: 'mcp_probe_success',
  kind: 'gauge',
  help: "Whether the last steady check succeeded; deep checks affect mcp_server_status. Cached: checks run on the exporter's own schedule, not on scrape; see mcp_probe_last_run_timestamp_seconds for their age.",
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const probeDuration = metric({
  name: 'mcp_probe_duration_seconds',
  kind: 'histogram',
  help: 'Duration of complete checks, steady and deep, including failed ones.',
  labels: ['server'],
  buckets: PROBE_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const probeResponse = metric({
  name: 'mcp_probe_response_seconds',
  kind: 'histogram',
  help: 'Responses of steady checks, from the one request to its answer; mcp_server_response_time_seconds is their one-minute mean. Without checks that were measured while the exporter itself was late.',
  labels: ['server'],
  buckets: PROBE_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const probePhaseDuration = metric({
  name: 'mcp_probe_phase_duration_seconds',
  kind: 'gauge',
  help: 'Duration of each phase of the last check, 0 if it had no such phase. Cached: a scrape does not run a check.',
  labels: ['server', 'phase'],
  values: { phase: PHASES },
  area,
  since: '0.1.0',
});

export const probeLastDuration = metric({
  name: 'mcp_probe_last_duration_seconds',
  kind: 'gauge',
  help: 'Duration of the last steady check. Cached: a scrape does not run a check.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const probeLastRun = metric({
  name: 'mcp_probe_last_run_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time at which the last check ended. Absent before the first check.',
  labels: ['server'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const probeLastSuccess = metric({
  name: 'mcp_probe_last_success_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time at which the last successful check ended. Absent before the first success.',
  labels: ['server'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const probeConsecutiveFailures = metric({
  name: 'mcp_probe_consecutive_failures',
  kind: 'gauge',
  help: 'Consecutive failed checks. Cached: a scrape does not run a check.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const probeInterval = metric({
  name: 'mcp_probe_interval_seconds',
  kind: 'gauge',
  help: 'Time between the last check and the next scheduled one; it adapts to the status.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const probeFailures = metric({
  name: 'mcp_probe_failures_total',
  kind: 'counter',
  help: 'Failed checks by reason.',
  labels: ['server', 'reason'],
  values: { reason: PROBE_FAILURES },
  area,
  since: '0.1.0',
});

export const probeTlsCertExpiry = metric({
  name: 'mcp_probe_tls_cert_expiry_timestamp_seconds',
  kind: 'gauge',
  help: 'Unix time of the earliest expiry in the certificate chain. Absent until the first TLS handshake.',
  labels: ['server'],
  area,
  absentUntilKnown: true,
  since: '0.1.0',
});

export const probeScheduleLag = metric({
  name: 'mcp_probe_schedule_lag_seconds',
  kind: 'histogram',
  help: 'How late the exporter itself was with each check, across all servers: with its start compared with the schedule, or with reading the answer, whichever is more.',
  labels: [],
  buckets: PROBE_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const PROBE_METRICS = [
  probeSuccess,
  probeDuration,
  probeResponse,
  probePhaseDuration,
  probeLastDuration,
  probeLastRun,
  probeLastSuccess,
  probeConsecutiveFailures,
  probeInterval,
  probeFailures,
  probeTlsCertExpiry,
  probeScheduleLag,
] as const;
