import type { ClientName } from '../../../protocol/handshake.ts';
import type { HttpTarget, MonitorSettings } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import type { AgentPool } from '../../../protocol/http/agent-pool.ts';
import { createAutoProbeClient } from './auto-probe-client.ts';
import { createEraMemory } from '../../../protocol/era-memory.ts';
import type { AccessTokens } from '../../../protocol/access-tokens.ts';
import { createAuthorizedEndpoint } from '../../../protocol/http/authorized-endpoint.ts';
import { createHttpEndpoint, type HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import { createHttpProbeClient } from './http-probe-client.ts';
import { createLateSessions } from '../../../protocol/http/late-sessions.ts';
import type { Inspection } from './inspect-client.ts';
import type { ProbeClient } from '../../../protocol/probe-client.ts';
import type { ProbedServer } from './probed-server.ts';
import { createSseProbeClient } from './sse-probe-client.ts';

export interface ProbedHttpServerOptions {
  /** As it is configured now. */
  readonly monitor: () => MonitorSettings;
  readonly client: ClientName;
  readonly clock: Clock;
  readonly pool: AgentPool;
  readonly tokens?: AccessTokens;
  /** Of this process, so that its own listeners recognize its requests. */
  readonly instance?: string;
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
  const memory = createEraMemory(monitor().era, clock);
  const lateSessions = createLateSessions(endpoint, clock);
  const common = { endpoint, memory, client, clock, lateSessions };
  const discoverLimit = (limitMs: number): number =>
    Math.min(monitor().startTimeoutMs / 2, limitMs);
  const createHttp = (): ProbeClient =>
    createHttpProbeClient({ ...common, discoverLimitMs: discoverLimit(HTTP_DISCOVER_MS_MAX) });
  const createSse = (): ProbeClient =>
    createSseProbeClient({ ...common, discoverLimitMs: discoverLimit(SSE_DISCOVER_MS_MAX) });
  const probeClient = createAutoProbeClient({ http: createHttp, sse: createSse }, target.transport);
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
      const inspection = await inspectHttp({
        ...options,
        endpoint,
        transport,
        era,
        client,
        clock,
        lateSessions,
        ...callOf(monitor()),
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

function callOf({ call }: MonitorSettings): Pick<MonitorSettings, 'call'> {
  return call === undefined ? {} : { call };
}

function withAssumedEra(inspection: Inspection): Inspection {
  return { ...inspection, identity: { ...inspection.identity, isEraAssumed: true } };
}

function createEndpoint(
  target: HttpTarget,
  { client, clock, monitor, pool, tokens, instance }: ProbedHttpServerOptions,
): HttpEndpoint {
  const endpoint = createHttpEndpoint({
    url: new URL(target.url),
    headers: target.headers,
    connections: pool.lease(target),
    userAgent: `${client.name}/${client.version}`,
    ...(instance !== undefined && { instance }),
    clock,
    retriesStale: true,
    silenceMs: () => monitor().timeoutMs / 2,
  });
  return tokens === undefined ? endpoint : createAuthorizedEndpoint(endpoint, tokens, clock);
}
