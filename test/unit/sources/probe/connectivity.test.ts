import { expect, test } from 'vitest';
import {
  type ConnectivityEvidence,
  type ConnectivityState,
  forgetServer,
  INITIAL_CONNECTIVITY,
  remoteHostOf,
  weighConnectivity,
} from '../../../../src/sources/probe/connectivity.ts';
import type { ProbeOutcome } from '../../../../src/facts/probe-outcome.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

/** `host outcome`, a second apart unless `stepMs` says otherwise. */
function weighAll(
  checks: readonly string[],
  stepMs = 1_000,
  from: ConnectivityState = INITIAL_CONNECTIVITY,
): ConnectivityState {
  return checks.reduce((state, check, index) => {
    const [host = '', outcome = ''] = check.split(' ');
    const evidence: ConnectivityEvidence = {
      host,
      server: `on-${host}`,
      outcome: outcome as ProbeOutcome,
      isOffline: false,
      atMs: asMonotonicMs(index * stepMs),
    };
    return weighConnectivity(state, evidence);
  }, from);
}

const LOST = ['a dns', 'b timeout', 'c dns'];

test.each<[string, string[], boolean]>([
  ['three hosts that fail by dns or timeout raise it', LOST, true],
  ['two hosts do not', ['a dns', 'b timeout', 'a dns', 'b timeout'], false],
  ['one host with three servers does not', ['a dns', 'a dns', 'a dns'], false],
  ['a refusal among them speaks against it', ['a dns', 'b refused', 'c dns'], false],
  ['a success among them speaks against it', ['a dns', 'b timeout', 'd ok', 'c dns'], false],
  ['a success lifts it', [...LOST, 'd ok'], false],
  ['a failure of another kind lifts it', [...LOST, 'a http_5xx'], false],
  ['more of the same keeps it', [...LOST, 'a dns', 'd timeout'], true],
  ['after a success three hosts have to fail again', [...LOST, 'd ok', 'a dns', 'b dns'], false],
])('suspicion: %s', (_sentence, checks, isSuspected) => {
  expect(weighAll(checks).isSuspected).toBe(isSuspected);
});

test('does not suspect our network when three hosts fail minutes apart', () => {
  expect(weighAll(LOST, 40_000).isSuspected).toBe(false);
});

test('keeps a suspicion however long it lasts', () => {
  const later = {
    host: 'a',
    server: 'on-a',
    outcome: 'dns',
    isOffline: false,
    atMs: asMonotonicMs(3_600_000),
  } as const;
  expect(weighConnectivity(weighAll(LOST), later).isSuspected).toBe(true);
});

test('ignores servers that are Offline already', () => {
  const offline = {
    host: 'c',
    server: 'on-c',
    outcome: 'dns',
    isOffline: true,
    atMs: asMonotonicMs(3_000),
  } as const;
  expect(weighConnectivity(weighAll(['a dns', 'b dns']), offline).isSuspected).toBe(false);
});

test('drops the evidence of a server that leaves the configuration', () => {
  expect(forgetServer(weighAll(LOST), 'on-b').isSuspected).toBe(false);
  expect(forgetServer(weighAll([...LOST, 'd dns']), 'on-b').isSuspected).toBe(true);
});

test('remembers a bounded number of hosts', () => {
  const hosts = Array.from({ length: 1_000 }, (_, index) => `h${index} dns`);
  expect(weighAll(hosts, 1).lost.size).toBe(16);
});

test.each([
  ['http://127.0.0.1:3000/mcp'],
  ['http://127.8.0.1/mcp'],
  ['http://localhost:3000/mcp'],
  ['http://api.localhost/mcp'],
  ['http://LOCALHOST./mcp'],
  ['http://[::1]:3000/mcp'],
  ['http://[::ffff:127.0.0.1]/mcp'],
  ['http://0.0.0.0:3000/mcp'],
  ['not a url'],
])('%s is no remote host', (url) => {
  expect(remoteHostOf(buildServer('a', { url }).target)).toBeUndefined();
});

test.each([
  ['https://mcp.example.com/mcp', 'mcp.example.com'],
  ['http://10.0.0.7:8080/mcp', '10.0.0.7'],
  ['http://127.example.com/', '127.example.com'],
  ['http://localhost.example.com/', 'localhost.example.com'],
])('the remote host of %s is %s', (url, host) => {
  expect(remoteHostOf(buildServer('a', { url }).target)).toBe(host);
});

test('has no remote host for a child process', () => {
  expect(remoteHostOf({ kind: 'stdio', command: 'node', args: [], env: {} })).toBeUndefined();
});
