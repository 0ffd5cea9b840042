import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/settings/load-config.ts';
import { configOf, mistakesOf } from './load-text.ts';

const SERVERS = 'mcpServers: { a: { command: x } }';
const DAY_MS = 86_400_000;

test('by default the journal is beside the configuration, with its default limits', async () => {
  const { journal } = await configOf({ '/etc/mcp/mcp-exporter.yml': SERVERS });
  expect(journal).toEqual({
    path: '/etc/mcp/data/journal.sqlite',
    checksMs: 30 * DAY_MS,
    callsMs: 90 * DAY_MS,
    errorsMs: 90 * DAY_MS,
    alertsMs: 90 * DAY_MS,
    bytesMax: 512_000_000,
  });
});

test('path, ages and size can be chosen', async () => {
  const { journal } = await configOf(
    {
      '/etc/mcp/mcp-exporter.yml': `journal: { path: ~/events.db, checks: 36h, alerts: 400d, maxSize: 2GB }\n${SERVERS}`,
    },
    { HOME: '/home/ada' },
  );
  expect(journal).toEqual({
    path: '/home/ada/events.db',
    checksMs: 1.5 * DAY_MS,
    callsMs: 90 * DAY_MS,
    errorsMs: 90 * DAY_MS,
    alertsMs: 400 * DAY_MS,
    bytesMax: 2_000_000_000,
  });
});

test.each(['off', '"off"', 'false'])('journal.path: %s switches it off', async (path) => {
  const { journal } = await configOf(`journal: { path: ${path} }\n${SERVERS}`);
  expect(journal).not.toHaveProperty('path');
});

const CLIENT_FILE = '{ "mcpServers": { "a": { "command": "x" } } }';

test.each([
  [{ XDG_STATE_HOME: '/state', HOME: '/home/ada' }, '/state/mcp-exporter/'],
  [{ XDG_STATE_HOME: 'relative', HOME: '/home/ada' }, '/home/ada/.local/state/mcp-exporter/'],
  [{ HOME: '/home/ada' }, '/home/ada/.local/state/mcp-exporter/'],
  [{}, undefined],
])(
  "with a client's file as the configuration and %j the journal is not put beside it",
  async (env, folder) => {
    const { journal } = await configOf({ '/home/ada/.cursor/mcp.json': CLIENT_FILE }, env);
    if (folder === undefined) expect(journal).not.toHaveProperty('path');
    else expect(journal.path).toMatch(new RegExp(`^${folder}journal-[0-9a-f]{12}\\.sqlite$`));
  },
);

test("two clients' files have two journals", async () => {
  const env = { HOME: '/home/ada' };
  const one = await configOf({ '/a/.mcp.json': CLIENT_FILE }, env);
  const other = await configOf({ '/b/.mcp.json': CLIENT_FILE }, env);
  expect(one.journal.path).not.toBe(other.journal.path);
});

test('the token of the webhook is read from its file and stays a secret', async () => {
  const config = await configOf({
    '/etc/mcp/main.yml': `alertWebhook: { tokenFile: ./token }\n${SERVERS}`,
    '/etc/mcp/token': ' s3cret \n',
  });
  expect(config.alertWebhook.token?.reveal()).toBe('s3cret');
  expect(JSON.stringify(config)).not.toContain('s3cret');
  expect((await configOf(SERVERS)).alertWebhook).toEqual({});
});

test.each([
  ['journal: { path: "" }', 'journal.path  must not be empty'],
  ['journal: { path: 7 }', 'journal.path  must be the path of a file, or off'],
  ['journal: { checks: 5m }', 'journal.checks  must be a duration'],
  ['journal: { maxSize: 1MB }', 'journal.maxSize  must be a size'],
  ['journal: { maxsize: 1GB }', 'maxSize'],
  ['alertWebhook: { tokenFile: ./missing }', 'alertWebhook.tokenFile  the file does not exist'],
])('%s is a mistake', async (text, message) => {
  expect(await mistakesOf(`${text}\n${SERVERS}`)).toContain(message);
});

const VARIABLE = 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT';

async function loadWithLogs(text: string, env: Readonly<Record<string, string>> = {}) {
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
  const result = await loadWithLogs(text, env);
  expect(result.ok && result.config.log.otlp?.endpoint).toBe(endpoint);
});

test('a header is a secret, and may come from the environment', async () => {
  const result = await loadWithLogs(
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
  const result = await loadWithLogs(text, env);
  const told = result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(where);
});
