import type { GatewayLoad } from '../../facts/call-record.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import type { GatewayViews, SamplingViews, SwitchViews } from '../../facts/ports/views.ts';
import { UNKNOWN_SERVER } from '../../facts/rules/call-labels.ts';
import { isLoopbackHost } from '../../facts/rules/loopback.ts';
import { redactArguments } from '../../facts/rules/redact-arguments.ts';
import type { ServerSpec } from '../../facts/server.ts';
import { createChildChannels } from '../../protocol/stdio/child-messages.ts';
import type { ListenAddress } from '../../facts/service-settings.ts';
import type { Config } from '../../settings/config.ts';
import { createGatewayPage } from '../../sinks/web/pages/gateway-page.ts';
import type { WebSecurity } from '../../sinks/web/security/create-web-security.ts';
import { createCurrentAccountant } from '../../sources/gateway/account-usage.ts';
import { CallTracker } from '../../sources/gateway/call-tracker.ts';
import type { Edge } from '../../sources/gateway/admission.ts';
import { createGateway, type Gateway } from '../../sources/gateway/create-gateway.ts';
import { createIdSource } from '../../sources/gateway/create-id-source.ts';
import type { FindListed } from '../../protocol/judge-answer.ts';
import { createUpstream } from '../../sources/gateway/create-upstream.ts';
import { createEdge, type EdgeSettings } from '../../sources/gateway/edge.ts';
import type { OwnPagesOptions } from '../../sources/gateway/own-pages.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';

export interface GatewayPorts {
  readonly security: Pick<WebSecurity, 'isTls' | 'createServer'>;
  readonly switches: Pick<SwitchViews, 'find'>;
  readonly tracing: SamplingViews;
  /** What the prober learned about the servers. */
  readonly servers: {
    detail(
      name: string,
    ):
      (Pick<ServerView, 'identity' | 'snapshot'> & Partial<Pick<ServerView, 'status'>>) | undefined;
  };
}

export interface GatewayPart extends Part, GatewayViews {
  readonly gateway: Gateway;
}

interface GatewayContext extends Pick<
  PartContext,
  'clock' | 'config' | 'hub' | 'tokens' | 'instance'
> {
  readonly log: Pick<Log, 'error' | 'warn'>;
}

/** Calls in flight get this long to end when the service stops. */
const DRAIN_MS = 5_000;
const FAULT_PAUSE_MS = 10_000;

/** The gateway. `gateway-listener.ts` opens its port once it knows its servers. */
export function createGatewayPart(context: GatewayContext, ports: GatewayPorts): GatewayPart {
  const { clock, config, hub, log } = context;
  const { isTls } = ports.security;
  const children = createChildChannels(clock, {
    onLost: (server, bytesMax) =>
      log.warn(
        { channel: 'health', server, bytesMax },
        'message of a server is too long, and lost',
      ),
    onLastWords: (server, { code, signal, stderrTail }) =>
      log.warn({ channel: 'health', server, code, signal, stderrTail }, 'child of a session ended'),
  });
  let settings = edgeSettingsOf(config, isTls);
  const edge = createEdge({ clock, hub, log, settings });
  const ownPages = createOwnPages(ports, () => settings.authentication !== undefined);
  const gateway = buildGateway(context, ports, { edge, ownPages, children });
  let unsubscribe = (): void => undefined;
  return {
    name: 'gateway',
    gateway,
    load: (): readonly GatewayLoad[] => gateway.load(),
    killChildren: () => children.killChildren(),
    start() {
      unsubscribe = hub.subscribe((fact) => {
        if (fact.fact === 'disabling' && fact.isDisabled) gateway.close(fact.server);
      });
    },
    reload(loaded) {
      const served = atListener(loaded, config.gateway.listen);
      settings = edgeSettingsOf(served, isTls);
      edge.apply(settings, served.servers);
      gateway.apply(served.servers);
    },
    async stop() {
      unsubscribe();
      await gateway.stop(DRAIN_MS);
    },
  };
}

interface GatewayPieces {
  readonly edge: Edge;
  readonly ownPages: OwnPagesOptions;
  readonly children: ReturnType<typeof createChildChannels>;
}

