import { onTestFinished } from 'vitest';
import { createConnector } from '../../../../../src/sources/probe/connection/connector.ts';
import type { CheckReport } from '../../../../../src/facts/check-report.ts';
import type { HttpTarget } from '../../../../../src/facts/server.ts';
import type { Clock } from '../../../../../src/facts/ports/clock.ts';
import type { Connection } from '../../../../../src/sources/probe/ports.ts';
import type { FakeClock } from '../../../../fakes/fake-clock.ts';
import { buildServer, type ServerOverrides } from '../../../../fakes/build-server.ts';
import { REAL_CLOCK } from '../../../../fakes/real-clock.ts';
import {
  type ScriptedMcpServer,
  type ScriptedServerOptions,
  startScriptedMcpServer,
} from '../../../../fakes/scripted-mcp-server.ts';

export interface Watched {
  readonly connection: Connection;
  check(): Promise<CheckReport>;
  inspect(): Promise<CheckReport>;
}

export interface WatchOptions extends Omit<ServerOverrides, 'target'> {
  readonly target?: Partial<HttpTarget>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** A connection to `url` that is closed after the test. */
export function watchUrl(
  url: string,
  { target, clock = REAL_CLOCK, signal, ...overrides }: WatchOptions = {},
): Watched {
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '1.2.3', clock });
  const spec = buildServer('scripted', {
    ...overrides,
    target: { kind: 'http', url, transport: 'auto', headers: {}, tlsSkipVerify: false, ...target },
  });
  const connection = connector.open(spec, () => undefined);
  onTestFinished(() => connection.close());
  const options = { signal: signal ?? new AbortController().signal };
  return {
    connection,
    check: () => connection.check(options),
    inspect: () => connection.inspect(options),
  };
}

/** A scripted server that is stopped after the test. */
export async function startServer(options: ScriptedServerOptions = {}): Promise<ScriptedMcpServer> {
  const server = await startScriptedMcpServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** Moves the clock on until `work` has ended, at the pace of the sockets that it waits for. */
export async function passTime<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const onEnd = (): void => void (isOver = true);
  work.then(onEnd, onEnd);
  while (!isOver) {
    await clock.advance(100);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return work;
}
