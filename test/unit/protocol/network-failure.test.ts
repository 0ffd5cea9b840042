import { expect, test } from 'vitest';
import { describeNetworkError } from '../../../src/protocol/network-failure.ts';

function failure(code: string | undefined, more: ErrorOptions = {}): Error {
  return Object.assign(
    new Error('connect to 10.0.0.1:80', more),
    code === undefined ? {} : { code },
  );
}

test.each([
  ['nothing listens', failure('ECONNREFUSED'), 'connection refused'],
  ['a name is not known', failure('ENOTFOUND'), 'its host name does not resolve'],
  ['a resolver is busy', failure('EAI_AGAIN'), 'its host name does not resolve'],
  ['undici gives up connecting', failure('UND_ERR_CONNECT_TIMEOUT'), 'no connection in time'],
  ['a connection is reset', failure('ECONNRESET'), 'the connection broke'],
  ['a pipe is closed', failure('EPIPE'), 'the connection broke'],
  ['undici lost its socket', failure('UND_ERR_SOCKET'), 'the connection broke'],
  ['there is no route', failure('EHOSTUNREACH'), 'no route to it (EHOSTUNREACH)'],
  [
    'a certificate is self-signed',
    failure('DEPTH_ZERO_SELF_SIGNED_CERT'),
    'TLS failed: its certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)',
  ],
  ['an answer is not HTTP', failure('HPE_INVALID_CONSTANT'), 'what it sent is not HTTP'],
  [
    'a head is too large for undici',
    failure('UND_ERR_HEADERS_OVERFLOW'),
    'the head of its answer is too large',
  ],
  [
    'a head is too large for Node',
    failure('HPE_HEADER_OVERFLOW'),
    'the head of its answer is too large',
  ],
  [
    'the code is in the cause',
    failure(undefined, { cause: failure('ECONNREFUSED') }),
    'connection refused',
  ],
  [
    'every address of a name refuses',
    new AggregateError([failure('EHOSTUNREACH'), failure('ECONNREFUSED')]),
    'connection refused',
  ],
  ['the code is new', failure('ESOMETHING'), 'ESOMETHING'],
  ['there is no code', failure(undefined), 'the connection failed'],
  ['it is no error', 'text', 'the connection failed'],
])('a few words without an address say that %s', (_when, error, words) => {
  expect(describeNetworkError(error)).toBe(words);
});
