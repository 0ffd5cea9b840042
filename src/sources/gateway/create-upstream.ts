import type { ServerIdentity } from '../../facts/check-report.ts';
import type { UpstreamRequested } from '../../facts/gateway-facts.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Era, HttpTarget, ServerSpec } from '../../facts/server.ts';
import { remoteOf } from '../../protocol/open-channel.ts';
import type { ChildChannels } from '../../protocol/stdio/child-messages.ts';
import { createSseChannels } from '../../protocol/sse/sse-channel.ts';
import type { CallTracker } from './call-tracker.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { createSseUpstream } from './sse-upstream.ts';
import type { Upstream } from './upstream.ts';

export interface CreateUpstreamOptions {
  readonly clock: Clock;
  readonly tracker: CallTracker;
  readonly children: ChildChannels;
  /** What the prober learned about a server. */
  readonly identityOf: (server: string) => ServerIdentity | undefined;
  readonly publish: (fact: UpstreamRequested) => void;
  readonly sessionIdleMs: number;
  readonly propagatesTrace: boolean;
}

/** The upstream of a server, by its transport. */
export function createUpstream(spec: ServerSpec, options: CreateUpstreamOptions): Upstream {
  const { target, name, gateway } = spec;
  const { clock, tracker, identityOf } = options;
  const requested = Object.freeze({ fact: 'upstream_request', server: name } as const);
  const common = {
    clock,
    tracker,
    answerTimeoutMs: gateway.timeoutMs,
    onRequest: () => options.publish(requested),
  };
  const channels = {
    ...common,
    knownEra: () => eraOf(identityOf(name)),
    discoverTimeoutMs: Math.min(spec.monitor.startTimeoutMs, gateway.timeoutMs),
    sessionsMax: gateway.maxSessions,
    idleMs: options.sessionIdleMs,
  };
  if (target.kind === 'stdio') {
    const open = options.children.channelsOf({ ...spec, target });
    return createChannelUpstream({ ...channels, open });
  }
  const remote = remoteOf(target);
  const http = {
    ...remote,
    ...common,
    headers: gateway.injectHeaders ? remote.headers : {},
    preserveHost: gateway.preserveHost,
    propagatesTrace: options.propagatesTrace,
  };
  const createSse = (): Upstream => {
    const { open, stop } = createSseChannels({
      ...remote,
      clock,
      headers: http.headers,
      openTimeoutMs: spec.monitor.startTimeoutMs,
    });
    const front = createChannelUpstream({ ...channels, open });
    return joinSse(createSseUpstream({ ...http, name }), front, stop);
  };
  return createByTransport(target, {
    isSse: () => identityOf(name)?.transport === 'sse',
    createHttp: () => createHttpUpstream(http),
    createSse,
  });
}

/** An assumed era is no reason to refuse a request: the server itself may still answer it. */
function eraOf(identity: ServerIdentity | undefined): Era | undefined {
  return identity?.isEraAssumed ? undefined : identity?.era;
}

/** For an HTTP+SSE server `/NAME/mcp` is a bridge; every other route is its own transport. */
function joinSse(sse: Upstream, front: Upstream, stopChannels: () => Promise<void>): Upstream {
  return {
    handle: (admitted) => (admitted.route === '/mcp' ? front : sse).handle(admitted),
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
    load: () => current().load(),
    async stop(signal) {
      await Promise.all([http.stop(signal), sse?.stop(signal)]);
    },
  };
}
