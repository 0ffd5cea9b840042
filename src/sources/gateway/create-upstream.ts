import type { ServerIdentity } from '../../facts/check-report.ts';
import type { UpstreamRequested } from '../../facts/gateway-facts.ts';
import { Secret } from '../../facts/secret.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Era, HttpTarget, ServerSpec, Transport } from '../../facts/server.ts';
import type { OpenChannel } from '../../protocol/message-channel.ts';
import type { AccessTokens } from '../../protocol/access-tokens.ts';
import type { TokenSources } from '../../protocol/oauth/token-sources.ts';
import { remoteOf } from '../../protocol/open-channel.ts';
import type { ChildChannels } from '../../protocol/stdio/child-messages.ts';
import { createSseChannels } from '../../protocol/sse/sse-channel.ts';
import { createAuthorizedUpstream } from './authorized-upstream.ts';
import type { CallTracker } from './call-tracker.ts';
import type { ChannelUpstreamOptions } from './channel-common.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import { failAdmitted } from './fault.ts';
import { createHttpUpstream, type HttpUpstreamOptions } from './http-upstream.ts';
import { ResourceAuthorization } from './resource-authorization.ts';
import { createSseUpstream } from './sse-upstream.ts';
import { INSTANCE_HEADER } from '../../facts/rules/request-origin.ts';
import type { Upstream } from './upstream.ts';

export interface CreateUpstreamOptions {
  readonly clock: Clock;
  readonly tracker: CallTracker;
  readonly children: ChildChannels;
  /** What the prober learned about a server. */
  readonly identityOf: (server: string) => ServerIdentity | undefined;
  readonly publish: (fact: UpstreamRequested) => void;
  /** Called with an exception in the gateway that ended a request. */
  readonly onFault: (error: unknown) => void;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
  readonly sessionIdleMs: number;
  readonly propagatesTrace: boolean;
  /** Access tokens for servers with `auth`. */
  readonly tokens?: TokenSources;
}

/**
 * The upstream of a server, by its transport.
 * @param current the server as it is configured now: a change of what is not read here applies to what clients have open
 */
export function createUpstream(
  current: () => ServerSpec,
  options: CreateUpstreamOptions,
): Upstream {
  const spec = current();
  const { target, name } = spec;
  const { children, clock, identityOf } = options;
  if (target.kind === 'stdio') {
    const open = children.channelsOf({ ...spec, target });
    return createChannelUpstream(new ChannelUpstreamSettings(current, options, open));
  }
  const tokens = spec.gateway.injectHeaders ? options.tokens?.of({ name, target }) : undefined;
  const authorization = createAuthorization(name, target, options);
  const settings = (): RemoteUpstreamSettings =>
    new RemoteUpstreamSettings(current, target, options, { tokens, authorization });
  const authorized = (upstream: Upstream, transport: Transport): Upstream =>
    tokens ? createAuthorizedUpstream(upstream, tokens, { ...options, transport }) : upstream;
  const createSse = (): Upstream => {
    const { open, stop } = createSseChannels({
      ...remoteOf(target),
      clock,
      headers: settings().added,
      tokens,
      openTimeoutMs: () => current().monitor.startTimeoutMs,
    });
    const front = createChannelUpstream(new ChannelUpstreamSettings(current, options, open));
    return joinSse(authorized(createSseUpstream(settings()), 'sse'), front, stop);
  };
  const upstream = createByTransport(target, {
    isSse: () => identityOf(name)?.transport === 'sse',
    createHttp: () => authorized(createHttpUpstream(settings()), 'http'),
    createSse,
  });
  return withMetadata(upstream, authorization, options);
}

function createAuthorization(
  name: string,
  target: HttpTarget,
  { clock, tracker, publish, instance }: CreateUpstreamOptions,
): ResourceAuthorization {
  const { url, tls } = remoteOf(target);
  const onRequest = (): void => publish({ fact: 'upstream_request', server: name });
  const options = { name, url, tls, clock, tracker, onRequest };
  return new ResourceAuthorization({ ...options, ...(instance !== undefined && { instance }) });
}

function withMetadata(
  upstream: Upstream,
  authorization: ResourceAuthorization,
  options: CreateUpstreamOptions,
): Upstream {
  return {
    ...upstream,
    sendMetadata(admitted, route) {
      authorization
        .sendMetadata(admitted, route)
        .catch((error: unknown) => failAdmitted(options, admitted, error));
    },
    async stop(signal) {
      await upstream.stop(signal);
      authorization.stop();
    },
  };
}

/** An assumed era is no reason to refuse a request: the server itself may still answer it. */
function eraOf(identity: ServerIdentity | undefined): Era | undefined {
  return identity?.isEraAssumed ? undefined : identity?.era;
}

/** What the options of all upstreams have; settings are read when they are used. */
class UpstreamSettings {
  readonly name: string;
  readonly clock: Clock;
  readonly tracker: CallTracker;
  readonly onRequest: () => void;
  readonly onFault: (error: unknown) => void;
  readonly current: () => ServerSpec;

