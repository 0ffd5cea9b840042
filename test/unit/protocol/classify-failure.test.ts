import { expect, test } from 'vitest';
import {
  classifyFailure,
  excerpt,
  type FailureFacts,
  formatLimit,
} from '../../../src/protocol/classify-failure.ts';
import { PROBE_FAILURES, type ProbeFailure } from '../../../src/facts/probe-outcome.ts';

const network = (codes: readonly string[], more: object = {}): FailureFacts => ({
  kind: 'network',
  codes,
  authority: 'host:443',
  isTls: false,
  isConnected: false,
  ...more,
});
const http = (status: number, more: object = {}): FailureFacts => ({
  kind: 'http',
  status,
  method: 'ping',
  hasSession: false,
  ...more,
});
const tls = { isTls: true };

/** Everything that was seen to go wrong, and what it is called. */
const CORPUS: readonly (readonly [string, FailureFacts, ProbeFailure, string])[] = [
  ['a name that does not exist', network(['ENOTFOUND']), 'dns', 'cannot be resolved (ENOTFOUND)'],
  ['a resolver that does not answer', network(['EAI_AGAIN']), 'dns', 'EAI_AGAIN'],
  ['a name inside a chain of causes', network(['ERR_X', 'ENOTFOUND']), 'dns', 'ENOTFOUND'],
  [
    'nothing listens',
    network(['ECONNREFUSED']),
    'refused',
    'Nothing accepts connections at host:443',
  ],
  [
    'nothing listens at any address',
    network(['ECONNREFUSED', 'ECONNREFUSED']),
    'refused',
    'ECONNREFUSED',
  ],
  ['no route', network(['EHOSTUNREACH']), 'refused', 'cannot be reached from here'],
  [
    'the kernel gave up connecting',
    network(['ETIMEDOUT']),
    'timeout',
    'did not take the connection',
  ],
  ['self-signed', network(['DEPTH_ZERO_SELF_SIGNED_CERT'], tls), 'tls', 'self-signed'],
  ['self-signed in the chain', network(['SELF_SIGNED_CERT_IN_CHAIN'], tls), 'tls', 'not trusted'],
  [
    'no trusted issuer',
    network(['UNABLE_TO_VERIFY_LEAF_SIGNATURE'], tls),
    'tls',
    'intermediate may be missing',
  ],
  ['expired', network(['CERT_HAS_EXPIRED'], tls), 'tls', 'has expired'],
  ['another host', network(['ERR_TLS_CERT_ALTNAME_INVALID'], tls), 'tls', 'another host name'],
  [
    'an unknown certificate code',
    network(['CERT_SIGNATURE_FAILURE'], tls),
    'tls',
    'CERT_SIGNATURE_FAILURE',
  ],
  [
    'TLS to a plain port',
    network(['ERR_SSL_WRONG_VERSION_NUMBER'], tls),
    'tls',
    'does not seem to speak TLS',
  ],
  ['TLS to a plain port, older', network(['EPROTO'], tls), 'tls', 'does not seem to speak TLS'],
  [
    'plain HTTP to a TLS port',
    network(['HPE_INVALID_CONSTANT'], { sawTlsRecord: true }),
    'reset',
    'use https',
  ],
  ['something else than HTTP', network(['HPE_INVALID_CONSTANT']), 'protocol', 'is not HTTP'],
  [
    'closed before an answer',
    network(['ECONNRESET'], { isConnected: true }),
    'reset',
    'before the answer was complete',
  ],
  ['closed while connecting', network(['ECONNRESET'], tls), 'reset', 'while it was being set up'],
  [
    'closed, in words of fetch',
    network(['UND_ERR_SOCKET'], { isConnected: true }),
    'reset',
    'UND_ERR_SOCKET',
  ],
  ['lost without a code', network([], { isConnected: true }), 'reset', 'unknown'],
  [
    'no free descriptor of ours',
    network(['EMFILE']),
    'reset',
    'this exporter has no free file descriptor',
  ],
  ['a header that cannot be sent', network(['ERR_INVALID_CHAR']), 'protocol', 'does not allow'],
  [
    'no answer',
    { kind: 'timeout', waitedFor: 'answer to ping', limitMs: 5000 },
    'timeout',
    'No answer to ping within 5 s.',
  ],
  [
    '302',
    http(302, { location: 'https://a/b' }),
    'http_3xx',
    'redirect to https://a/b, which is not followed',
  ],
  [
    '307 to another origin',
    http(307, { location: 'https://a/b', notFollowed: 'other_origin' }),
    'http_3xx',
    'to https://a/b, which is not followed, because it leads to another origin: if the server is there, configure that URL.',
  ],
  ['304', http(304), 'http_3xx', 'HTTP 304'],
  ['400', http(400), 'http_4xx', 'HTTP 400'],
  ['401', http(401), 'auth_required', 'asks for authentication'],
  ['401 with a scheme', http(401, { authScheme: 'Bearer' }), 'auth_required', 'asks for Bearer'],
  ['401 with a session', http(401, { hasSession: true }), 'auth_required', 'HTTP 401'],
  [
    '401 with a JSON-RPC error',
    http(401, { rpcError: { code: -32001, message: 'x' } }),
    'auth_required',
    'HTTP 401',
  ],
  ['403', http(403), 'forbidden', 'refuses access'],
  ['404', http(404), 'http_4xx', 'HTTP 404'],
  [
    '404 with a session',
    http(404, { hasSession: true }),
    'session_lost',
    'no longer knows our session',
  ],
  [
    '404 and -32601',
    http(404, { rpcError: { code: -32601, message: 'Method not found' } }),
    'rpc_error',
    '-32601',
  ],
  [
    '404 and another error',
    http(404, { rpcError: { code: -32000, message: 'x' } }),
    'http_4xx',
    '-32000',
  ],
  ['405', http(405), 'http_4xx', 'HTTP 405'],
  ['406', http(406), 'http_4xx', 'HTTP 406'],
  [
    '400 and an error',
    http(400, { rpcError: { code: -32600, message: 'Bad.' } }),
    'rpc_error',
    '-32600 Bad.',
  ],
  [
    '400 and -32022',
    http(400, { rpcError: { code: -32022, message: 'x', data: { supported: ['a', 'b'] } } }),
    'protocol_version',
    'it offers a, b',
  ],
  ['429', http(429), 'rate_limited', 'limits our rate: HTTP 429.'],
  ['429 with a delay', http(429, { retryAfterMs: 90_000 }), 'rate_limited', 'wait 90 s'],
  ['500', http(500), 'http_5xx', 'HTTP 500'],
  [
    '500 and an error',
    http(500, { rpcError: { code: -32603, message: 'boom' } }),
    'http_5xx',
    '-32603 boom',
  ],
  ['503 with a delay', http(503, { retryAfterMs: 1 }), 'http_5xx', 'HTTP 503'],
  ['a status from nowhere', http(199), 'protocol', 'does not foresee'],
  [
    'a JSON-RPC error',
    { kind: 'rpc', method: 'tools/list', error: { code: -32603, message: 'x' } },
    'rpc_error',
    'tools/list was answered with an error: -32603 x.',
  ],
  [
    'no common version',
    { kind: 'rpc', method: 'initialize', error: { code: -32022, message: 'x' } },
    'protocol_version',
    'does not say which it offers',
  ],
  [
    'an unusable answer',
    { kind: 'unusable', method: 'ping', reason: 'it is not JSON' },
    'protocol',
    'The answer to ping cannot be used: it is not JSON.',
  ],
  [
    'a tool error',
    { kind: 'tool_error', tool: 't', text: 'no\ndatabase' },
    'tool_error',
    'no database',
  ],
  [
    'an assertion',
    { kind: 'assertion', tool: 't', expectation: 'does not contain "x"', text: 'y' },
    'assertion',
    'The answer of tool t does not contain "x".',
  ],
  ['no such file', { kind: 'spawn', command: 'npx', code: 'ENOENT' }, 'spawn', 'no such file'],
  [
    'not executable',
    { kind: 'spawn', command: 'x', code: 'EACCES' },
    'spawn',
    'may not be executed',
  ],
  [
    'an exit',
    { kind: 'exit', code: 3, signal: null, lastLine: 'cannot open' },
    'exit',
    'ended with code 3. It last wrote: cannot open',
  ],
  ['a signal', { kind: 'exit', code: null, signal: 'SIGSEGV' }, 'exit', 'ended on signal SIGSEGV.'],
];

