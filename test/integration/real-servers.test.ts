import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isInstalled } from './support/observe-real-server.ts';
import { REAL_SERVERS } from './support/real-servers.ts';
import { SERVERS_DIRECTORY } from './support/server-programs.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

function packagesOf(servers: typeof REAL_SERVERS): Set<string> {
  return new Set(servers.map((server) => server.package));
}

test('at least fourteen programs that nobody here wrote are checked', () => {
  expect(packagesOf(REAL_SERVERS).size).toBeGreaterThanOrEqual(14);
});

test('at least four of them are not written in TypeScript', () => {
  const others = REAL_SERVERS.filter((server) => server.madeWith !== 'TypeScript');
  expect(packagesOf(others).size).toBeGreaterThanOrEqual(4);
});

test('all three transports occur, each with at least three programs', () => {
  for (const transport of ['stdio', 'http', 'sse']) {
    const servers = REAL_SERVERS.filter((server) => server.transport === transport);
    expect(packagesOf(servers).size, transport).toBeGreaterThanOrEqual(3);
  }
});

test('at least four revisions occur, the modern one among them', () => {
  const revisions = new Set(REAL_SERVERS.map((server) => server.protocolVersion));
  expect(revisions.size).toBeGreaterThanOrEqual(4);
  expect(revisions).toContain('2026-07-28');
});

test('every row has a name of its own', () => {
  expect(new Set(REAL_SERVERS.map((server) => server.name)).size).toBe(REAL_SERVERS.length);
});

/** Installed beside them for the tests of OAuth and of proxies. */
const NO_MCP_SERVERS = ['oidc-provider', 'proxy-chain'];

test('each installed program is checked, at exactly the version that the manifest names', async () => {
  const text = await readFile(join(SERVERS_DIRECTORY, 'package.json'), 'utf8');
  const manifest = JSON.parse(text) as Manifest;
  const versions = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const servers = Object.keys(versions).filter((name) => !NO_MCP_SERVERS.includes(name));
  expect(new Set(servers)).toEqual(packagesOf(REAL_SERVERS));
  for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'no row is left out on Linux with x64',
  () => {
    expect(REAL_SERVERS.filter((server) => !isInstalled(server))).toEqual([]);
  },
);
