import { expect, test } from 'vitest';
import { ConfigSchema, findRestartChanges, leafKeys } from '../../../src/settings/config-schema.ts';
import { choice, map, section, text } from '../../../src/settings/schema-types.ts';
import { configOf } from './load-text.ts';

const leaves = leafKeys(ConfigSchema);

test('every key says whether a reload applies its change', () => {
  expect(leaves.length).toBeGreaterThan(150);
  expect(leaves.filter(({ isReloadable }) => isReloadable === undefined)).toEqual([]);
});

test('a key that does not say it is found at any depth', () => {
  const schema = section(
    {
      said: text({ description: 'a', reloadable: false }).optional(),
      servers: map(section({ mode: choice(['a'], { description: 'b' }) }, { description: 'c' }), {
        description: 'd',
      }),
    },
    { description: 'e' },
  );
  expect(leafKeys(schema)).toEqual([
    { path: 'said', isReloadable: false },
    { path: 'servers.NAME.mode', isReloadable: undefined },
  ]);
});

test('no key of a server or of an alert waits for the next start', () => {
  const waiting = leaves.filter(({ isReloadable }) => isReloadable === false);
  expect(waiting.length).toBeGreaterThan(20);
  expect(waiting.filter(({ path }) => /NAME|\[\]/.test(path))).toEqual([]);
});

const SERVER = 'mcpServers: { a: { command: x } }\n';
const FILES = { token: 'first', other: 'second' };

test.each([
  ['probe: { concurrency: 8 }', 'probe: { concurrency: 9 }', ['probe.concurrency']],
  ['listen: 127.0.0.1:1', 'listen: 127.0.0.1:2', ['listen']],
  ['gateway: { listen: off }', '', ['gateway.listen']],
  ['gateway: { bodyLimit: 1MB }', 'gateway: { bodyLimit: 2MB }', ['gateway.bodyLimit']],
  ['gateway: { sessionIdle: 1m }', 'gateway: { sessionIdle: 2m }', ['gateway.sessionIdle']],
  ['log: { level: info }', 'log: { level: debug, access: false }', ['log.level', 'log.access']],
  [
    'log: { file: { path: a.log } }',
    'log: { file: { path: b.log, maxFiles: 2 } }',
    ['log.file.path', 'log.file.maxFiles'],
  ],
  ['audit: { redactKeys: [a] }', 'audit: { redactKeys: [b] }', ['audit.redactKeys']],
  ['metrics: { toolHistogram: false }', '', ['metrics.toolHistogram']],
  [
    'tracing: { headers: { A: first } }',
    'tracing: { headers: { A: second } }',
    ['tracing.headers'],
  ],
  ['journal: { checks: 1d }', 'journal: { checks: 2d }', ['journal.checks']],
  ['admin: { tokenFile: token }', 'admin: { tokenFile: other }', ['admin.tokenFile']],
  ['alertWebhook: { tokenFile: token }', '', ['alertWebhook.tokenFile']],
])('from %j to %j the change of %j waits for the next start', async (before, now, keys) => {
  const load = (text: string) => configOf({ 'mcp-exporter.yml': `${SERVER}${text}`, ...FILES });
  expect(findRestartChanges(await load(before), await load(now))).toEqual(keys);
});

test('a new content of a token file waits for the next start', async () => {
  const load = (token: string) =>
    configOf({ 'mcp-exporter.yml': `${SERVER}admin: { tokenFile: token }`, token });
  expect(findRestartChanges(await load('first'), await load('second'))).toEqual([
    'admin.tokenFile',
  ]);
  expect(findRestartChanges(await load('first'), await load('first'))).toEqual([]);
});

test.each([
  ['probe: { allowUrlTargets: true }'],
  ['defaults: { interval: 1m }'],
  ['gateway: { allowedHosts: [a.example.com], rateLimit: { requests: 3 }, timeout: 1m }'],
  ['alertRulesFile: other.yml'],
  ['probe: { concurrency: 256 }\nlog: { level: info }\ngateway: { bodyLimit: 16MB }'],
])('a change of %j needs no restart', async (text) => {
  const [before, now] = [await configOf(SERVER), await configOf(`${SERVER}${text}`)];
  expect(findRestartChanges(before, now)).toEqual([]);
});
