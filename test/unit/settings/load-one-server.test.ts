import { expect, test } from 'vitest';
import { GatewaySchema } from '../../../src/settings/gateway.ts';
import { loadOneServer } from '../../../src/settings/load-one-server.ts';
import { GATEWAY_LISTEN_DEFAULT } from '../../../src/settings/listen-address.ts';
import { localUrl, peekGateway } from '../../../src/settings/gateway-address.ts';
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

test('the default address of the gateway is that of the schema', () => {
  expect(GatewaySchema.parse({}).listen).toEqual(GATEWAY_LISTEN_DEFAULT);
});

const standard = { kind: 'address', listen: { host: '127.0.0.1', port: 19_100 } };

test.each([
  ['without a gateway key', 'mcpServers: {}', standard],
  ['of a client', '{ "mcpServers": {} }', standard],
  [
    'with an address',
    'gateway: { listen: "[::1]:5" }',
    { kind: 'address', listen: { host: '::1', port: 5 } },
  ],
  ['that switches it off', 'gateway: { listen: off }', { kind: 'off' }],
  ['with a variable for it', 'gateway: { listen: "127.0.0.1:${PORT}" }', { kind: 'unclear' }],
  ['with credentials', 'gateway: { authentication: {} }', { kind: 'unclear' }],
  ['of bad syntax', ': {', standard],
  [
    'of bad syntax with an address',
    'gateway:\n  listen: 127.0.0.1:5\nmcpServers: {',
    { kind: 'address', listen: { host: '127.0.0.1', port: 5 } },
  ],
  ['of bad syntax with credentials', 'gateway: { authentication: {', { kind: 'unclear' }],
])('a file %s says where the gateway listens', async (_name, text, peek) => {
  const path = text.startsWith('{ "') ? 'client.json' : PATH;
  expect(await peekGateway(path, createFakeFiles({ [path]: text }))).toEqual(peek);
});

test.each([
  ['127.0.0.1', 'http://127.0.0.1:1'],
  ['0.0.0.0', 'http://127.0.0.1:1'],
  ['::', 'http://[::1]:1'],
  ['localhost', 'http://localhost:1'],
])('a listener on %s is reached at %s', (host, url) => {
  expect(localUrl({ host, port: 1 })).toBe(url);
});
