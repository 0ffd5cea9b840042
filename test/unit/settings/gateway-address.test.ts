import { expect, test } from 'vitest';
import {
  GATEWAY_LISTEN_DEFAULT,
  LISTEN_DEFAULT,
  localUrl,
  peekGateway,
  peekListen,
} from '../../../src/settings/gateway-address.ts';
import { GatewaySchema } from '../../../src/settings/gateway.ts';
import { createFakeFiles } from '../../fakes/fake-files.ts';

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
  const path = text.startsWith('{ "') ? 'client.json' : 'mcp-exporter.yml';
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

const own = (host: string, port: number) => ({ kind: 'address', listen: { host, port } });

test.each([
  ['without a listen key', 'mcpServers: {}', { kind: 'address', listen: LISTEN_DEFAULT }],
  ['of a client', '{ "mcpServers": {} }', { kind: 'address', listen: LISTEN_DEFAULT }],
  ['with an address', 'listen: "[::]:5"', own('::', 5)],
  ['with a variable for it', 'listen: "127.0.0.1:${PORT}"', { kind: 'unclear' }],
  ['with TLS or users', 'webConfigFile: web.yml', { kind: 'unclear' }],
  ['of bad syntax', ': {', { kind: 'unclear' }],
])('a file %s says where the service listens', async (_name, text, peek) => {
  const path = text.startsWith('{ "') ? 'client.json' : 'mcp-exporter.yml';
  expect(await peekListen(path, createFakeFiles({ [path]: text }))).toEqual(peek);
});
