import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { findHeadFault, useOriginForm } from '../../../../src/sources/gateway/request-head.ts';

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

test.each([
  ['/files/mcp?a=1', 'other', '/files/mcp?a=1', 'other'],
  ['http://localhost:9000/files/mcp?a=1', 'other', '/files/mcp?a=1', 'localhost:9000'],
  ['HTTPS://gateway.example', 'other', '/', 'gateway.example'],
  ['http://gateway.example?a=1', 'other', '/?a=1', 'gateway.example'],
  ['ftp://gateway.example/a', 'other', 'ftp://gateway.example/a', 'other'],
  ['*', 'other', '*', 'other'],
])('the target %s with Host %s is read as %s of %s', (target, host, path, authority) => {
  const request = new IncomingMessage(new Socket());
  request.url = target;
  request.headers.host = host;
  request.rawHeaders = ['Accept', 'host', 'Host', host];
  useOriginForm(request);
  expect([request.url, request.headers.host]).toEqual([path, authority]);
  expect(request.rawHeaders).toEqual(['Accept', 'host', 'Host', authority]);
});
