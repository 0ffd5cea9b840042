import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createSystemClock } from '../../../src/adapters/clock.ts';
import { createChannelUpstream } from '../../../src/adapters/gateway/channel-upstream.ts';
import { createGateway, type Edge } from '../../../src/adapters/gateway/create-gateway.ts';
import { createHttpUpstream } from '../../../src/adapters/gateway/http-upstream.ts';
import type { OpenChannel } from '../../../src/adapters/gateway/message-channel.ts';
import { createSseChannels } from '../../../src/adapters/gateway/sse-channel.ts';
import { createSseUpstream } from '../../../src/adapters/gateway/sse-upstream.ts';
import type { Upstream } from '../../../src/adapters/gateway/upstream.ts';
import { startChild } from '../../../src/adapters/mcp/child-process.ts';
import { createProcessTable } from '../../../src/adapters/mcp/process-usage.ts';
import type { CallRecord, GatewayLoad } from '../../../src/domain/call-record.ts';
import type { HttpTarget, ServerSpec, StdioTarget } from '../../../src/domain/server.ts';
import { createCallTracker, type CallTracker } from '../../../src/gateway/call-tracker.ts';

export interface StartGatewayOptions {
  readonly servers: readonly ServerSpec[];
  /** Instead of collecting the records: a million of them is too much to keep. */
  readonly onCall?: (record: CallRecord) => void;
  readonly answerTimeoutMs?: number;
  readonly sessionIdleMs?: number;
  /** Children at the same time, of one stdio server. */
  readonly sessionsMax?: number;
  readonly idleMs?: number;
  readonly bodyBytesMax?: number;
}

export interface StartedGateway {
  readonly port: number;
  /** One per exchange, in the order of their ends; empty where `onCall` was given. */
  readonly records: readonly CallRecord[];
  /** @param route `/mcp`, or `/sse` for clients of HTTP+SSE */
  url(server: string, route?: string): string;
  apply(servers: readonly ServerSpec[]): void;
  load(): readonly GatewayLoad[];
  stop(drainMs?: number): Promise<void>;
}

/** The gateway in this process, composed as the service composes it, on a port of its own. */
export async function startGateway(options: StartGatewayOptions): Promise<StartedGateway> {
  const clock = createSystemClock();
  const processes = createProcessTable(clock);
  const records: CallRecord[] = [];
  const answerTimeoutMs = options.answerTimeoutMs ?? 30_000;

  const createTracker = (server: string): CallTracker =>
    createCallTracker({
      server,
      clock,
      onCall: options.onCall ?? ((record) => void records.push(record)),
      newTraceId: () => randomBytes(16).toString('hex'),
      newSpanId: () => randomBytes(8).toString('hex'),
      sample: () => false,
      sessionIdleMs: options.sessionIdleMs ?? 600_000,
      answerTimeoutMs,
    });

  const inFrontOf = (open: OpenChannel, tracker: CallTracker): Upstream =>
    createChannelUpstream({
      clock,
      tracker,
      open,
      knownEra: () => undefined,
      sessionsMax: options.sessionsMax ?? 10,
      idleMs: options.idleMs ?? 600_000,
      answerTimeoutMs,
    });

  const startChildOf =
    (target: StdioTarget): OpenChannel =>
    async (listener) => {
      const start = await startChild(target, processes, clock);
      if (!start.ok) return { ok: false, failure: { refusal: 'child_exit', detail: start.code } };
      const { child } = start;
      child.listen({
        onLine: (line) => listener.onMessage(line),
        onOversizedLine: () => undefined,
        onExit: ({ code, signal }) =>
          listener.onClose({ refusal: 'child_exit', detail: `exit ${code ?? signal ?? ''}` }),
      });
      return {
        ok: true,
        channel: { send: (text) => child.write(text), close: () => child.close() },
      };
    };

  const overHttp = ({ name }: ServerSpec, target: HttpTarget, tracker: CallTracker): Upstream => {
    const url = new URL(target.url);
    const { headers } = target;
    const tls = { rejectUnauthorized: !target.tlsSkipVerify };
    const common = { url, clock, tracker, headers, answerTimeoutMs, preserveHost: false, tls };
    if (target.transport !== 'sse') return createHttpUpstream(common);
    const sse = createSseUpstream({ ...common, name });
    const channels = createSseChannels({ url, headers, tls, openTimeoutMs: 10_000 });
    const front = inFrontOf(channels.open, tracker);
    return {
      handle: (admitted) => (admitted.route === '/mcp' ? front : sse).handle(admitted),
      load: () => sse.load(),
      async stop(signal) {
        await Promise.all([sse.stop(signal), front.stop(signal)]);
        await channels.stop();
      },
    };
  };

  const gateway = createGateway({
    clock,
    edge: localEdge,
    bodyBytesMax: options.bodyBytesMax ?? 64 * 1024 * 1024,
    strangers: createTracker('_OTHER'),
    createTracker: (spec) => createTracker(spec.name),
    createUpstream: (spec, tracker) =>
      spec.target.kind === 'stdio'
        ? inFrontOf(startChildOf(spec.target), tracker)
        : overHttp(spec, spec.target, tracker),
  });
  gateway.apply(options.servers);
  const { port } = await gateway.listen('127.0.0.1', 0);
  return {
    port,
    records,
    url: (server, route = '/mcp') =>
      `http://127.0.0.1:${port}/${encodeURIComponent(server)}${route}`,
    apply: (servers) => gateway.apply(servers),
    load: () => gateway.load(),
    stop: (drainMs = 2_000) => gateway.stop(drainMs),
  };
}

const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

/** Lets in whoever names this machine: the least that protects a local server from a rebound name. */
const localEdge: Edge = {
  admit({ headers }: IncomingMessage) {
    const origin = headers.origin === undefined ? undefined : URL.parse(headers.origin)?.host;
    const isLocal =
      LOCAL_HOST.test(headers.host ?? '') &&
      (headers.origin === undefined || LOCAL_HOST.test(origin ?? ''));
    return isLocal
      ? { ok: true, leave: () => undefined }
      : { ok: false, refusal: 'forbidden_host' };
  },
};
