import { type CallVerdict, CANCELLED, judgeRpcError } from '../../facts/call-outcome.ts';
import type { CallRecord, TokenUsage } from '../../facts/call-record.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { SessionEnded } from '../../facts/gateway-facts.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import type { Era, Transport } from '../../facts/server.ts';
import { parseTraceParent, type TraceParent } from './trace-context.ts';
import { createPendingMap, type PendingMap } from '../../protocol/pending-map.ts';
import type { EpochMs } from '../../facts/time.ts';

/** Pending exchanges and sessions kept for one server; past it the oldest is given up. */
const PENDING_MAX = 10_000;
const SESSIONS_MAX = 10_000;
const SWEEP_MS = 1_000;

/** What is known of the HTTP request or line that a message came in. */
export interface Carrier {
  readonly transport: Transport;
  readonly verb: CallRecord['verb'];
  readonly session?: string;
  readonly user?: string;
  readonly protocolVersion?: string;
  readonly era: Era;
  /** HTTP headers `traceparent` and `tracestate`. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly receivedAtMs: EpochMs;
  /** Monotonic. */
  readonly receivedMs: number;
  readonly bytes: number;
}

/** One request on its way, until its answer or its end. */
export interface Exchange {
  readonly key: string;
  readonly facts: MessageFacts;
  readonly carrier: Carrier;
  readonly direction: CallRecord['direction'];
  readonly trace: CallRecord['trace'];
  overheadMs: number;
  progressCount: number;
  isDone: boolean;
  /** Monotonic time at which it is given up; only for those that nobody waits for any more. */
  expiresMs: number;
  expiryVerdict: CallVerdict | undefined;
}

interface Session {
  readonly id: string;
  readonly transport: Transport;
  client?: NonNullable<CallRecord['client']>;
  protocolVersion?: string;
  readonly openedMs: number;
  lastSeenMs: number;
  readonly calls: PendingMap<string, Exchange>;
  readonly serverCalls: PendingMap<string, Exchange>;
}

export interface SessionOpening {
  readonly client?: NonNullable<CallRecord['client']>;
  readonly protocolVersion?: string;
}

interface Usage {
  readonly tokens?: TokenUsage;
  readonly costUsd?: number;
}

export interface CallTrackerOptions {
  readonly server: string;
  readonly clock: Clock;
  readonly onCall: (record: CallRecord) => void;
  readonly onSessionEnd?: (ended: SessionEnded) => void;
  readonly newTraceId: () => string;
  readonly newSpanId: () => string;
  /** Share of traces begun here that are sampled, 0..1. */
  readonly sample: () => boolean;
  readonly sessionIdleMs: number;
  readonly answerTimeoutMs: number;
  readonly account?: (
    facts: MessageFacts,
    result: MessageFacts | undefined,
    sizes: { requestBytes: number; responseBytes: number },
  ) => Usage;
  /** Arguments of a tool call as text for the audit log; nothing where the configuration does not ask for them. */
  readonly argumentsText?: (facts: MessageFacts) => string | undefined;
}

export interface TrackerLoad {
  readonly sessions: Readonly<Record<Transport, number>>;
  readonly inFlight: Readonly<Record<Transport, number>>;
  readonly sessionless: Readonly<Record<Transport, number>>;
}

/**
 * Pairs requests with answers for one server and turns each pair into one CallRecord.
 *
 * An exchange usually ends in the body of its own HTTP answer; with HTTP+SSE, after a resumption, or over stdio the answer
 * comes another way, so exchanges of a session are also found by session and id. Whatever ends an exchange first counts;
 * a second answer, a late one, or one with an unknown id changes nothing.
 */
