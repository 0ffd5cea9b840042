import { createServer } from 'node:http';
import { createSystemClock } from '../../../src/app/system-clock.ts';
import type { Config } from '../../../src/settings/config.ts';
import { loadConfig } from '../../../src/settings/load-config.ts';
import { createGatewayPart } from '../../../src/app/parts/gateway.ts';
import type { CallRecord, GatewayLoad } from '../../../src/facts/call-record.ts';
import type { CapabilitySnapshot } from '../../../src/facts/capability-snapshot.ts';
import type { ServerIdentity } from '../../../src/facts/check-report.ts';
import {
  createTokenSources,
  type TokenSources,
} from '../../../src/protocol/oauth/token-sources.ts';
import type { LogFields } from '../../../src/facts/ports/log.ts';
import { createHub, type Hub } from '../../../src/facts/hub.ts';
import type { GatewaySettings, HttpTarget, ServerSpec } from '../../../src/facts/server.ts';
import { failTest } from '../../fakes/fail-test.ts';
import { createMemoryLog } from '../../fakes/memory-log.ts';
import { serverSpec } from './server-spec.ts';

export interface StartGatewayOptions {
  readonly servers: readonly ServerSpec[];
  /** Instead of collecting the records: a million of them is too much to keep. */
  readonly onCall?: (record: CallRecord) => void;
  readonly gateway?: Partial<Config['gateway']>;
  readonly tokens?: TokenSources;
  /** What a prober would know of a server. */
  readonly identityOf?: (server: string) => ServerIdentity | undefined;
  readonly snapshotOf?: (server: string) => CapabilitySnapshot | undefined;
  /** For sinks that listen to it. */
  readonly hub?: Hub;
  /** Whether its traces are sampled. Default: false. */
  readonly isSampled?: boolean;
}

export interface StartedGateway {
  readonly port: number;
  /** One per exchange, in the order of their ends; empty where `onCall` was given. */
  readonly records: readonly CallRecord[];
  /** Names in the answers to `tools/list`, of all servers, in the order of the answers. */
  readonly listedTools: readonly string[];
  /** Requests that went upstream so far. */
  upstreamRequests(): number;
  /** @param route `/mcp`, or `/sse` for clients of HTTP+SSE */
  url(server: string, route?: string): string;
  apply(servers: readonly ServerSpec[]): void;
  load(): readonly GatewayLoad[];
  stop(drainMs?: number): Promise<void>;
}

/** The gateway in this process, composed as the service composes it, on a port of its own. */
export async function startGateway(options: StartGatewayOptions): Promise<StartedGateway> {
  const clock = createSystemClock();
  const { tokens = createTokenSources({ clock, userAgent: 'test' }) } = options;
  const log = { ...createMemoryLog(), error: (fields: LogFields) => failTest(fields.err) };
  const records: CallRecord[] = [];
  const listedTools: string[] = [];
  let upstreamRequests = 0;
  const hub =
    options.hub ??
    createHub((error) => {
      throw error;
    });
  const onCall = options.onCall ?? ((record) => void records.push(record));
  hub.subscribe((fact) => {
    if (fact.fact === 'call') onCall(fact);
    else if (fact.fact === 'upstream_request') upstreamRequests += 1;
    else if (fact.fact === 'tools_listed') listedTools.push(...fact.names);
  });
  const host = '127.0.0.1';
  const config = await defaultConfig({ ...options.gateway, listen: { host, port: 0 } });
  const part = createGatewayPart(
    { config, clock, hub, log, tokens, instance: 'of-the-test' },
    {
      security: { isTls: false, createServer },
      switches: { find: () => undefined },
      tracing: { sample: () => options.isSampled === true },
      servers: {
        detail(name) {
          const identity = options.identityOf?.(name);
          const snapshot = options.snapshotOf?.(name);
          return { ...(identity && { identity }), ...(snapshot && { snapshot }) };
        },
      },
    },
  );
  const { gateway } = part;
  const apply = (servers: readonly ServerSpec[]): void =>
    void part.reload?.({ ...config, servers });
  apply(options.servers);
  const { port } = await gateway.listen(host, 0);
  return {
    port,
    records,
    listedTools,
    upstreamRequests: () => upstreamRequests,
    url: (server, route = '/mcp') =>
      `http://127.0.0.1:${port}/${encodeURIComponent(server)}${route}`,
    apply,
    load: () => gateway.load(),
    stop: (drainMs = 2_000) => gateway.stop(drainMs),
  };
}

/** A server of this machine behind the gateway. */
export function httpServer(
  name: string,
  url: string,
  gateway: Partial<GatewaySettings> = {},
  transport: HttpTarget['transport'] = 'http',
): ServerSpec {
  const target: HttpTarget = { kind: 'http', url, transport, headers: {}, tlsSkipVerify: false };
  const spec = serverSpec(name, target);
  return { ...spec, gateway: { ...spec.gateway, ...gateway } };
}

/** A child behind the gateway, run by the Node of this process. */
export function nodeServer(
  name: string,
  args: readonly string[],
  gateway: Partial<GatewaySettings> = {},
): ServerSpec {
  const spec = serverSpec(name, { kind: 'stdio', command: process.execPath, args, env: {} });
  return { ...spec, gateway: { ...spec.gateway, ...gateway } };
}

async function defaultConfig(gateway: Partial<Config['gateway']> = {}): Promise<Config> {
  const loaded = await loadConfig({
    path: 'test.yml',
    env: {},
    readText: async () => ({ ok: true, text: '{ "mcpServers": {} }' }),
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  return { ...loaded.config, gateway: { ...loaded.config.gateway, ...gateway } };
}
