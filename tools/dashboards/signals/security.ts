import { increase, rate, sumBy } from '../../../src/catalog/promql/promql.ts';
import { OVERFLOW_LABEL } from '../../../src/facts/rules/label-bound.ts';
import { increaseOf, rateOf, REFUSED, series, within } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const ATTEMPTS = 'mcp_auth_attempts_total';
const FAILED = { status: 'failure' };
const LIMITED = 'mcp_auth_rate_limit_exceeded_total';
/** What the gateway itself says no to, before any server is asked. */
const REFUSED_TYPES = {
  error_type: [
    'unauthorized',
    'forbidden',
    'unknown_server',
    'disabled',
    'rate_limited',
    'overloaded',
    'body_too_large',
  ],
};

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
    all: `sum(${increaseOf(ATTEMPTS)})`,
    methodStatus: sumBy(['method', 'status'], increaseOf(ATTEMPTS)),
    gatewayMethodStatus: sumBy(['gateway', 'method', 'status'], increaseOf(ATTEMPTS)),
  },
});

export const authAttemptRate = signal({
  title: 'Attempts to log in per second',
  description: 'Credentials shown at the gateway, by kind and by how it went.',
  unit: 'cps',
  min: 0,
  by: { methodStatus: sumBy(['method', 'status'], rateOf(ATTEMPTS)) },
});

export const authFailures = signal({
  title: 'Failed attempts to log in',
  description: 'Wrong, expired or missing credentials in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: { all: `sum(${increaseOf(ATTEMPTS, FAILED)})` },
});

export const authFailureRatio = signal({
  title: 'Share of failed attempts',
  description: 'Of all attempts to log in, in the time that the page shows.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.errorRatio,
  by: { all: `sum(${increaseOf(ATTEMPTS, FAILED)}) / (sum(${increaseOf(ATTEMPTS)}) > 0)` },
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
    now: `max(${sumBy(['gateway'], rate(series(ATTEMPTS, FAILED), '5m'))})`,
    gateway: sumBy(['gateway'], rateOf(ATTEMPTS, FAILED)),
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
    all: `sum(${increaseOf(LIMITED)})`,
    /** The log has the names. */
    bucket: `topk(16, ${sumBy(['user_id'], increaseOf(LIMITED))} > 0)`,
  },
});

export const rateLimitedRate = signal({
  title: 'Stopped by the rate limit, per second',
  description: 'Requests refused because their user or address asks too often.',
  unit: 'cps',
  min: 0,
  by: { gateway: sumBy(['gateway'], rateOf(LIMITED)) },
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
    all: `sum(${increaseOf('mcp_request_errors_total', REFUSED_TYPES)})`,
    type: `${sumBy(['error_type'], increaseOf('mcp_request_errors_total', REFUSED_TYPES))} > 0`,
    affected: `${sumBy(['gateway', 'server', 'error_type'], increaseOf('mcp_request_errors_total', REFUSED_TYPES))} > 0`,
  },
});

export const refusalRate = signal({
  title: 'Refusals per second',
  description: 'Requests that the gateway refused, by reason.',
  unit: 'cps',
  min: 0,
  by: {
    type: `${sumBy(['error_type'], rateOf('mcp_request_errors_total', REFUSED_TYPES))} > 0`,
    outcome: sumBy(['outcome'], rateOf('mcp_requests_total', REFUSED)),
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
    all: `sum(${increase(within('gateway', 'mcp_requests_total', { server: OVERFLOW_LABEL }), '$__range')}) or vector(0)`,
  },
});

export const keptActions = signal({
  title: 'Actions in the audit',
  description:
    'What somebody did to servers and alerts (disable, check, acknowledge and the like), as far as the journal still keeps it; the page of the exporter has who and when.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { all: `sum(${series('mcp_exporter_journal_rows', { kind: 'actions' })})` },
});
