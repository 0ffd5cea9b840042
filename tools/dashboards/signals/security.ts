import { increase, rate, series, within } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const ATTEMPTS = 'mcp_auth_attempts_total';
const FAILED = 'status="failure"';
const LIMITED = 'mcp_auth_rate_limit_exceeded_total';
/** What the gateway itself says no to, before any server is asked. */
const REFUSED =
  'error_type=~"unauthorized|forbidden|unknown_server|disabled|rate_limited|overloaded|body_too_large"';

/** The alert PossibleBruteForceAttack fires above the last one. */
const GUESSING = [
  { value: null, color: 'green' },
  { value: 1, color: 'yellow' },
  { value: 10, color: 'red' },
] as const;

export const authAttempts = signal({
  title: 'Attempts to log in',
  description:
    'Credentials shown at the gateway, by kind and by how it went. The method none is a request that showed none where one is required.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `sum(${increase(ATTEMPTS)})`,
    methodStatus: `sum by (method, status) (${increase(ATTEMPTS)})`,
    gatewayMethodStatus: `sum by (gateway, method, status) (${increase(ATTEMPTS)})`,
  },
});

export const authAttemptRate = signal({
  title: 'Attempts to log in per second',
  description: 'Credentials shown at the gateway, by kind and by how it went.',
  unit: 'cps',
  min: 0,
  by: { methodStatus: `sum by (method, status) (${rate(ATTEMPTS)})` },
});

export const authFailures = signal({
  title: 'Failed attempts to log in',
  description: 'Wrong, expired or missing credentials in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: { all: `sum(${increase(ATTEMPTS, FAILED)})` },
});

export const authFailureRatio = signal({
  title: 'Share of failed attempts',
  description: 'Of all attempts to log in, in the time that the page shows.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.errorRatio,
  by: { all: `sum(${increase(ATTEMPTS, FAILED)}) / (sum(${increase(ATTEMPTS)}) > 0)` },
});

export const authFailureRate = signal({
  title: 'Failed attempts per second',
  description:
    'From 10 a second on somebody is taken to be guessing credentials, and PossibleBruteForceAttack fires.',
  unit: 'cps',
  decimals: 2,
  min: 0,
  thresholds: GUESSING,
  by: {
    now: `max(sum by (gateway) (rate(${series(ATTEMPTS, FAILED)}[5m])))`,
    gateway: `sum by (gateway) (${rate(ATTEMPTS, FAILED)})`,
  },
});

export const rateLimited = signal({
  title: 'Stopped by the rate limit',
  description: 'Requests refused because their user or address asks too often.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(${increase(LIMITED)})`,
    /** The log has the names. */
    bucket: `topk(16, sum by (user_id) (${increase(LIMITED)}) > 0)`,
  },
});

export const rateLimitedRate = signal({
  title: 'Stopped by the rate limit, per second',
  description: 'Requests refused because their user or address asks too often.',
  unit: 'cps',
  min: 0,
  by: { gateway: `sum by (gateway) (${rate(LIMITED)})` },
});

export const refusals = signal({
  title: 'Refused',
  description:
    'Requests that the gateway refused: no or wrong credentials, no permission, unknown or disabled server, too often, too much at once, too big.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(${increase('mcp_request_errors_total', REFUSED)})`,
    type: `sum by (error_type) (${increase('mcp_request_errors_total', REFUSED)}) > 0`,
    affected: `sum by (gateway, server, error_type) (${increase('mcp_request_errors_total', REFUSED)}) > 0`,
  },
});

export const refusalRate = signal({
  title: 'Refusals per second',
  description: 'Requests that the gateway refused, by reason.',
  unit: 'cps',
  min: 0,
  by: {
    type: `sum by (error_type) (${rate('mcp_request_errors_total', REFUSED)}) > 0`,
    outcome: `sum by (outcome) (${rate('mcp_requests_total', 'outcome=~"denied|rate_limited"')})`,
  },
});

export const unknownServers = signal({
  title: 'Unknown servers',
  description:
    'Requests to names that are not configured: a client with an old configuration, or somebody who tries names.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(increase(${within('gateway', 'mcp_requests_total', 'server="_OTHER"')}[$__range])) or vector(0)`,
  },
});

export const keptActions = signal({
  title: 'Actions in the audit',
  description:
    'What somebody did to servers and alerts (disable, check, acknowledge and the like), as far as the journal still keeps it; the page of the exporter has who and when.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { all: `sum(${series('mcp_exporter_journal_rows', 'kind="actions"')})` },
});
