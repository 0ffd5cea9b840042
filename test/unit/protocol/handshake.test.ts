import { expect, test } from 'vitest';
import { readDiscoverResult, readInitializeResult } from '../../../src/protocol/handshake.ts';

const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  serverInfo: { name: 'n', version: 'v' },
};
const DISCOVER = { supportedVersions: ['2026-07-28'], capabilities: {} };

test.each([
  [
    'a complete one',
    INITIALIZE,
    { protocolVersion: '2025-06-18', implementation: 'n', version: 'v' },
  ],
  [
    'one without a version',
    { ...INITIALIZE, serverInfo: { name: 'n' } },
    { implementation: 'n', version: '' },
  ],
  [
    'the first revision',
    { ...INITIALIZE, protocolVersion: '2024-10-07' },
    { protocolVersion: '2024-10-07' },
  ],
])('an initialize result is read: %s', (_, result, handshake) => {
  expect(readInitializeResult(result)).toMatchObject({ ok: true, handshake });
});

test.each([
  ['no object', [], 'not an object'],
  ['no protocolVersion', { ...INITIALIZE, protocolVersion: 7 }, 'protocolVersion'],
  ['an unknown protocolVersion', { ...INITIALIZE, protocolVersion: 'x'.repeat(99) }, '…'],
  [
    'the modern protocolVersion',
    { ...INITIALIZE, protocolVersion: '2026-07-28' },
    'no revision with initialize',
  ],
  ['no capabilities', { ...INITIALIZE, capabilities: undefined }, 'capabilities'],
  ['no serverInfo', { ...INITIALIZE, serverInfo: {} }, 'serverInfo'],
])('an initialize result is refused: %s', (_, result, reason) => {
  expect(readInitializeResult(result)).toMatchObject({
    ok: false,
    reason: expect.stringContaining(reason) as string,
  });
});

test.each([
  ['anonymous', DISCOVER, { protocolVersion: '2026-07-28', implementation: '', version: '' }],
  [
    'named in _meta',
    { ...DISCOVER, _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'n', version: 'v' } } },
    { implementation: 'n', version: 'v' },
  ],
  [
    'named beside it',
    { ...DISCOVER, serverInfo: { name: 'n', version: 'v' } },
    { implementation: 'n', version: 'v' },
  ],
])('a DiscoverResult is read: %s', (_, result, handshake) => {
  expect(readDiscoverResult(result)).toMatchObject({ ok: true, handshake });
});

test.each([
  ['another shape', { ok: true }],
  ['another version', { ...DISCOVER, supportedVersions: ['2025-11-25'] }],
])('a DiscoverResult is refused: %s', (_, result) => {
  expect(readDiscoverResult(result)).toMatchObject({ ok: false });
});