export interface CallTracker {
  begin(facts: MessageFacts, carrier: Carrier): Exchange;
  /** An answer that passed on any stream; `own` are the exchanges of the HTTP request whose answer it is in. */
  answer(
    facts: MessageFacts,
    bytes: number,
    session: string | undefined,
    own?: ReadonlyMap<string, Exchange>,
  ): void;
  end(exchange: Exchange, verdict: CallVerdict, message?: string): void;
  /** Nobody waits on the exchange's own stream any more, yet its answer may come on another one. */
  park(exchange: Exchange, verdict: CallVerdict): void;
  /** A request of the server to the client. */
  beginServerCall(facts: MessageFacts, carrier: Carrier): void;
  /** The client's answer to a request of the server. */
  answerServerCall(facts: MessageFacts, bytes: number, session: string | undefined): void;
  /** Notifications that say something about an exchange: progress and cancellation. */
  notice(
    facts: MessageFacts,
    session: string | undefined,
    own?: ReadonlyMap<string, Exchange>,
  ): void;
  openSession(id: string, transport: Transport, opening: SessionOpening): void;
  /** Seen alive by the server's own answer; also makes known a session that began before this process. */
  touchSession(id: string, transport: Transport): void;
  closeSession(id: string): void;
  load(): TrackerLoad;
  stop(): void;
}

const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const GIVEN_UP: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'no_response' };