test.each(CORPUS)('%s is named as the table says', (_, facts, outcome, detail) => {
  const failure = classifyFailure(facts);
  expect(failure.outcome).toBe(outcome);
  expect(failure.detail).toContain(detail);
  expect(failure.detail).not.toMatch(/[\n\r]|undefined|NaN/);
});

test('every failure of the closed list is reached', () => {
  expect(new Set(CORPUS.map(([, , outcome]) => outcome))).toEqual(new Set(PROBE_FAILURES));
});

test('status, code and delay are handed on', () => {
  const rpcError = { code: -32603, message: 'x' };
  expect(classifyFailure(http(503, { retryAfterMs: 2_000, rpcError }))).toMatchObject({
    httpStatus: 503,
    rpcCode: -32603,
    retryAfterMs: 2_000,
  });
});

test('foreign text is one line of bounded length without control characters', () => {
  expect(excerpt(`a\u0000b\r\n\u001b[31mc${'x'.repeat(5_000)}`)).toMatch(/^a b \[31mcx+…$/);
  expect(excerpt('x'.repeat(5_000)).length).toBe(201);
});

test.each([
  [250, '250 ms'],
  [999.4, '999 ms'],
  [5_000, '5 s'],
  [2_540, '2.5 s'],
])('%d milliseconds read as %s', (limitMs, expected) => {
  expect(formatLimit(limitMs)).toBe(expected);
});