function buildGateway(
  { clock, config, hub, log, tokens, instance }: GatewayContext,
  { security, switches, tracing, servers }: GatewayPorts,
  { edge, ownPages, children }: GatewayPieces,
): Gateway {
  const { sessionIdleMs, bodyBytesMax } = config.gateway;
  const reportFault = createFaultReporter(clock, log);
  const newId = createIdSource();

  function createTracker(server: string, current?: () => ServerSpec): CallTracker {
    return new CallTracker({
      server,
      clock,
      hub,
      newTraceId: () => newId(16),
      newSpanId: () => newId(8),
      sample: () => tracing.sample(),
      sessionIdleMs,
      findListed: (kind, name) => findListed(servers.detail(server)?.snapshot, kind, name),
      get answerTimeoutMs() {
        return current?.().gateway.timeoutMs ?? 0;
      },
      account: createCurrentAccountant(() => current?.().gateway.prices),
      ...(config.audit.arguments && {
        argumentsText: (facts) =>
          redactArguments(facts.arguments, { secretNames: config.audit.redactKeys }),
      }),
    });
  }

  return createGateway({
    clock,
    edge,
    ownPages,
    createServer: security.createServer,
    bodyBytesMax,
    instance,
    isDisabled: (server) => switches.find(server) !== undefined,
    onFault: reportFault,
    unknownServers: createTracker(UNKNOWN_SERVER),
    createTracker,
    createUpstream: (current, tracker) =>
      createUpstream(current, {
        clock,
        tracker,
        children,
        identityOf: (server) => servers.detail(server)?.identity,
        publish: hub.publish,
        onFault: (error) => reportFault(error, current().name),
        sessionIdleMs,
        instance,
        propagatesTrace: config.tracing.exporter !== 'none',
        tokens,
      }),
  });
}

function createOwnPages(
  { switches, servers }: Pick<GatewayPorts, 'switches' | 'servers'>,
  requiresToken: () => boolean,
): OwnPagesOptions {
  return {
    version: VERSION,
    requiresToken,
    stateOf({ name }) {
      const status = servers.detail(name)?.status;
      return {
        isDisabled: switches.find(name) !== undefined,
        ...(status !== undefined && { status }),
      };
    },
    render: createGatewayPage(),
  };
}

/** A server that lists nothing may list more to clients with other credentials. */
function findListed(
  snapshot: ServerView['snapshot'],
  ...[kind, name]: Parameters<FindListed>
): ReturnType<FindListed> {
  const listed = snapshot?.lists[kind]?.definitions;
  if (listed === undefined || listed.length === 0) return undefined;
  return listed.find((definition) => definition.name === name) ?? 'unlisted';
}

/** One line for a burst of exceptions, with how many the last line did not mention. */
function createFaultReporter(clock: Clock, log: Pick<Log, 'error'>) {
  let quietUntilMs = -Infinity;
  let unreported = 0;
  return (err: unknown, server: string | undefined): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs < quietUntilMs) {
      unreported += 1;
      return;
    }
    quietUntilMs = nowMs + FAULT_PAUSE_MS;
    log.error({ channel: 'error', server, err, unreported }, 'forwarding of a request failed');
    unreported = 0;
  };
}

/**
 * A reload does not move the gateway, so what depends on its address must follow the one where it listens. Headers of the
 * configuration, for example, must not be sent for everybody because a file now says loopback.
 */
function atListener(config: Config, listen: ListenAddress | undefined): Config {
  const { listen: configured, ...gateway } = config.gateway;
  if (!listen || (configured?.host === listen.host && configured.port === listen.port))
    return config;
  const isSafe = isLoopbackHost(listen.host) || gateway.authentication !== undefined;
  return {
    ...config,
    gateway: { ...gateway, listen },
    servers: isSafe
      ? config.servers
      : config.servers.map((server) => ({
          ...server,
          gateway: { ...server.gateway, injectHeaders: false },
        })),
  };
}

function edgeSettingsOf({ gateway, servers }: Config, isTls: boolean): EdgeSettings {
  const { allowedHosts, allowedOrigins, authentication, rateLimit } = gateway;
  const listenHost = gateway.listen?.host ?? '';
  const publicUrls = servers.flatMap(({ gateway: { publicUrl } }) => publicUrl ?? []);
  // Without a list every host is allowed, unless the gateway listens on loopback.
  const isListed = allowedHosts.length > 0 || isLoopbackHost(listenHost);
  return {
    listenHost,
    isTls,
    allowedHosts: isListed
      ? [...allowedHosts, ...publicUrls.map((url) => new URL(url).host)]
      : allowedHosts,
    allowedOrigins: [...allowedOrigins, ...publicUrls.map((url) => new URL(url).origin)],
    ...(authentication && { authentication }),
    ...(rateLimit && { rateLimit }),
  };
}
