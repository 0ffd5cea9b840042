import { expect, test } from 'vitest';
import {
  metadataPaths,
  resourceAddress,
  rewriteChallenge,
  rewriteMetadata,
} from '../../../../src/sources/gateway/resource-metadata.ts';

const OURS = 'http://gateway:19100/.well-known/oauth-protected-resource/files/mcp';
const THEIRS = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';

test.each([
  [`Bearer resource_metadata="${THEIRS}"`, `Bearer resource_metadata="${OURS}"`],
  [
    `Bearer error="invalid_token", resource_metadata="${THEIRS}", scope="a b"`,
    `Bearer error="invalid_token", resource_metadata="${OURS}", scope="a b"`,
  ],
  [`Bearer Resource_Metadata = "${THEIRS}"`, `Bearer resource_metadata="${OURS}"`],
  [`Bearer resource_metadata=${THEIRS},scope=a`, `Bearer resource_metadata="${OURS}",scope=a`],
  [`Bearer scope=a,resource_metadata="${THEIRS}"`, `Bearer scope=a,resource_metadata="${OURS}"`],
  [
    `Basic realm="x", Bearer resource_metadata="${THEIRS}", DPoP resource_metadata="${THEIRS}"`,
    `Basic realm="x", Bearer resource_metadata="${OURS}", DPoP resource_metadata="${OURS}"`,
  ],
  [`Bearer resource_metadata="${THEIRS}`, `Bearer resource_metadata="${OURS}"`],
])('in %s the address is replaced', (challenge, expected) => {
  expect(rewriteChallenge(challenge, OURS)).toEqual({ challenge: expected, metadata: THEIRS });
});

test.each([
  'Bearer',
  'Basic realm="mcp"',
  'Bearer realm="resource_metadata=x", error="invalid_token"',
  'Bearer realm="a \\", resource_metadata=x"',
  `Bearer x_resource_metadata="${THEIRS}"`,
])('%s stays as it is', (challenge) => {
  expect(rewriteChallenge(challenge, OURS)).toEqual({ challenge });
});

test('an escaped address is read as it is meant, and one of ours is escaped', () => {
  const { challenge, metadata } = rewriteChallenge(
    'Bearer resource_metadata="https://a/\\b"',
    'a"b',
  );
  expect(challenge).toBe('Bearer resource_metadata="a\\"b"');
  expect(metadata).toBe('https://a/b');
});

test('a header made of quotes and backslashes takes no longer than its length', () => {
  const challenge = `Bearer ${'"\\'.repeat(8_000)}`;
  const startedMs = performance.now();
  expect(rewriteChallenge(challenge, OURS).challenge).toBe(challenge);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test.each([
  ['files', 'gateway:19100', false, 'http://gateway:19100/files/mcp'],
  ['a b', 'MCP.example.com:443', true, 'https://mcp.example.com/a%20b/mcp'],
])('the address of %s at %s is %s', (server, host, isTls, resource) => {
  expect(resourceAddress(server, '/mcp', { host, isTls })).toEqual({
    resource,
    metadata: resource.replace(new URL(resource).origin, '$&/.well-known/oauth-protected-resource'),
  });
});

test.each([undefined, '', 'a b', 'a:b'])('%j is the host of no address', (host) => {
  expect(resourceAddress('files', '/mcp', { host, isTls: false })).toBeUndefined();
});

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

test.each([
  ['http://files:3000/mcp', undefined, [`${WELL_KNOWN}/mcp`, WELL_KNOWN]],
  ['http://files:3000/', undefined, [WELL_KNOWN]],
  ['http://files:3000/mcp', THEIRS, [`${WELL_KNOWN}/mcp`, WELL_KNOWN]],
  [
    'http://files:3000/mcp',
    'https://elsewhere/hidden?a=1',
    ['/hidden?a=1', `${WELL_KNOWN}/mcp`, WELL_KNOWN],
  ],
  ['http://files:3000/mcp', 'http://', [`${WELL_KNOWN}/mcp`, WELL_KNOWN]],
])('the metadata of %s, which names %s, may be at %j', (server, named, paths) => {
  expect(metadataPaths(new URL(server), named)).toEqual(paths);
});

test('only the resource is replaced, and a signature over the old one is left out', () => {
  const metadata = {
    resource: 'https://mcp.example.com/mcp',
    authorization_servers: ['https://login.example.com'],
    scopes_supported: ['a'],
    signed_metadata: 'e30.e30.',
  };
  expect(
    JSON.parse(rewriteMetadata(JSON.stringify(metadata), 'http://gateway/files/mcp') ?? ''),
  ).toEqual({
    resource: 'http://gateway/files/mcp',
    authorization_servers: ['https://login.example.com'],
    scopes_supported: ['a'],
  });
});

test.each(['', '<html>', 'null', '[]', '"resource"', '{}', '{"resource":1}'])(
  '%j is no metadata of a resource',
  (text) => {
    expect(rewriteMetadata(text, 'http://gateway/files/mcp')).toBeUndefined();
  },
);
