import { expect, test } from 'vitest';
import { Secret } from '../../../src/facts/secret.ts';
import { endpointLabel, isTlsVerified } from '../../../src/facts/server.ts';
import { buildServer } from '../../fakes/build-server.ts';

function labelOf(url: string, ...secrets: readonly string[]): string {
  return endpointLabel(buildServer('a', { url, secrets: secrets.map((text) => new Secret(text)) }));
}

test.each<[string, string, string]>([
  ['has scheme, host, port and path', 'http://127.0.0.1:9/mcp', 'http://127.0.0.1:9/mcp'],
  ['has no query and no fragment', 'https://h.example/mcp?key=1#x', 'https://h.example/mcp'],
  ['has no user information', 'https://u:p@h.example/mcp', 'https://h.example/mcp'],
  ['of what is no URL says so', 'nonsense', 'invalid-url'],
])('the endpoint of a server %s', (_sentence, url, label) => {
  expect(labelOf(url)).toBe(label);
});

test.each<[string, string, string, string]>([
  ['as it is', 'https://h.example/k-12345/mcp', 'k-12345', 'https://h.example/***/mcp'],
  ['that the URL encodes', 'https://h.example/a b/c{d/mcp', 'a b/c{d', 'https://h.example/***/mcp'],
  [
    'that is encoded already',
    'https://h.example/a%2Fbcd/mcp',
    'a/bcd',
    'https://h.example/***/mcp',
  ],
  ['in the host', 'https://tenant-77.example/mcp', 'tenant-77', 'https://***.example/mcp'],
  ['where a mask makes no URL', 'http://127.0.0.1:45678/key', '45678', 'http://127.0.0.1:***/key'],
])('a secret in a URL is masked, %s', (_sentence, url, secret, label) => {
  expect(labelOf(url, secret)).toBe(label);
});

test('the endpoint of a child is the base name of its command', () => {
  const target = {
    kind: 'stdio',
    command: '/usr/local/bin/server-k-12345',
    args: ['--token', 'x'],
    env: {},
  } as const;
  expect(endpointLabel(buildServer('a', { target }))).toBe('server-k-12345');
  expect(endpointLabel(buildServer('a', { target, secrets: [new Secret('k-12345')] }))).toBe(
    'server-***',
  );
});

test.each([
  ['https://h.example/mcp', false, true],
  ['https://h.example/mcp', true, false],
  ['http://h.example/mcp', true, undefined],
])('TLS to %s with insecureSkipVerify %s is verified: %s', (url, tlsSkipVerify, verified) => {
  const target = { kind: 'http', url, transport: 'http', headers: {}, tlsSkipVerify } as const;
  expect(isTlsVerified(target)).toBe(verified);
});
