import { expect, test } from 'vitest';
import {
  findServerChanges,
  reopeningOf,
  SERVER_CHANGE_KEYS,
} from '../../../src/facts/rules/server-changes.ts';
import { Secret } from '../../../src/facts/secret.ts';
import type { ServerSpec } from '../../../src/facts/server.ts';
import {
  ConfigSchema,
  IGNORED_CLIENT_KEYS,
  leafKeys,
} from '../../../src/settings/config-schema.ts';
import { buildServer, type ServerOverrides } from '../../fakes/build-server.ts';

/** Keys that are another way to write one of the others, or that end up in its value. */
const OTHER_WAYS: Readonly<Record<string, string>> = {
  envFile: 'env',
  transport: 'type',
  disabled: 'monitor.enabled',
  ...Object.fromEntries(
    ['caFile', 'certFile', 'keyFile', 'serverName', 'insecureSkipVerify'].map((key) => [
      `monitor.tls.${key}`,
      `tls.${key}`,
    ]),
  ),
};

test('every key of a server is compared', () => {
  const prefix = 'mcpServers.NAME.';
  const keys = leafKeys(ConfigSchema).flatMap(({ path }) =>
    path.startsWith(prefix) ? [path.slice(prefix.length)] : [],
  );
  const ignored: readonly string[] = IGNORED_CLIENT_KEYS;
  expect(keys.length).toBeGreaterThan(30);
  const isCompared = (key: string): boolean =>
    SERVER_CHANGE_KEYS.some(({ key: known }) => key === known || key.startsWith(`${known}.`));
  expect(
    keys.filter((key) => !ignored.includes(key) && !isCompared(OTHER_WAYS[key] ?? key)),
  ).toEqual([]);
});

const http = (more: object): ServerOverrides => ({
  target: {
    kind: 'http',
    url: 'http://127.0.0.1:9/a',
    transport: 'auto',
    headers: {},
    tlsSkipVerify: false,
    ...more,
  },
});
const STDIO = { kind: 'stdio', command: 'x', args: [], env: {} } as const;

test.each<[ServerOverrides, string, string]>([
  [http({ url: 'http://127.0.0.1:9/b' }), 'url', 'all'],
  [http({ headers: { a: new Secret('t') } }), 'headers', 'all'],
  [http({ tlsCa: 'PEM' }), 'tls.caFile', 'all'],
  [http({ proxy: new Secret('http://proxy:1') }), 'proxy', 'all'],
  [{ target: STDIO }, 'command', 'all'],
  [{ unresolved: 'TOKEN is not set' }, 'variables', 'all'],
  [{ monitor: { era: 'modern' } }, 'monitor.era', 'checks'],
  [{ monitor: { enabled: false } }, 'monitor.enabled', 'checks'],
  [{ monitor: { timeoutMs: 1 } }, 'monitor.timeout', 'none'],
  [{ gateway: { timeoutMs: 1 } }, 'gateway.timeout', 'none'],
  [{ gateway: { injectHeaders: false } }, 'gateway.injectHeaders', 'all'],
])('%j is a change of %s that reopens %s', (overrides, key, reopens) => {
  const changes = findServerChanges(buildServer('a'), buildServer('a', overrides));
  expect(changes).toEqual([{ key, reopens }]);
  expect(reopeningOf(changes)).toBe(reopens);
});

const withEnv = (env: Record<string, string>): ServerSpec =>
  buildServer('a', {
    target: {
      ...STDIO,
      env: Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, new Secret(value)]),
      ),
    },
  });

test('a secret is compared by its value, and keys in any order', () => {
  expect(findServerChanges(withEnv({ A: '1', B: '2' }), withEnv({ B: '2', A: '1' }))).toEqual([]);
  expect(findServerChanges(withEnv({ A: '1' }), withEnv({ A: '2' }))).toMatchObject([
    { key: 'env' },
  ]);
});

test('where a server is defined does not matter', () => {
  const moved = buildServer('a', { source: 'other.json:9' });
  expect(findServerChanges(buildServer('a'), moved)).toEqual([]);
});
