import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/settings/load-config.ts';

const VARIABLE = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';

async function load(text: string, env: Readonly<Record<string, string>> = {}) {
  return loadConfig({
    path: '/etc/mcp-exporter.yml',
    env,
    readText: async () => ({ ok: true, text: `mcpServers: { a: { command: x } }\n${text}` }),
  });
}

test.each<[string, string, Readonly<Record<string, string>>, string | undefined]>([
  ['nothing without a word about it', '', {}, undefined],
  ['what is written', 'log: { otlp: { endpoint: "http://a:1/otlp" } }', {}, 'http://a:1/otlp'],
  ['the environment', '', { [VARIABLE]: 'http://b:2/v1/logs' }, 'http://b:2/v1/logs'],
  ['nothing for an empty variable', '', { [VARIABLE]: ' ' }, undefined],
  [
    'what is written before the environment',
    'log: { otlp: { endpoint: "http://a:1" } }',
    { [VARIABLE]: 'http://b:2' },
    'http://a:1',
  ],
])('lines are shipped to %s', async (_case, text, env, endpoint) => {
  const result = await load(text, env);
  expect(result.ok && result.config.log.otlp?.endpoint).toBe(endpoint);
});

test('a header is a secret, and may come from the environment', async () => {
  const result = await load(
    'log: { otlp: { endpoint: "http://a:1", headers: { Authorization: "Bearer ${TOKEN}" } } }',
    { TOKEN: 'planted-token' },
  );
  expect(result.ok && result.config.log.otlp?.headers['Authorization']?.reveal()).toBe(
    'Bearer planted-token',
  );
  expect(JSON.stringify(result)).not.toContain('planted-token');
});

test.each([
  ['log: { otlp: { endpoint: loki } }', {}, 'log.otlp.endpoint'],
  ['log: { otlp: { headers: {} } }', {}, 'log.otlp'],
  ['', { [VARIABLE]: 'loki:3100' }, VARIABLE],
])('a mistake is reported with its place: %s %j', async (text, env, where) => {
  const result = await load(text, env);
  const told = result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(where);
});