  constructor(current: () => ServerSpec, options: CreateUpstreamOptions) {
    const { clock, tracker, publish, onFault } = options;
    const { name } = current();
    const requested = Object.freeze({ fact: 'upstream_request', server: name } as const);
    this.name = name;
    this.clock = clock;
    this.tracker = tracker;
    this.onRequest = () => publish(requested);
    this.onFault = onFault;
    this.current = current;
  }

  get answerTimeoutMs(): number {
    return this.current().gateway.timeoutMs;
  }
}

class ChannelUpstreamSettings extends UpstreamSettings implements ChannelUpstreamOptions {
  readonly open: OpenChannel;
  readonly idleMs: number;
  readonly knownEra: () => Era | undefined;
  readonly assumedEra: () => Era | undefined;

  constructor(current: () => ServerSpec, options: CreateUpstreamOptions, open: OpenChannel) {
    super(current, options);
    this.open = open;
    this.idleMs = options.sessionIdleMs;
    this.knownEra = () => eraOf(options.identityOf(this.name));
    this.assumedEra = () => options.identityOf(this.name)?.era;
  }

  get discoverTimeoutMs(): number {
    const { monitor, gateway } = this.current();
    return Math.min(monitor.startTimeoutMs, gateway.timeoutMs);
  }

  get sessionsMax(): number {
    return this.current().gateway.maxSessions;
  }
}

interface RemoteAuthorization {
  readonly tokens: AccessTokens | undefined;
  readonly authorization: ResourceAuthorization;
}

class RemoteUpstreamSettings extends UpstreamSettings implements HttpUpstreamOptions {
  readonly url: URL;
  readonly tls: HttpUpstreamOptions['tls'];
  readonly propagatesTrace: boolean;
  /** Added to what a client sends. */
  readonly added: HttpUpstreamOptions['headers'];
  readonly #tokens: AccessTokens | undefined;
  readonly #authorization: ResourceAuthorization;

  constructor(
    current: () => ServerSpec,
    target: HttpTarget,
    options: CreateUpstreamOptions,
    { tokens, authorization }: RemoteAuthorization,
  ) {
    super(current, options);
    const { url, tls, headers } = remoteOf(target);
    this.url = url;
    this.tls = tls;
    const { instance } = options;
    // So that a request which comes back here is refused, over whatever address the server is ourselves.
    this.added = {
      ...(current().gateway.injectHeaders && headers),
      ...(instance !== undefined && { [INSTANCE_HEADER]: new Secret(instance) }),
    };
    this.propagatesTrace = options.propagatesTrace;
    this.#tokens = tokens;
    this.#authorization = authorization;
  }

  get authorization(): ResourceAuthorization | undefined {
    return this.current().gateway.authorization === 'rewrite' ? this.#authorization : undefined;
  }

  /** With the access token of the moment. */
  get headers(): HttpUpstreamOptions['headers'] {
    const token = this.#tokens?.peek();
    if (token === undefined) return this.added;
    const authorization = new Secret(`Bearer ${token.value.reveal()}`);
    return { ...this.added, authorization };
  }

  get preserveHost(): boolean {
    return this.current().gateway.preserveHost;
  }
}

/** For an HTTP+SSE server `/NAME/mcp` is a bridge; every other route, and its public address, is its own transport. */
function joinSse(sse: Upstream, front: Upstream, stopChannels: () => Promise<void>): Upstream {
  return {
    handle(admitted) {
      const isBridged = admitted.route === '/mcp' && !admitted.publicPlace;
      (isBridged ? front : sse).handle(admitted);
    },
    hasSessionOf: (message) => sse.hasSessionOf(message) || front.hasSessionOf(message),
    load() {
      const [own, bridged] = [sse.load(), front.load()];
      return {
        ...own,
        streams: { ...own.streams, http: own.streams.http + bridged.streams.http },
      };
    },
    async stop(signal) {
      await Promise.all([sse.stop(signal), front.stop(signal)]);
      await stopChannels();
    },
  };
}

interface TransportChoice {
  /** What the prober found out about a server whose transport is not configured. */
  readonly isSse: () => boolean;
  readonly createHttp: () => Upstream;
  readonly createSse: () => Upstream;
}

function createByTransport(
  { transport }: HttpTarget,
  { isSse, createHttp, createSse }: TransportChoice,
): Upstream {
  if (transport === 'http') return createHttp();
  if (transport === 'sse') return createSse();
  const http = createHttp();
  let sse: Upstream | undefined;
  const current = (): Upstream => {
    if (isSse()) sse ??= createSse();
    return sse ?? http;
  };
  return {
    handle: (admitted) => current().handle(admitted),
    hasSessionOf: (message) => current().hasSessionOf(message),
    load: () => current().load(),
    async stop(signal) {
      await Promise.all([http.stop(signal), sse?.stop(signal)]);
    },
  };
}
