import { randomBytes } from 'node:crypto';
import type { Config } from '../settings/config.ts';
import { createChannelUpstream } from '../sources/gateway/channel-upstream.ts';
import {
  createGateway,
  type Edge,
  type Gateway,
  type GatewayOptions,
} from '../sources/gateway/create-gateway.ts';
import { createHttpUpstream } from '../sources/gateway/http-upstream.ts';
import { createSseChannels } from '../protocol/sse/sse-channel.ts';
import { createSseUpstream } from '../sources/gateway/sse-upstream.ts';
import type { Upstream } from '../sources/gateway/upstream.ts';
import { UNKNOWN_SERVER } from '../facts/rules/call-labels.ts';
import type { ServerIdentity } from '../facts/check-report.ts';
import type { Clock } from '../facts/ports/clock.ts';
import type { Hub } from '../facts/hub.ts';
import { redactArguments } from '../facts/rules/redact-arguments.ts';
import type { HttpTarget, ServerSpec } from '../facts/server.ts';
import { createAccountant } from '../sources/gateway/account-usage.ts';
import { CallTracker } from '../sources/gateway/call-tracker.ts';
import { type ChildChannels, remoteOf } from '../protocol/open-channel.ts';

export interface GatewayParts {
  /** Asked anew for what a reload may change. */
  readonly config: () => Config;
  readonly clock: Clock;
  readonly hub: Pick<Hub, 'publish'>;
  readonly edge: Edge;
  readonly createServer: NonNullable<GatewayOptions['createServer']>;
  readonly children: ChildChannels;
  /** What the prober learned of a server. */
  readonly identityOf: (server: string) => ServerIdentity | undefined;
  readonly sampleTrace: () => boolean;
  /** By hand. */
  readonly isDisabled?: (server: string) => boolean;
}

/** Builds the gateway: which upstream a server gets, and what is made of its calls. */
export function composeGateway(parts: GatewayParts): Gateway {
  const { clock, hub } = parts;
  const config = parts.config();
  const newId = createIdSource();

  function createTracker(server: string, spec: ServerSpec | undefined): CallTracker {
    return new CallTracker({
      server,
      clock,
      hub,
      newTraceId: () => newId(16),
      newSpanId: () => newId(8),
      sample: parts.sampleTrace,
      sessionIdleMs: config.gateway.sessionIdleMs,
      answerTimeoutMs: spec?.gateway.timeoutMs ?? 0,
      account: createAccountant(spec?.gateway.prices),
      ...(config.audit.arguments
        ? {
            argumentsText: (facts) =>
              redactArguments(facts.arguments, { secretNames: config.audit.redactKeys }),
          }
        : {}),
    });
  }

  function createUpstream(spec: ServerSpec, tracker: CallTracker): Upstream {
    const { target, name, gateway } = spec;
    const requested = Object.freeze({ fact: 'upstream_request', server: name } as const);
    const onRequest = (): void => hub.publish(requested);
    const channels = {
      clock,
      tracker,
      knownEra: () => parts.identityOf(name)?.era,
      sessionsMax: gateway.maxSessions,
      idleMs: config.gateway.sessionIdleMs,
      answerTimeoutMs: gateway.timeoutMs,
      onRequest,
    };
    if (target.kind === 'stdio') {
      return createChannelUpstream({
        ...channels,
        open: parts.children.channelsOf({ ...spec, target }),
      });
    }
    const remote = remoteOf(target);
    const http = {
      ...remote,
      clock,
      tracker,
      headers: gateway.injectHeaders ? remote.headers : {},
      answerTimeoutMs: gateway.timeoutMs,
      preserveHost: gateway.preserveHost,
      propagatesTrace: config.tracing.exporter !== 'none',
      onRequest,
    };
    const createSse = (): Upstream => {
      const sse = createSseUpstream({ ...http, name });
      const { open, stop } = createSseChannels({
        ...remote,
        headers: http.headers,
        openTimeoutMs: spec.monitor.startTimeoutMs,
      });
      return joinSse(sse, createChannelUpstream({ ...channels, open }), stop);
    };
    return createByTransport(target, {
      isSse: () => parts.identityOf(name)?.transport === 'sse',
      createHttp: () => createHttpUpstream(http),
      createSse,
    });
  }

  return createGateway({
    clock,
    edge: parts.edge,
    createServer: parts.createServer,
    bodyBytesMax: config.gateway.bodyBytesMax,
    ...(parts.isDisabled ? { isDisabled: parts.isDisabled } : {}),
    strangers: createTracker(UNKNOWN_SERVER, undefined),
    createTracker: (spec) => createTracker(spec.name, spec),
    createUpstream,
  });
}

/** `/NAME/mcp` in front of an HTTP+SSE server is a bridge, everything else its own transport. */
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
  /** What the prober found out about a server whose transport is not written. */
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

const RANDOM_BYTES = 8_192;

/** Random ids for traces; drawn in bulk, since asking the system for each costs more than the rest of a call's record. */
function createIdSource(): (bytes: number) => string {
  let pool = randomBytes(RANDOM_BYTES);
  let used = 0;
  return (bytes) => {
    if (used + bytes > pool.length) {
      pool = randomBytes(RANDOM_BYTES);
      used = 0;
    }
    used += bytes;
    return pool.toString('hex', used - bytes, used);
  };
}
