import { expect, test } from 'vitest';
import { createHostCheck } from '../../../../src/sources/gateway/allowed-hosts.ts';
import { clientOfAddress } from '../../../../src/sources/gateway/client-address.ts';

const open = { isTls: false, allowedHosts: [], allowedOrigins: [] };
const local = createHostCheck({ ...open, isLoopback: true });
const remote = createHostCheck({ ...open, isLoopback: false });
const listed = createHostCheck({
  isLoopback: false,
  isTls: true,
  allowedHosts: ['mcp.example.com', 'other.example.com:8443', '*.internal'],
  allowedOrigins: ['https://app.example.com', 'vscode-webview://abc', 'null'],
});

test.each([
  'localhost',
  'localhost:19100',
  'LOCALHOST:1',
  'localhost.',
  'mcp.localhost:80',
  '127.0.0.1:19100',
  '127.8.9.1',
  '[::1]:19100',
])('on loopback a request for %s is ours', (host) => {
  expect(local.allowsHost(host)).toBe(true);
});

test.each([
  undefined,
  '',
  'evil.example.com',
  'evil.example.com:19100',
  'localhost.evil.example.com',
  'localhost@evil.example.com',
  'evil.example.com#localhost',
  'notlocalhost',
  '127.0.0.1.evil.example.com',
  '192.168.0.1',
  '0.0.0.0:19100',
  'localhost:19100:1',
  'localhost, evil.example.com',
  '[::1',
])('on loopback a request for %j is refused', (host) => {
  expect(local.allowsHost(host)).toBe(false);
  // Asked again it is still so: verdicts are kept.
  expect(local.allowsHost(host)).toBe(false);
});

test.each(['mcp.example.com', '10.0.0.5:19100', '[fe80::1]:1'])(
  'elsewhere, with nothing listed, %s may be asked for',
  (host) => {
    expect(remote.allowsHost(host)).toBe(true);
  },
);

test.each([undefined, '', 'a b', 'a/b', 'a@b'])('a Host of %j is none anywhere', (host) => {
  expect(remote.allowsHost(host)).toBe(false);
});

test.each([
  ['mcp.example.com', true],
  ['MCP.example.com:443', true],
  ['mcp.example.com.', true],
  ['localhost:1', true],
  ['other.example.com:8443', true],
  ['other.example.com', false],
  ['other.example.com:1', false],
  ['a.internal', true],
  ['a.b.internal:8', true],
  ['internal', false],
  ['xinternal', false],
  ['example.com', false],
  ['mcp.example.com.evil.org', false],
])('with some listed, %s is allowed: %s', (host, isAllowed) => {
  expect(listed.allowsHost(host)).toBe(isAllowed);
});

test.each([
  [undefined, true],
  ['http://localhost:6274', true],
  ['https://127.0.0.1', true],
  ['http://[::1]:80', true],
  ['http://evil.example.com', false],
  ['http://localhost.evil.example.com', false],
  ['null', false],
  ['localhost', false],
  ['file://localhost', false],
  ['http://localhost http://evil.example.com', false],
  ['', false],
])('on loopback the origin %s may call: %s', (origin, isAllowed) => {
  expect(local.allowsOrigin(origin, 'localhost:19100')).toBe(isAllowed);
});

test.each([
  ['https://mcp.example.com', 'mcp.example.com', true],
  ['http://mcp.example.com', 'mcp.example.com', false],
  ['https://MCP.example.com', 'mcp.example.com', true],
  ['https://mcp.example.com:444', 'mcp.example.com', false],
  ['https://app.example.com', 'mcp.example.com', true],
  ['vscode-webview://abc', 'mcp.example.com', true],
  ['null', 'mcp.example.com', true],
  ['https://app.example.com.evil.org', 'mcp.example.com', false],
  ['http://localhost', 'mcp.example.com', false],
])('with some listed, the origin %s may call %s: %s', (origin, host, isAllowed) => {
  expect(listed.allowsOrigin(origin, host)).toBe(isAllowed);
});

test('a name that anybody could point at us makes no origin ours, an address does', () => {
  expect(remote.allowsOrigin('http://evil.example.com', 'evil.example.com')).toBe(false);
  expect(remote.allowsOrigin('http://10.0.0.5:19100', '10.0.0.5:19100')).toBe(true);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('the client behind %s is %s', (address, client) => {
  expect(clientOfAddress(address)).toBe(client);
});
