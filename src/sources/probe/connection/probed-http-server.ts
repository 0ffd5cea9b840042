import type { ClientName } from '../../../protocol/handshake.ts';
import type { HttpTarget, MonitorSettings } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { AgentPool } from '../../../protocol/http/agent-pool.ts';
import { createAutoProbeClient } from './auto-probe-client.ts';
import { createEraMemory } from '../../../protocol/era-memory.ts';
import { createHttpEndpoint, type HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import { createHttpProbeClient } from './http-probe-client.ts';
import { createLateSessions } from '../../../protocol/http/late-sessions.ts';
import type { Inspection } from './inspect-client.ts';
import type { ProbedServer } from './probed-server.ts';
import { createSseProbeClient } from './sse-probe-client.ts';

export interface ProbedHttpServerOptions {
  readonly monitor: MonitorSettings;
  readonly client: ClientName;
  readonly clock: Clock;
  readonly pool: AgentPool;
}

/** After half of a handshake's time at most `initialize` is sent as well, so that it has the other half. */
const HTTP_DISCOVER_MS_MAX = 10_000;
/** Over HTTP+SSE nearly every server is legacy, and some never answer `server/discover`. */
const SSE_DISCOVER_MS_MAX = 2_000;

/** A server over Streamable HTTP or HTTP+SSE. Small as long as nothing is open: there may be ten thousand. */
export function createProbedHttpServer(
  target: HttpTarget,
  options: ProbedHttpServerOptions,
): ProbedServer {
  const { monitor, client, clock } = options;
  const endpoint = createEndpoint(target, options);
  const memory = createEraMemory(monitor.era, clock);
  const lateSessions = createLateSessions(endpoint, clock);
  const common = { endpoint, memory, client, clock, lateSessions };
  const half = monitor.startTimeoutMs / 2;
  const probeClient = createAutoProbeClient(
    {
      http: () =>
        createHttpProbeClient({ ...common, discoverLimitMs: Math.min(half, HTTP_DISCOVER_MS_MAX) }),
      sse: () =>
        createSseProbeClient({ ...common, discoverLimitMs: Math.min(half, SSE_DISCOVER_MS_MAX) }),
    },
    target.transport,
  );
  let knownVersion: string | undefined;

  return {
    probeClient,
    async inspect(options) {
      // The SDK's own detection gives up on answers that old servers give; ours is asked first, and again after a day.
      if (memory.era() === undefined || probeClient.chosen() === undefined) {
        const opened = await probeClient.open(options);
        if (!opened.ok) return opened;
      }
      const era = memory.era() ?? 'legacy';
      const transport = probeClient.chosen() ?? 'http';
      const { inspectHttp } = await import('./inspect-http.ts');
      const { call } = monitor;
      const inspection = await inspectHttp({
        ...options,
        endpoint,
        transport,
        era,
        client,
        clock,
        lateSessions,
        ...(call !== undefined && { call }),
      });
      if (!('identity' in inspection)) return inspection;
      const isEraAssumed = era === 'legacy' && memory.isAssumed();
      // Another version may be of another era, which a legacy verdict would hide.
      const { version } = inspection.identity;
      if (knownVersion !== undefined && knownVersion !== version) memory.forget();
      knownVersion = version;
      return isEraAssumed ? withAssumedEra(inspection) : inspection;
    },
    processUsage: () => undefined,
    async close() {
      await probeClient.close();
      await lateSessions.settled();
      endpoint.release();
    },
  };
}

function withAssumedEra(inspection: Inspection): Inspection {
  return { ...inspection, identity: { ...inspection.identity, isEraAssumed: true } };
}

function createEndpoint(
  target: HttpTarget,
  { client, clock, pool }: ProbedHttpServerOptions,
): HttpEndpoint {
  return createHttpEndpoint({
    url: new URL(target.url),
    headers: target.headers,
    connections: pool.lease(target),
    userAgent: `${client.name}/${client.version}`,
    clock,
    retriesStale: true,
  });
}
