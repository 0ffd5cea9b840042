import { expect, test } from 'vitest';
import {
  errorFingerprint,
  type ErrorIdentity,
  errorPattern,
} from '../../../src/facts/rules/error-fingerprint.ts';

test.each<[string, string]>([
  ['Timeout after 30000 ms', 'Timeout after <n> ms'],
  ['took 1.5e3s, retry 2 of 3', 'took <n>s, retry <n> of <n>'],
  ['row -17 not found', 'row <n> not found'],
  ['no user 0f8fad5b-d9cb-469f-a165-70867728950e', 'no user <uuid>'],
  [
    "ENOENT: no such file or directory, open '/srv/data/a b.txt'",
    'ENOENT: no such file or directory, open <text>',
  ],
  ['cannot read /srv/data/12/report.pdf now', 'cannot read <path> now'],
  ['cannot read /etc', 'cannot read <path>'],
  [String.raw`cannot open C:\Users\ada\notes.txt`, 'cannot open <path>'],
  ['GET https://api.example.com/v1/items/42?q=a failed with 503', 'GET <url> failed with <n>'],
  ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED <address>'],
  ['expired at 2026-11-28T12:00:00.123Z', 'expired at <time>'],
  ['object 5f3a9c0e1b2d4c6f8a7b9d0e missing', 'object <id> missing'],
  ['request req_8Hk2Lm9PqRs4 failed', 'request <id> failed'],
  ['at address 0xDEADBEEF', 'at address <id>'],
  ['Unknown column "user_name" in `orders`', 'Unknown column <text> in <text>'],
  ["doesn't work and can't", "doesn't work and can't"],
  ['utf8 and v2 stay', 'utf8 and v2 stay'],
  ['no job12345', 'no job<n>'],
  ['true/false and and/or stay', 'true/false and and/or stay'],
  ['two\n  lines\tof text ', 'two lines of text'],
  ['', ''],
])('the pattern of %j is %j', (message, pattern) => {
  expect(errorPattern(message)).toBe(pattern);
});

test('a pattern is short, and a megabyte of anything takes no time', () => {
  const startedMs = performance.now();
  for (const unit of ['a', '1', '/a', '"', "'x", 'https://', '-0', '{"a":', 'aB3_'])
    expect(errorPattern(unit.repeat(1_000_000)).length).toBeLessThanOrEqual(300);
  // Ten times what a slow machine takes; a quadratic expression would take minutes.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

const ERROR: ErrorIdentity = {
  server: 'search',
  operation: 'tools/call',
  target: 'find',
  outcome: 'tool_error',
  errorType: 'tool_error',
};

test('the same error has the same fingerprint, whatever differs from call to call', () => {
  const one = errorFingerprint(ERROR, errorPattern('row 17 of "a" not found'));
  expect(one).toMatch(/^[\da-f]{16}$/);
  expect(errorFingerprint(ERROR, errorPattern('row 4 of "bc" not found'))).toBe(one);
});

test.each<[string, Partial<ErrorIdentity>, string]>([
  ['server', { server: 'files' }, 'm'],
  ['operation', { operation: 'prompts/get' }, 'm'],
  ['tool', { target: 'list' }, 'm'],
  ['missing tool', { target: undefined }, 'm'],
  ['outcome', { outcome: 'rpc_error' }, 'm'],
  ['error type', { errorType: 'internal_error' }, 'm'],
  ['code', { rpcCode: -32603 }, 'm'],
  ['message', {}, 'other'],
])('another %s is another error', (_what, change, pattern) => {
  expect(errorFingerprint({ ...ERROR, ...change }, pattern)).not.toBe(errorFingerprint(ERROR, 'm'));
});
