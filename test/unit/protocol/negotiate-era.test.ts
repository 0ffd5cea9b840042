import { expect, test } from 'vitest';
import type { FailureFacts } from '../../../src/protocol/classify-failure.ts';
import { type FailedRequest, nextHandshakeRequest } from '../../../src/protocol/negotiate-era.ts';

const TIMEOUT: FailureFacts = { kind: 'timeout', waitedFor: 'answer', limitMs: 10 };
const REFUSED: FailureFacts = {
  kind: 'network',
  codes: ['ECONNREFUSED'],
  authority: 'host:80',
  isTls: false,
  isConnected: false,
};
const rpc = (code: number, data?: unknown): FailureFacts => ({
  kind: 'rpc',
  method: 'server/discover',
  error: { code, message: '', data },
});
const http = (status: number): FailureFacts => ({
  kind: 'http',
  status,
  method: 'server/discover',
  hasSession: false,
});
const WRONG_VERSION = rpc(-32022, { supported: ['2026-07-28'] });
const discover = (facts: FailureFacts): FailedRequest => ({ request: 'discover', facts });
const initialize = (facts: FailureFacts): FailedRequest => ({ request: 'initialize', facts });

test.each([
  [undefined, { request: 'discover', isLimited: true }],
  ['modern', { request: 'discover', isLimited: false }],
  ['legacy', { request: 'initialize' }],
] as const)('a server of era %s is opened with the request of that era first', (era, expected) => {
  expect(nextHandshakeRequest(era, [])).toEqual(expected);
});

test.each([
  ['does not know the method', [discover(rpc(-32601))], 'initialize'],
  ['answers 400 without JSON-RPC', [discover(http(400))], 'initialize'],
  ['answers 500', [discover(http(500))], 'initialize'],
  ['does not answer in time', [discover(TIMEOUT)], 'initialize'],
  ['asks for credentials', [discover(http(401))], undefined],
  ['cannot be reached', [discover(REFUSED)], undefined],
  ['supports only modern revisions', [discover(WRONG_VERSION)], undefined],
  ['was slow and is modern', [discover(TIMEOUT), initialize(WRONG_VERSION)], 'discover'],
  ['is slow all the time', [discover(TIMEOUT), initialize(TIMEOUT)], undefined],
  ['refuses both requests', [discover(rpc(-32601)), initialize(WRONG_VERSION)], undefined],
  [
    'fails a third time',
    [discover(TIMEOUT), initialize(WRONG_VERSION), discover(TIMEOUT)],
    undefined,
  ],
] as const)(
  'a server of unknown era that %s gets the request that can still help',
  (_that, failed, expected) => {
    expect(nextHandshakeRequest(undefined, failed)?.request).toBe(expected);
  },
);

test.each(['modern', 'legacy'] as const)('A server known as %s gets one request', (era) => {
  expect(nextHandshakeRequest(era, [discover(rpc(-32601))])).toBeUndefined();
});

test('the second server/discover has no limit of its own', () => {
  const failed = [discover(TIMEOUT), initialize(WRONG_VERSION)];
  expect(nextHandshakeRequest(undefined, failed)).toEqual({
    request: 'discover',
    isLimited: false,
  });
});
