import { randomBytes } from 'node:crypto';
import type { Config } from '../settings/config.ts';
import type { Edge } from '../sources/gateway/admission.ts';
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
} from '../sources/gateway/create-gateway.ts';
import { createUpstream } from '../sources/gateway/create-upstream.ts';
import { UNKNOWN_SERVER } from '../facts/rules/call-labels.ts';
import type { ServerIdentity } from '../facts/check-report.ts';
import type { Clock } from '../facts/ports/clock.ts';
import type { Hub } from '../facts/hub.ts';
import { redactArguments } from '../facts/rules/redact-arguments.ts';
import type { ServerSpec } from '../facts/server.ts';
import { createAccountant } from '../sources/gateway/account-usage.ts';
import { CallTracker } from '../sources/gateway/call-tracker.ts';
import type { ChildChannels } from '../protocol/stdio/child-messages.ts';

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

/** Builds the gateway with what the settings say about calls. */
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

  return createGateway({
    clock,
    edge: parts.edge,
    createServer: parts.createServer,
    bodyBytesMax: config.gateway.bodyBytesMax,
    ...(parts.isDisabled ? { isDisabled: parts.isDisabled } : {}),
    unknownServers: createTracker(UNKNOWN_SERVER, undefined),
    createTracker: (spec) => createTracker(spec.name, spec),
    createUpstream: (spec, tracker) =>
      createUpstream(spec, {
        ...parts,
        tracker,
        publish: hub.publish,
        sessionIdleMs: config.gateway.sessionIdleMs,
        propagatesTrace: config.tracing.exporter !== 'none',
      }),
  });
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
