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
const servers = {
  isConfigured: (name: string) =>
    ['files', 'private', 'root', 'local', 'named', 'a b'].includes(name),
  hasMetadata: (name: string) => name === 'named' || name === 'a b',
};
const find = (url: string, host: string | undefined) => findRoute(url, host, addresses, servers);

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
  expect(find(url, host)).toEqual(findRoute(url, host, createPublicAddresses([]), servers));
});

const METADATA = '/.well-known/oauth-protected-resource';

test.each([
  [`${METADATA}/named/mcp`, 'named', '/mcp'],
  [`${METADATA}/named/sse?a=1`, 'named', '/sse'],
  [`${METADATA}/a%20b/mcp`, 'a b', '/mcp'],
])('%s is metadata of the gateway’s own address of %s', (url, name, route) => {
  const found = { name, route, metadataOf: route };
  expect(find(url, 'localhost')).toMatchObject(found);
  expect(find(url, 'mcp.example.com')).toMatchObject(found);
  expect(findRoute(url, undefined, createPublicAddresses([]), servers)).toMatchObject(found);
});

test.each([
  METADATA,
  `${METADATA}/named`,
  `${METADATA}/named/mcp/`,
  `${METADATA}/named/other`,
  `${METADATA}/files/mcp`,
  `${METADATA}/unknown/mcp`,
  `${METADATA}x/named/mcp`,
  '/.well-known/oauth-authorization-server/named/mcp',
  '/named/mcp',
])('%s is no metadata of the gateway’s own', (url) => {
  for (const host of ['localhost', 'mcp.example.com'])
    expect(find(url, host)).not.toHaveProperty('metadataOf');
});
