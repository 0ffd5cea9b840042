import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSystemClock } from '../../src/app/system-clock.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import type { Connection } from '../../src/sources/probe/ports.ts';
import { type CountingProxy, startCountingProxy } from './support/counting-proxy.ts';
import { REAL_SERVERS } from './support/real-servers.ts';
import { serverSpec } from './support/server-spec.ts';
import { type StartedServer, startServer } from './support/start-server.ts';

/*
 * Goal: a stateful server survives being watched. Method: a server that dies of about 1,300 abandoned sessions with a
 * heap of 128 MB, and twice as many checks, every second one with a fresh handshake; a proxy counts its sessions.
 */
const IS_FULL = process.env['MCP_EXPORTER_FULL'] === '1';
const CHECKS = IS_FULL ? 3_000 : 300;
/** With so small a heap the server's garbage collector takes most of the time: 35 ms a check, 10 ms with a large one. */
const WATCH_MS_MAX = IS_FULL ? 600_000 : 120_000;
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=128' };

let server: StartedServer;
let proxy: CountingProxy;

beforeEach(async () => {
  const everything = REAL_SERVERS.find((row) => row.name === 'everything-http');
  if (!everything) throw new Error('everything-http left the table');
  server = await startServer(everything, SMALL_HEAP);
  if (server.target.kind !== 'http') throw new Error('it does not listen');
  proxy = await startCountingProxy(server.target.url);
}, 60_000);

afterEach(async () => {
  await proxy.close();
  await server.stop();
});

function openConnection(): Connection {
  const clock = createSystemClock();
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock });
  const target = { kind: 'http', url: proxy.url, transport: 'http', headers: {} } as const;
  return connector.open(
    serverSpec('everything', { ...target, tlsSkipVerify: false }),
    () => undefined,
  );
}

function openSessions(): number {
  return proxy.sessionsOpened() - proxy.sessionsDeleted();
}

test(
  `a stateful server with a heap of 128 MB lives through ${CHECKS} checks with one session`,
  async () => {
    const connection = openConnection();
    const signal = AbortSignal.timeout(WATCH_MS_MAX);
    const outcomes = new Set<string>();
    const sessionCounts = new Set<number>();
    for (let index = 0; index < CHECKS; index += 1) {
      const isDeep = index % 2 === 1;
      const report = await (isDeep ? connection.inspect({ signal }) : connection.check({ signal }));
      outcomes.add(report.outcome);
      sessionCounts.add(openSessions());
    }
    expect([...outcomes]).toEqual(['ok']);
    expect([...sessionCounts]).toEqual([1]);
    expect(proxy.sessionsOpened()).toBe(CHECKS / 2 + 1);
    expect(proxy.sessionsDeleted()).toBe(CHECKS / 2);
    expect(proxy.calls('initialize')).toBe(CHECKS / 2 + 1);

    await connection.close();
    expect(openSessions()).toBe(0);
    expect(server.isRunning()).toBe(true);
  },
  WATCH_MS_MAX,
);

test.runIf(IS_FULL)(
  'the same server dies of as many sessions that nobody deletes',
  async () => {
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'careless', version: '1' },
      },
    };
    for (let index = 0; index < CHECKS && server.isRunning(); index += 1) {
      const answer = await fetch(proxy.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify(initialize),
      }).catch(() => undefined);
      await answer?.text().catch(() => undefined);
    }
    expect(proxy.sessionsDeleted()).toBe(0);
    expect(server.isRunning()).toBe(false);
  },
  WATCH_MS_MAX,
);
