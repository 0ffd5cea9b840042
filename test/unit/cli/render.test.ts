import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../../src/cli/run.ts';
import { createFakeContext } from '../../fakes/fake-context.ts';

const CONFIG = `mcpServers: { a: { url: 'http://127.0.0.1:1/mcp' } }
alerts: [{ name: Slow, metric: response_time, op: '>', threshold: 500ms }]
alerting: { webhooks: [{ url: 'http://127.0.0.1:9/hook' }], slack: { webhookUrlFile: /run/secrets/slack, channel: '#mcp' } }
`;

async function setUp(text = CONFIG) {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-render-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'mcp-exporter.yml');
  await writeFile(config, text);
  return { folder, config, context: createFakeContext() };
}

test('render alertmanager prints the channels that are configured, and no others', async () => {
  const { config, context } = await setUp();
  expect(await run(['render', 'alertmanager', '--config', config], context)).toBe(0);
  const { receivers } = parse(context.out()) as { receivers: Record<string, unknown>[] };
  const kinds = new Set(receivers.flatMap((receiver) => Object.keys(receiver)));
  expect([...kinds].toSorted()).toEqual(['name', 'slack_configs', 'webhook_configs']);
  expect(context.err()).toBe('');
});

test('render rules prints the alerts', async () => {
  const { config, context } = await setUp();
  expect(await run(['render', 'rules', '-c', config], context)).toBe(0);
  expect(parse(context.out())).toMatchObject({ groups: [{ rules: [{ alert: 'Slow' }] }] });
});

test('an output file is written for its owner and group, and replaced as a whole', async () => {
  const { folder, config, context } = await setUp();
  const output = join(folder, 'new', 'alertmanager.yml');
  expect(await run(['render', 'alertmanager', '-c', config, '-o', output], context)).toBe(0);
  expect(await run(['render', 'alertmanager', '-c', config, '-o', output], context)).toBe(0);
  expect((await stat(output)).mode & 0o777).toBe(0o640);
  expect(parse(await readFile(output, 'utf8'))).toHaveProperty('route');
  expect(context.out()).toBe('');
});

test('without a channel the file is good, and a warning says that nobody is notified', async () => {
  const { config, context } = await setUp('mcpServers: {}\n');
  expect(await run(['render', 'alertmanager', '-c', config], context)).toBe(0);
  expect(context.err()).toContain('will notify nobody');
  expect(parse(context.out())).toHaveProperty('route');
});

test.each([
  ['a bad configuration', 'alerts: 5\n', [], 'must be a list'],
  ['a folder in the place of the file', CONFIG, ['-o', '/'], 'cannot be written'],
])('%s is a failure that says why', async (_, text, more, message) => {
  const { config, context } = await setUp(text);
  expect(await run(['render', 'alertmanager', '-c', config, ...more], context)).toBe(1);
  expect(context.err()).toContain(message);
});

test('anything else to render is a mistake of usage', async () => {
  const { context } = await setUp();
  expect(await run(['render', 'grafana'], context)).toBe(2);
  expect(context.err()).toContain('alertmanager, rules');
});
