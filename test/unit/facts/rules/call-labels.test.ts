import { expect, test } from 'vitest';
import {
  errorTypeLabel,
  isTimed,
  operationLabel,
  OPERATIONS,
  protocolVersionLabel,
  statusLabel,
  USER_BUCKETS,
  userBucket,
  userPseudonym,
} from '../../../../src/facts/rules/call-labels.ts';
import { ERROR_TYPES } from '../../../../src/facts/call-outcome.ts';
import { REFUSALS } from '../../../../src/facts/refusal.ts';

test('every method of the protocol is a label, anything else is not', () => {
  expect(OPERATIONS.map(operationLabel)).toEqual([...OPERATIONS]);
  for (const text of ['', 'tools/call ', 'Tools/Call', '__proto__', 'debug_traceTransaction'])
    expect(operationLabel(text)).toBe('_OTHER');
});

test('every status and error type of a refusal is a label', () => {
  for (const { verdict } of Object.values(REFUSALS)) {
    expect(statusLabel(verdict.status)).toBe(String(verdict.status));
    expect(errorTypeLabel(verdict.errorType)).toBe(verdict.errorType);
  }
  expect(ERROR_TYPES.map(errorTypeLabel)).toEqual([...ERROR_TYPES]);
  expect(errorTypeLabel('toString')).toBe('_OTHER');
});

test.each([
  [200, '200'],
  [451, '400'],
  [599, '500'],
  [0, '500'],
  [Number.NaN, '500'],
])('status %d is %s', (status, label) => {
  expect(statusLabel(status)).toBe(label);
});

test.each([
  ['2025-06-18', '2025-06-18'],
  ['DRAFT-2026-v1', '_OTHER'],
  ['', ''],
  [undefined, ''],
])('protocol version %s is "%s"', (version, label) => {
  expect(protocolVersionLabel(version)).toBe(label);
});

test('a call that found no connection says nothing of the time that the server takes', () => {
  const call = { operation: 'tools/call', outcome: 'transport_error' } as const;
  expect(isTimed({ ...call, errorType: 'connection' })).toBe(false);
  expect(isTimed({ ...call, errorType: 'http_5xx' })).toBe(true);
  expect(isTimed({ operation: '', outcome: 'client_error', errorType: 'http_4xx' })).toBe(false);
});

test('a user is in the same bucket always, and a thousand users are in all of them', () => {
  expect(userBucket('ada@example.com')).toBe(userBucket('ada@example.com'));
  const used = new Set(Array.from({ length: 1_000 }, (_, number) => userBucket(`user ${number}`)));
  expect([...used].toSorted()).toEqual(USER_BUCKETS);
});

test('a pseudonym is eight hexadecimal digits', () => {
  expect(userPseudonym(10)).toBe('0000000a');
  expect(userPseudonym(2 ** 32 - 1)).toBe('ffffffff');
});
