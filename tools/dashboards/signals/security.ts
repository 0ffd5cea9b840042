import { increase, rate, sumBy } from '../../../src/catalog/promql/promql.ts';
import { OVERFLOW_LABEL } from '../../../src/facts/rules/label-bound.ts';
import { increaseOf, rateOf, REFUSED, series, within } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const ATTEMPTS = 'mcp_auth_attempts_total';
const FAILED = { status: 'failure' };
const LIMITED = 'mcp_auth_rate_limit_exceeded_total';
/** What the gateway refuses itself, without a request to a server. */
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
  title: 'Authentication attempts',
  description:
    'Credentials presented to the gateway, by method and result. The method none is a request without the required credentials.',
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
  title: 'Authentication attempts per second',
  description: 'Credentials presented to the gateway, by method and result.',
  unit: 'cps',
  min: 0,
  by: { methodStatus: sumBy(['method', 'status'], rateOf(ATTEMPTS)) },
});

export const authFailures = signal({
  title: 'Failed authentication attempts',
  description: 'Wrong, expired or missing credentials in the selected time range.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: { all: `sum(${increaseOf(ATTEMPTS, FAILED)})` },
});

export const authFailureRatio = signal({
  title: 'Share of failed attempts',
  description: 'Of all authentication attempts, in the selected time range.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.errorRatio,
  by: { all: `sum(${increaseOf(ATTEMPTS, FAILED)}) / (sum(${increaseOf(ATTEMPTS)}) > 0)` },
});

export const authFailureRate = signal({
  title: 'Failed attempts per second',
  description:
    'Above 10 per second, someone may be guessing credentials and PossibleBruteForceAttack fires.',
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
  description: 'Requests refused by the rate limit of their user or address.',
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
  description: 'Requests refused by the rate limit of their user or address.',
  unit: 'cps',
  min: 0,
  by: { gateway: sumBy(['gateway'], rateOf(LIMITED)) },
});

export const refusals = signal({
  title: 'Refused',
  description:
    'Requests that the gateway refused: missing or wrong credentials, no permission, unknown or disabled server, rate limit, overload, or body too large.',
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
    'Requests for server names that are not configured: a client with an outdated configuration, or someone who guesses names.',
  unit: 'short',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(${increase(within('gateway', 'mcp_requests_total', { server: OVERFLOW_LABEL }), '$__range')}) or vector(0)`,
  },
});

export const keptActions = signal({
  title: 'Audited actions',
  description:
    'Actions on servers and alerts (disable, check, acknowledge and so on) that the journal still has. The exporter shows who took them and when.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { all: `sum(${series('mcp_exporter_journal_rows', { kind: 'actions' })})` },
});
