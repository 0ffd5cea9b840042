import { expect, test } from 'vitest';
import {
  createPublicAddresses,
  findRoute,
} from '../../../../src/sources/gateway/public-addresses.ts';
import { buildServer } from '../../../fakes/build-server.ts';

const serverAt = (name: string, publicUrl: string) => buildServer(name, { gateway: { publicUrl } });
const addresses = createPublicAddresses([
  serverAt('files', 'https://mcp.example.com/files'),
  serverAt('private', 'https://mcp.example.com/files/private'),
  serverAt('root', 'https://mcp.example.com/'),
  serverAt('local', 'http://localhost:8080/mcp'),
  buildServer('named'),
]);
const isServer = (name: string) => ['files', 'private', 'root', 'local', 'named'].includes(name);
const find = (url: string, host: string | undefined) => findRoute(url, host, addresses, isServer);

test.each([
  ['mcp.example.com', '/files', 'files', true],
  ['MCP.example.com:443', '/files', 'files', true],
  ['mcp.example.com.', '/files?a=1', 'files', true],
  ['mcp.example.com', '/files/messages', 'files', false],
  ['mcp.example.com', '/files/private', 'private', true],
  ['mcp.example.com', '/.well-known/oauth-protected-resource/files/private', 'private', false],
  ['mcp.example.com', '/.well-known/oauth-protected-resource/files', 'files', false],
  ['mcp.example.com', '/', 'root', true],
  ['mcp.example.com', '/filesystem', 'root', false],
  ['mcp.example.com', '/authorize?state=1', 'root', false],
  ['mcp.example.com', '/.well-known/oauth-authorization-server', 'root', false],
  ['localhost:8080', '/token', 'local', false],
  ['localhost:8080', '/mcp', 'local', true],
])('%s %s belongs to %s', (host, url, name, isEndpoint) => {
  const [route, query = ''] = url.split('?');
  expect(find(url, host)).toMatchObject({
    name,
    route,
    query: query && `?${query}`,
    publicPlace: { isEndpoint },
  });
});

test.each([
  ['mcp.example.com', '/named/mcp'],
  ['mcp.example.com', '/-/identity'],
  ['localhost', '/named/mcp'],
  ['localhost', '/token'],
  [undefined, '/named/mcp'],
])('%s %s is found by its path alone', (host, url) => {
  expect(find(url, host)).toEqual(findRoute(url, host, createPublicAddresses([]), isServer));
});
