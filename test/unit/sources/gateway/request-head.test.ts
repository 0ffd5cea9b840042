import { expect, test } from 'vitest';
import { findHeadFault } from '../../../../src/sources/gateway/request-head.ts';

const HOST = ['host', 'localhost'];

test.each([
  ['one Host', 'POST', '1.1', HOST, undefined],
  ['an empty Host', 'POST', '1.1', ['HOST', ''], undefined],
  ['no Host', 'POST', '1.1', ['x', 'host'], 'invalid_http'],
  ['no Host, which HTTP/1.0 allows', 'POST', '1.0', [], undefined],
  ['a second Host', 'POST', '1.1', [...HOST, 'x', 'y', 'Host', 'localhost'], 'invalid_http'],
  ['a second Host in HTTP/1.0', 'POST', '1.0', [...HOST, ...HOST], 'invalid_http'],
  ['HTTP/0.9', 'GET', '0.9', HOST, 'invalid_http'],
  ['TRACE', 'TRACE', '1.1', HOST, 'method_not_allowed'],
  ['any other method', 'PROPFIND', '1.1', HOST, undefined],
])('a request with %s', (_what, method, version, rawHeaders, refusal) => {
  const [httpVersionMajor = 0, httpVersionMinor = 0] = version.split('.').map(Number);
  const fault = findHeadFault({ method, httpVersionMajor, httpVersionMinor, rawHeaders });
  expect(fault?.refusal).toBe(refusal);
});
