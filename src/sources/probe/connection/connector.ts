import type { Clock } from '../../../facts/ports/clock.ts';
import type { Connector } from '../ports.ts';
import { createAgentPool, IDLE_SOCKETS_MAX } from '../../../protocol/http/agent-pool.ts';
import { createConnection } from './connection.ts';
import { createHttpPeer } from './http-peer.ts';
import { createProcessTable } from '../../../protocol/stdio/process-usage.ts';
import { createStdioPeer } from './stdio-peer.ts';
import { createStdioWire, type StdioWire } from './stdio-wire.ts';

export interface ConnectorOptions {
  /** How probe traffic names itself: `clientInfo` and `User-Agent`, so that usage numbers can leave it out. */
  readonly clientName: string;
  readonly clientVersion: string;
  readonly clock: Clock;
}

export interface McpConnector extends Connector {
  /** Kills all children at once and synchronously: for the `exit` event of our own process. */
  killChildren(): void;
}

/** Makes connections to MCP servers over Streamable HTTP, HTTP+SSE and stdio; HTTP connections are shared by origin. */
export function createConnector({
  clientName,
  clientVersion,
  clock,
}: ConnectorOptions): McpConnector {
  const pool = createAgentPool(IDLE_SOCKETS_MAX);
  const processTable = createProcessTable(clock);
  const client = { name: clientName, version: clientVersion };
  const children = new Set<StdioWire>();
  return {
    open({ name, target, monitor, secrets }, onChild) {
      const common = { secrets, clock };
      if (target.kind === 'http') {
        return createConnection({
          ...common,
          peer: createHttpPeer(target, { monitor, client, clock, pool }),
        });
      }
      const { era, startTimeoutMs, call } = monitor;
      const wire = createStdioWire(target, {
        server: name,
        era,
        startTimeoutMs,
        clientName,
        clientVersion,
        secrets,
        clock,
        processTable,
        onChild,
      });
      children.add(wire);
      const connection = createConnection({
        ...common,
        peer: createStdioPeer(wire, { client, clock, ...(call !== undefined && { call }) }),
      });
      return {
        ...connection,
        async close() {
          await connection.close();
          children.delete(wire);
        },
      };
    },
    killChildren() {
      for (const wire of children) wire.killGroup();
    },
  };
}
