import { USER_BUCKETS } from '../facts/rules/call-labels.ts';
import { AUTH_METHODS, AUTH_STATUSES } from '../facts/gateway-facts.ts';
import { metric } from './metric.ts';

const area = 'auth';

export const authAttempts = metric({
  name: 'mcp_auth_attempts_total',
  kind: 'counter',
  help: 'Credentials presented to the gateway, or missing although required (method none).',
  labels: ['method', 'status'],
  values: { method: AUTH_METHODS, status: AUTH_STATUSES },
  area,
  since: '0.1.0',
});

export const authRateLimitExceeded = metric({
  name: 'mcp_auth_rate_limit_exceeded_total',
  kind: 'counter',
  help: 'Requests refused by the rate limit of their user or address. The user_id is one of 16 hash buckets; the log has the names.',
  labels: ['user_id'],
  values: { user_id: USER_BUCKETS },
  area,
  since: '0.1.0',
});

export const AUTH_METRICS = [authAttempts, authRateLimitExceeded] as const;