export function createCallTracker(options: CallTrackerOptions): CallTracker {
  const { clock } = options;
  const sessions = new Map<string, Session>();
  const parked = createPendingMap<Exchange, Exchange>();
  const serverCalls = createPendingMap<string, Exchange>();
  const inFlight: Record<Transport, number> = { http: 0, sse: 0, stdio: 0 };
  const sessionless: Record<Transport, number> = { http: 0, sse: 0, stdio: 0 };
  let sweeper: Timer | undefined;

  function sessionOf(id: string | undefined): Session | undefined {
    return id === undefined ? undefined : sessions.get(id);
  }

  function traceOf(facts: MessageFacts, carrier: Carrier): CallRecord['trace'] {
    const fromMeta = parseTraceParent(facts.meta?.['traceparent']);
    const fromHeader = parseTraceParent(carrier.traceparent);
    const parent = fromMeta ?? fromHeader;
    const spanId = options.newSpanId();
    if (!parent) return { traceId: options.newTraceId(), spanId, sampled: options.sample() };
    const state = fromMeta ? facts.meta?.['tracestate'] : carrier.tracestate;
    return {
      traceId: parent.traceId,
      spanId,
      parentSpanId: parent.spanId,
      sampled: parent.sampled,
      ...(typeof state === 'string' ? { traceState: state } : {}),
      ...(fromMeta && fromHeader && differs(fromMeta, fromHeader)
        ? { link: { traceId: fromHeader.traceId, spanId: fromHeader.spanId } }
        : {}),
    };
  }

  function makeExchange(
    facts: MessageFacts,
    carrier: Carrier,
    direction: CallRecord['direction'],
  ): Exchange {
    return {
      key: facts.id ?? '',
      facts,
      carrier,
      direction,
      trace: traceOf(facts, carrier),
      overheadMs: 0,
      progressCount: 0,
      isDone: false,
      expiresMs: Number.POSITIVE_INFINITY,
      expiryVerdict: undefined,
    };
  }

  function remember(calls: PendingMap<string, Exchange>, exchange: Exchange): void {
    const former = calls.get(exchange.key);
    if (former && !former.isDone)
      finish(former, GIVEN_UP, undefined, 0, 'a second request took its id');
    calls.set(exchange.key, exchange);
    if (calls.size <= PENDING_MAX) return;
    const [oldest] = calls.values();
    if (oldest) finish(oldest, GIVEN_UP, undefined, 0, 'too many requests wait for an answer');
  }

  function finish(
    exchange: Exchange,
    verdict: CallVerdict,
    result: MessageFacts | undefined,
    responseBytes: number,
    message?: string,
  ): void {
    if (exchange.isDone) return;
    exchange.isDone = true;
    const { facts, carrier, direction } = exchange;
    const session = sessionOf(carrier.session);
    forget(exchange, session);
    if (direction === 'client_to_server') {
      inFlight[carrier.transport]--;
      if (!carrier.session) sessionless[carrier.transport]--;
    }
    const endedMs = clock.monotonicMs();
    const sizes = { requestBytes: carrier.bytes, responseBytes };
    const errorMessage = message ?? result?.error?.message;
    // Built field by field: a spread for each optional one costs more than all the rest of this function.
    const record: Writable<CallRecord> = {
      fact: 'call',
      server: options.server,
      direction,
      transport: carrier.transport,
      verb: carrier.verb,
      operation: facts.method ?? '',
      requestId: exchange.key,
      era: carrier.era,
      outcome: verdict.outcome,
      status: verdict.status,
      startedAtMs: carrier.receivedAtMs,
      durationMs: Math.max(0, endedMs - carrier.receivedMs),
      overheadMs: exchange.overheadMs,
      requestBytes: sizes.requestBytes,
      responseBytes,
      trace: exchange.trace,
      progressCount: exchange.progressCount,
    };
    if (verdict.errorType !== undefined) record.errorType = verdict.errorType;
    if (facts.target !== undefined) record.target = facts.target;
    noteCaller(record, exchange, session, result);
    noteUsage(record, options.account?.(facts, result, sizes));
    if (result?.error) noteError(record, result.error);
    if (errorMessage) record.errorMessage = errorMessage;
    if (result?.requestState !== undefined) record.requestState = result.requestState;
    if (facts.requestState !== undefined) record.broughtState = facts.requestState;
    const text = options.argumentsText?.(facts);
    if (text !== undefined) record.argumentsText = text;
    options.onCall(record);
  }

  function forget(exchange: Exchange, session: Session | undefined): void {
    parked.delete(exchange);
    const calls =
      exchange.direction === 'client_to_server'
        ? session?.calls
        : (session?.serverCalls ?? serverCalls);
    if (calls?.get(exchange.key) === exchange) calls.delete(exchange.key);
  }

  function sweep(): void {
    sweeper = undefined;
    const nowMs = clock.monotonicMs();
    for (const exchange of parked.values()) {
      if (exchange.expiresMs <= nowMs)
        finish(exchange, exchange.expiryVerdict ?? EXPIRED, undefined, 0);
    }
    for (const session of sessions.values()) {
      if (session.calls.size === 0 && nowMs - session.lastSeenMs > options.sessionIdleMs)
        dropSession(session);
    }
    watch();
  }

  function watch(): void {
    if (!sweeper && (parked.size > 0 || sessions.size > 0)) sweeper = clock.after(SWEEP_MS, sweep);
  }

  function dropSession(session: Session): void {
    for (const exchange of [...session.calls.values()])
      finish(exchange, exchange.expiryVerdict ?? CANCELLED, undefined, 0, 'its session ended');
    for (const exchange of [...session.serverCalls.values()])
      finish(exchange, CANCELLED, undefined, 0, 'its session ended');
    sessions.delete(session.id);
    options.onSessionEnd?.({
      fact: 'session',
      server: options.server,
      transport: session.transport,
      ...(session.protocolVersion === undefined
        ? {}
        : { protocolVersion: session.protocolVersion }),
      durationMs: clock.monotonicMs() - session.openedMs,
    });
  }

  function openSession(id: string, transport: Transport, opening: SessionOpening): void {
    const former = sessions.get(id);
    if (!former && sessions.size >= SESSIONS_MAX) {
      const [oldest] = sessions.values();
      if (oldest) dropSession(oldest);
    }
    sessions.set(id, {
      id,
      transport,
      openedMs: former?.openedMs ?? clock.monotonicMs(),
      lastSeenMs: clock.monotonicMs(),
      calls: former?.calls ?? createPendingMap<string, Exchange>(),
      serverCalls: former?.serverCalls ?? createPendingMap<string, Exchange>(),
      ...(opening.client === undefined ? {} : { client: opening.client }),
      ...(opening.protocolVersion === undefined
        ? {}
        : { protocolVersion: opening.protocolVersion }),
    });
    watch();
  }

  return {
    begin(facts, carrier) {
      const exchange = makeExchange(facts, carrier, 'client_to_server');
      inFlight[carrier.transport]++;
      if (!carrier.session) sessionless[carrier.transport]++;
      const session = sessionOf(carrier.session);
      if (session) {
        session.lastSeenMs = carrier.receivedMs;
        remember(session.calls, exchange);
      }
      return exchange;
    },
    answer(facts, bytes, session, own) {
      const exchange = own?.get(facts.id ?? '') ?? sessionOf(session)?.calls.get(facts.id ?? '');
      if (exchange) finish(exchange, judgeAnswer(facts), facts, bytes);
    },
    end(exchange, verdict, message) {
      finish(exchange, verdict, undefined, 0, message);
    },
    park(exchange, verdict) {
      if (exchange.isDone) return;
      exchange.expiryVerdict = verdict;
      exchange.expiresMs = clock.monotonicMs() + options.answerTimeoutMs;
      parked.set(exchange, exchange);
      watch();
    },
    beginServerCall(facts, carrier) {
      const exchange = makeExchange(facts, carrier, 'server_to_client');
      exchange.expiresMs = carrier.receivedMs + options.answerTimeoutMs;
      // A client that never answers is no failure of the server.
      exchange.expiryVerdict = CANCELLED;
      remember(sessionOf(carrier.session)?.serverCalls ?? serverCalls, exchange);
      parked.set(exchange, exchange);
      watch();
    },
    answerServerCall(facts, bytes, session) {
      const calls = sessionOf(session)?.serverCalls ?? serverCalls;
      const exchange = calls.get(facts.id ?? '');
      if (!exchange) return;
      // A client that declines is no failure of the server.
      const verdict: CallVerdict = facts.error
        ? { outcome: 'client_error', status: 400, errorType: 'rpc_error' }
        : judgeAnswer(facts);
      finish(exchange, verdict, facts, bytes);
    },
    notice(facts, session, own) {
      const calls = sessionOf(session)?.calls;
      if (facts.method === 'notifications/cancelled' && facts.cancelledId !== undefined) {
        const exchange = own?.get(facts.cancelledId) ?? calls?.get(facts.cancelledId);
        if (exchange) finish(exchange, CANCELLED, undefined, 0);
      }
      if (facts.method === 'notifications/progress' && own)
        for (const exchange of own.values()) exchange.progressCount++;
    },
    openSession,
    touchSession(id, transport) {
      const session = sessions.get(id);
      if (session) session.lastSeenMs = clock.monotonicMs();
      else openSession(id, transport, {});
    },
    closeSession(id) {
      const session = sessions.get(id);
      if (session) dropSession(session);
    },
    load() {
      const open: Record<Transport, number> = { http: 0, sse: 0, stdio: 0 };
      for (const session of sessions.values()) open[session.transport]++;
      return { sessions: open, inFlight: { ...inFlight }, sessionless: { ...sessionless } };
    },
    stop() {
      sweeper?.cancel();
      for (const session of [...sessions.values()]) dropSession(session);
      for (const exchange of [...parked.values()])
        finish(exchange, exchange.expiryVerdict ?? CANCELLED, undefined, 0);
    },
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function noteCaller(
  record: Writable<CallRecord>,
  { facts, carrier }: Exchange,
  session: Session | undefined,
  result: MessageFacts | undefined,
): void {
  const client = facts.client ?? session?.client;
  const protocolVersion =
    result?.protocolVersion ??
    carrier.protocolVersion ??
    session?.protocolVersion ??
    facts.protocolVersion;
  if (carrier.session !== undefined) record.session = carrier.session;
  if (carrier.user !== undefined) record.user = carrier.user;
  if (client !== undefined) record.client = client;
  if (protocolVersion !== undefined) record.protocolVersion = protocolVersion;
}

function noteUsage(record: Writable<CallRecord>, usage: Usage | undefined): void {
  if (usage?.tokens) record.tokens = usage.tokens;
  if (usage?.costUsd !== undefined) record.costUsd = usage.costUsd;
}

function noteError(record: Writable<CallRecord>, error: NonNullable<MessageFacts['error']>): void {
  record.rpcCode = error.code;
  if (error.stack !== undefined) record.errorStack = error.stack;
}

/** The verdict over an answer, by its JSON-RPC and tool layers. */
function judgeAnswer(facts: MessageFacts): CallVerdict {
  if (facts.error) return judgeRpcError(facts.error.code);
  if (facts.isError) return { outcome: 'tool_error', status: 500, errorType: 'tool_error' };
  if (facts.resultType === 'input_required') return { outcome: 'input_required', status: 200 };
  return { outcome: 'success', status: 200 };
}

function differs(a: TraceParent, b: TraceParent): boolean {
  return a.traceId !== b.traceId || a.spanId !== b.spanId;
}
