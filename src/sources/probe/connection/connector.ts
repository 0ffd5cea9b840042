import type { Clock } from '../../../facts/ports/clock.ts';
import type { Connector } from '../ports.ts';
import { createTokenSources, type TokenSources } from '../../../protocol/oauth/token-sources.ts';
import { createAgentPool, IDLE_SOCKETS_MAX } from '../../../protocol/http/agent-pool.ts';
import { createConnection } from './connection.ts';
import { createProbedHttpServer } from './probed-http-server.ts';
import { createLoopWatch } from '../../../protocol/loop-watch.ts';
import { createStdioClients } from '../../../protocol/stdio/stdio-client.ts';
import { createProbedStdioServer } from './probed-stdio-server.ts';
import { createStdioProbeClient } from './stdio-probe-client.ts';

export interface ConnectorOptions {
  /** How probe traffic names itself: `clientInfo` and `User-Agent`, so that usage numbers can leave it out. */
  readonly clientName: string;
  readonly clientVersion: string;
  readonly clock: Clock;
  /** Access tokens for servers with `auth`, shared with others in this process; without it, the connector has its own. */
  readonly tokens?: TokenSources;
  /** Of this process, so that its own listeners recognize its requests; a command that does not listen has none. */
  readonly instance?: string;
}

export interface McpConnector extends Connector {
  /** Kills all children at once and synchronously: for the `exit` event of our own process. */
  killChildren(): void;
}

/** Part of the time of a check. */
const PING_SHARE = 0.75;

/** Makes connections to MCP servers over Streamable HTTP, HTTP+SSE and stdio; HTTP connections are shared by origin. */
export function createConnector({
  clientName,
  clientVersion,
  clock,
  instance,
  tokens = createTokenSources({ clock, userAgent: `${clientName}/${clientVersion}` }),
}: ConnectorOptions): McpConnector {
  const pool = createAgentPool(IDLE_SOCKETS_MAX);
  const clients = createStdioClients(clock);
  const loop = createLoopWatch(clock);
  const client = { name: clientName, version: clientVersion };
  return {
    open({ name, target, monitor: atOpening, secrets }, onChild, monitor = () => atOpening) {
      // Longer than a request over HTTP that is repeated because its connection may be dead waits for that.
      const pingLimitMs = (): number => monitor().timeoutMs * PING_SHARE;
      const common = { secrets, clock, loop, pingLimitMs };
      if (target.kind === 'http') {
        const access = tokens.of({ name, target });
        const options = {
          monitor,
          client,
          clock,
          pool,
          ...(instance !== undefined && { instance }),
          ...(access && { tokens: access }),
        };
        return createConnection({
          ...common,
          server: createProbedHttpServer(target, options),
          ...(access && { moreSecrets: () => access.secrets() }),
        });
      }
      const probeClient = createStdioProbeClient(target, {
        server: name,
        era: atOpening.era,
        startTimeoutMs: () => monitor().startTimeoutMs,
        // So that every check of a server that does not start may start it.
        restartDelayMsMax: () => monitor().intervalMs / 2,
        client,
        secrets,
        clock,
        clients,
        onChild,
      });
      return createConnection({
        ...common,
        server: createProbedStdioServer(probeClient, {
          client,
          clock,
          call: () => monitor().call,
        }),
      });
    },
    killChildren: () => clients.killAll(),
  };
}
