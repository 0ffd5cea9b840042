import { expect, test } from 'vitest';
import { loadOneServer } from '../../../src/settings/load-config.ts';
import { createFakeFiles } from '../../fakes/fake-files.ts';

const PATH = 'mcp-exporter.yml';

function load(text: string, name = 'a') {
  return loadOneServer(name, { path: PATH, env: {}, readText: createFakeFiles({ [PATH]: text }) });
}

test('a file without a mistake is read as it is', async () => {
  const loaded = await load('mcpServers: { a: { command: x }, b: { command: y } }');
  expect(loaded).toMatchObject({ ok: true, spec: { name: 'a' }, names: ['a', 'b'], problems: [] });
});

test.each([
  ['another server', 'mcpServers: { a: { command: x }, b: { comand: y } }'],
  ['a variable of another server', 'mcpServers: { a: { command: x }, b: { command: "${NO}" } }'],
  ['the defaults', 'defaults: { interval: often }\nmcpServers: { a: { command: x } }'],
  ['the gateway', 'gateway: { timeout: never }\nmcpServers: { a: { command: x } }'],
  ['how it is watched', 'mcpServers: { a: { command: x, monitor: { interval: often } } }'],
])('a mistake in %s is reported, and the server can be used', async (_name, text) => {
  const loaded = await load(text);
  expect(loaded).toMatchObject({ ok: true, spec: { name: 'a', target: { command: 'x' } } });
  expect(loaded.problems).not.toEqual([]);
});

test.each([
  ['in its own entry', 'mcpServers: { a: { comand: x } }'],
  ['of syntax', 'mcpServers: { a: { command: x }'],
])('a mistake %s refuses the server', async (_name, text) => {
  expect(await load(text)).toMatchObject({ ok: false });
});

test('an excerpt of a file keeps the address of the gateway', async () => {
  const loaded = await load(
    'gateway: { listen: 127.0.0.1:4000 }\nmcpServers: { a: { command: x }, b: { comand: y } }',
  );
  expect(loaded).toMatchObject({ ok: true, gateway: { listen: { port: 4000 } } });
});
