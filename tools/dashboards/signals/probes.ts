import { maxBy, quantileBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { NOT_RECORDED, PASS_FAIL_MAPPINGS } from '../mappings.ts';
import { orNotRecorded, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

export const lastCheck = signal({
  title: 'Last check',
  description: 'When the server was last checked.',
  unit: 'dateTimeFromNow',
  thresholds: THRESHOLDS.none,
  by: {
    server: `1000 * ${maxBy(['gateway', 'server'], series('mcp_probe_last_run_timestamp_seconds'))}`,
  },
});

export const consecutiveFailures = signal({
  title: 'Failures in a row',
  description: 'Consecutive failed checks; after three the server is Offline.',
  unit: 'short',
  thresholds: [
    { value: null, color: 'green' },
    { value: 1, color: 'yellow' },
    { value: 3, color: 'red' },
  ],
  by: { server: maxBy(['gateway', 'server'], series('mcp_probe_consecutive_failures')) },
});

export const checksPassed = signal({
  title: 'Checks passed, 24 hours',
  description: 'Share of the last 24 hours in which the newest check had passed.',
  unit: 'percentunit',
  decimals: 2,
  max: 1,
  thresholds: THRESHOLDS.uptimeRatio,
  by: {
    server: `max by (gateway, server) (avg_over_time(${series('mcp_probe_success')}[24h]))`,
  },
});

export const checkResult = signal({
  title: 'Result of the checks',
  description: 'Whether the last check passed.',
  unit: 'none',
  mappings: [...PASS_FAIL_MAPPINGS, NOT_RECORDED],
  by: { timeline: orNotRecorded(maxBy(['gateway', 'server'], series('mcp_probe_success'))) },
});

export const checkResponse = signal({
  title: 'Response time of checks',
  description:
    'Steady checks, from the request to its answer. Connecting and handshakes are in the phases.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    mean: maxBy(['gateway', 'server'], series('mcp_server_response_time_seconds')),
    p95: quantileBy(0.95, ['gateway', 'server'], rateOf('mcp_probe_response_seconds_bucket')),
  },
});

export const checkPhases = signal({
  title: 'Phases of the last check',
  description:
    'Where the time of the last check went: connecting, TLS or the start of the child, handshake, lists, call.',
  unit: 's',
  by: { phase: maxBy(['phase'], series('mcp_probe_phase_duration_seconds')) },
});

export const checkFailures = signal({
  title: 'Failed checks by reason',
  description: 'Failed checks by reason.',
  unit: 'cps',
  by: { reason: `${sumBy(['reason'], rateOf('mcp_probe_failures_total'))} > 0` },
});

export const certificateExpiry = signal({
  title: 'Certificate valid for',
  description: 'Time until the TLS certificate of the server expires.',
  unit: 's',
  thresholds: [
    { value: null, color: 'red' },
    { value: 7 * 86_400, color: 'yellow' },
    { value: 14 * 86_400, color: 'green' },
  ],
  by: {
    server: `${maxBy(['gateway', 'server'], series('mcp_probe_tls_cert_expiry_timestamp_seconds'))} - time()`,
  },
});
