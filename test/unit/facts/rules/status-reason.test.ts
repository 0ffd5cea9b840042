import { expect, test } from 'vitest';
import type { Findings } from '../../../../src/facts/rules/findings.ts';
import type { Status } from '../../../../src/facts/rules/health.ts';
import { STATUS_REASONS, statusReason } from '../../../../src/facts/rules/status-reason.ts';

const NONE = { check: undefined, deep: undefined };
const slow = { response_time: { level: 'warning', text: 'slow' } } as const;

test.each<[string, Status, Findings, Parameters<typeof statusReason>[1], string]>([
  [
    'a healthy server has none, whatever failed before',
    'healthy',
    {},
    { check: 'refused', deep: 'rpc_error' },
    'none',
  ],
  [
    'Offline has the last failure of a check',
    'offline',
    slow,
    { check: 'refused', deep: undefined },
    'refused',
  ],
  [
    'the worst finding decides',
    'critical',
    { ...slow, deep: { level: 'critical', text: '' } },
    { check: undefined, deep: 'assertion' },
    'assertion',
  ],
  [
    'a failed check that is no outage',
    'warning',
    { check: { level: 'warning', text: '' } },
    { check: 'auth_required', deep: undefined },
    'auth_required',
  ],
  ['slowness', 'warning', slow, NONE, 'slow'],
  [
    'real calls',
    'critical',
    { ...slow, error_rate: { level: 'critical', text: '' } },
    NONE,
    'error_rate',
  ],
  ['disabled', 'disabled', {}, { check: 'refused', deep: undefined }, 'disabled'],
  ['never checked', 'unknown', {}, NONE, 'not_checked'],
  ['failed before it ever answered', 'unknown', {}, { check: 'dns', deep: undefined }, 'dns'],
])('%s', (_what, status, findings, last, reason) => {
  expect(statusReason({ status, findings }, last)).toBe(reason);
  expect(STATUS_REASONS).toContain(reason);
});
