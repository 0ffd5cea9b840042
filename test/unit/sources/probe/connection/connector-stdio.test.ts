import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import { createConnector } from '../../../../../src/sources/probe/connection/connector.ts';
import type { ChildExited, ChildStarted } from '../../../../../src/facts/child-facts.ts';
import type { MonitorSettings } from '../../../../../src/facts/server.ts';
import type { Connection } from '../../../../../src/sources/probe/ports.ts';
import { buildServer } from '../../../../fakes/build-server.ts';

const SERVER = fileURLToPath(new URL('../../../../fakes/stdio-sdk-v1-server.ts', import.meta.url));

interface Opened {
  readonly connection: Connection;
  readonly facts: readonly (ChildExited | ChildStarted)[];
  readonly killChildren: () => void;
}

function openChild(args: readonly string[], monitor: Partial<MonitorSettings> = {}): Opened {
  const clock = createSystemClock();
  const facts: (ChildExited | ChildStarted)[] = [];
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '1.2.3', clock });
  const target = { kind: 'stdio', command: process.execPath, args, env: {} } as const;
  const spec = buildServer('child', { target, monitor });
  const connection = connector.open(spec, (fact) => void facts.push(fact));
  onTestFinished(() => connection.close());
  return { connection, facts, killChildren: () => connector.killChildren() };
}

const options = () => ({ signal: AbortSignal.timeout(9_000) });

test('a child is started, pinged, listed and ended', async () => {
  const { connection, facts } = openChild([SERVER]);
  expect(await connection.check(options())).toMatchObject({
    outcome: 'ok',
    identity: { transport: 'stdio', era: 'legacy' },
  });
  const steady = await connection.check(options());
  expect(steady).toMatchObject({ outcome: 'ok', kind: 'steady' });
  expect(steady.detail).toContain('ping was answered');
  const deep = await connection.inspect(options());
  expect(deep).toMatchObject({ outcome: 'ok', kind: 'deep', identity: { transport: 'stdio' } });
  expect(deep.snapshot?.lists.tools?.definitions.length).toBeGreaterThan(0);
  expect(deep.bytesReceived).toBeGreaterThan(0);
  expect(connection.processUsage()?.residentBytes).toBeGreaterThan(1_000_000);
  await connection.close();
  expect(facts.map(({ fact }) => fact)).toEqual(['child_start', 'child_exit']);
});

test('a deep check that comes first starts the child', async () => {
  const { connection } = openChild([SERVER]);
  expect(await connection.inspect(options())).toMatchObject({ outcome: 'ok' });
});

test('a synthetic call of a tool that is not there fails the deep check alone', async () => {
  const call = { tool: 'missing', arguments: {}, expect: {} };
  const { connection } = openChild([SERVER], { call });
  const deep = await connection.inspect(options());
  expect(['rpc_error', 'tool_error']).toContain(deep.outcome);
  expect(await connection.check(options())).toMatchObject({ outcome: 'ok' });
});

test('a command that ends at once is exit for both kinds of check', async () => {
  const { connection } = openChild(['-e', 'process.exit(3)']);
  expect(await connection.check(options())).toMatchObject({ outcome: 'exit', kind: 'steady' });
  expect(await connection.inspect(options())).toMatchObject({ outcome: 'exit', kind: 'deep' });
  expect(connection.isOpen()).toBe(false);
});

test('killing all children ends them at once', async () => {
  const { connection, killChildren } = openChild([SERVER]);
  await connection.check(options());
  killChildren();
  const report = await connection.check(options());
  expect(report.outcome).toBe('exit');
});
