import { type CallVerdict, CANCELLED } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { SessionEnded, ToolsListed } from '../../facts/gateway-facts.ts';
import type { Transport } from '../../facts/server.ts';
import { later, type MonotonicMs } from '../../facts/time.ts';
import { findAnswered, type MessageFacts } from '../../protocol/message-facts.ts';
import { createPendingMap, type PendingMap } from '../../protocol/pending-map.ts';
import {
  type CallDescription,
  type CallEnding,
  describeCall,
  type SessionOpening,
} from './describe-call.ts';
import type { Exchange } from './exchange.ts';
import {
  type FindListed,
  judgeAnswer,
  judgeResponse,
  noteListed,
  type ProvenNames,
} from './judge-answer.ts';

/**
 * The sessions of one server and the exchanges that wait for a response: `nextEffects` is the only function that changes a
 * `TrackerState`, and what it returns is all that happens outside. `call-tracker.ts` performs that.
 */
export interface TrackerState {
  readonly settings: TrackerSettings;
  readonly sessions: Map<string, TrackedSession>;
  /** Exchanges that end by themselves at their `expiresMs`. */
  readonly expiring: PendingMap<Exchange, Exchange>;
  /** Requests of the server that belong to no known session, by id. */
  readonly serverCalls: PendingMap<string, Exchange>;
  readonly inFlight: Record<Transport, number>;
  readonly sessionless: Record<Transport, number>;
  readonly provenNames: ProvenNames;
  isSweepSet: boolean;
}

export interface TrackerSettings extends CallDescription {
  readonly sessionIdleMs: number;
  readonly answerTimeoutMs: number;
  /** What the prober found listed. */
  readonly findListed?: FindListed;
}

interface TrackedSession extends SessionOpening {
  readonly id: string;
  readonly transport: Transport;
  readonly openedMs: MonotonicMs;
  lastSeenMs: MonotonicMs;
  readonly calls: PendingMap<string, Exchange>;
  readonly serverCalls: PendingMap<string, Exchange>;
}

export type ExchangesById = ReadonlyMap<string, Exchange>;

export type TrackerEvent =
  | { readonly kind: 'call_begun'; readonly exchange: Exchange }
  | CallAnswered
  | {
      readonly kind: 'call_ended';
      readonly exchange: Exchange;
      readonly verdict: CallVerdict;
      readonly message: string | undefined;
    }
  | { readonly kind: 'call_parked'; readonly exchange: Exchange; readonly verdict: CallVerdict }
  | { readonly kind: 'server_call_begun'; readonly exchange: Exchange }
  | ServerCallAnswered
  | Notified
  | SessionOpened
  | { readonly kind: 'session_seen'; readonly id: string; readonly transport: Transport }
  | { readonly kind: 'session_closed'; readonly id: string }
  | { readonly kind: 'sweep_due' }
  | { readonly kind: 'stopped' };

interface CallAnswered {
  readonly kind: 'call_answered';
  readonly facts: MessageFacts;
  readonly bytes: number;
  readonly session: string | undefined;
  /** The exchanges of the HTTP request whose answer the response is in. */
  readonly own: ExchangesById | undefined;
}

interface ServerCallAnswered {
  readonly kind: 'server_call_answered';
  readonly facts: MessageFacts;
  readonly bytes: number;
  readonly session: string | undefined;
}

interface Notified {
  readonly kind: 'notified';
  readonly facts: MessageFacts;
  readonly session: string | undefined;
  readonly own: ExchangesById | undefined;
}

interface SessionOpened {
  readonly kind: 'session_opened';
  readonly id: string;
  readonly transport: Transport;
  readonly opening: SessionOpening;
}

/** To be performed in this order. */
export type TrackerEffect =
  | { readonly kind: 'publish'; readonly fact: CallRecord | SessionEnded | ToolsListed }
  | { readonly kind: 'set_sweep'; readonly delayMs: number }
  | { readonly kind: 'clear_sweep' };

export interface TrackerLoad {
  readonly sessions: Readonly<Record<Transport, number>>;
  readonly inFlight: Readonly<Record<Transport, number>>;
  readonly sessionless: Readonly<Record<Transport, number>>;
}

/** Pending exchanges and sessions kept for one server; beyond that the oldest is given up. */
const PENDING_MAX = 10_000;
const SESSIONS_MAX = 10_000;
const SWEEP_MS = 1_000;
const NO_EFFECTS: readonly TrackerEffect[] = Object.freeze([]);
const SET_SWEEP: TrackerEffect = { kind: 'set_sweep', delayMs: SWEEP_MS };
const CLEAR_SWEEP: TrackerEffect = { kind: 'clear_sweep' };
const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const GIVEN_UP: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'no_response' };
/** A client that declines is no failure of the server. */
const DECLINED: CallVerdict = { outcome: 'client_error', status: 400, errorType: 'rpc_error' };
const SESSION_ENDED = 'its session ended';

export function createTrackerState(settings: TrackerSettings): TrackerState {
  return {
    settings,
    sessions: new Map(),
    expiring: createPendingMap(),
    serverCalls: createPendingMap(),
    inFlight: { http: 0, sse: 0, stdio: 0 },
    sessionless: { http: 0, sse: 0, stdio: 0 },
    provenNames: new Set(),
    isSweepSet: false,
  };
}

export function loadOf({ sessions, inFlight, sessionless }: TrackerState): TrackerLoad {
  const open: Record<Transport, number> = { http: 0, sse: 0, stdio: 0 };
  for (const session of sessions.values()) open[session.transport]++;
  return { sessions: open, inFlight: { ...inFlight }, sessionless: { ...sessionless } };
}

/** Changes `state`. Deterministic, without I/O. */
export function nextEffects(
  state: TrackerState,
  event: TrackerEvent,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  switch (event.kind) {
    case 'call_begun':
      return begin(state, event.exchange, atMs);
    case 'call_answered':
      return answer(state, event, atMs);
    case 'call_ended':
      return finish(state, event.exchange, event, atMs);
    case 'call_parked':
      return park(state, event.exchange, event.verdict, atMs);
    case 'server_call_begun':
      return beginServerCall(state, event.exchange, atMs);
    case 'server_call_answered':
      return answerServerCall(state, event, atMs);
    case 'notified':
      return takeNotification(state, event, atMs);
    case 'session_opened':
      return openSession(state, event, atMs);
    case 'session_seen':
      return touchSession(state, event.id, event.transport, atMs);
    case 'session_closed': {
      const session = state.sessions.get(event.id);
      return session ? endSession(state, session, atMs) : NO_EFFECTS;
    }
    case 'sweep_due':
      return sweep(state, atMs);
    case 'stopped':
      return stop(state, atMs);
  }
}

function begin(
  state: TrackerState,
  exchange: Exchange,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const { carrier } = exchange;
  state.inFlight[carrier.transport]++;
  if (!carrier.session) state.sessionless[carrier.transport]++;
  const session = sessionOf(state, carrier.session);
  if (!session) return NO_EFFECTS;
  session.lastSeenMs = carrier.receivedMs;
  return remember(state, session.calls, exchange, atMs);
}

function answer(
  state: TrackerState,
  { facts, bytes, session, own }: CallAnswered,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const exchange =
    findAnswered(own, facts.id) ?? findAnswered(sessionOf(state, session)?.calls, facts.id);
  if (!exchange) return NO_EFFECTS;
  const verdict = judgeAnswer(exchange, facts, state.provenNames, state.settings.findListed);
  const ending = { verdict, result: facts, responseBytes: bytes };
  const effects = finish(state, exchange, ending, atMs);
  const { toolNames } = facts;
  if (toolNames === undefined || exchange.facts.method !== 'tools/list') return effects;
  noteListed(state.provenNames, toolNames);
  const { server } = state.settings;
  return [
    ...effects,
    { kind: 'publish', fact: { fact: 'tools_listed', server, names: toolNames } },
  ];
}

function park(
  state: TrackerState,
  exchange: Exchange,
  verdict: CallVerdict,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  if (exchange.isDone) return NO_EFFECTS;
  expireLater(state, exchange, verdict, atMs);
  return setSweep(state);
}

function beginServerCall(
  state: TrackerState,
  exchange: Exchange,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const { session, receivedMs } = exchange.carrier;
  const calls = sessionOf(state, session)?.serverCalls ?? state.serverCalls;
  const effects = remember(state, calls, exchange, atMs);
  // A client that never answers is no failure of the server.
  expireLater(state, exchange, CANCELLED, receivedMs);
  return [...effects, ...setSweep(state)];
}

function answerServerCall(
  state: TrackerState,
  { facts, bytes, session }: ServerCallAnswered,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const calls = sessionOf(state, session)?.serverCalls ?? state.serverCalls;
  const exchange = calls.get(facts.id ?? '');
  if (!exchange) return NO_EFFECTS;
  const verdict = facts.error ? DECLINED : judgeResponse(facts);
  return finish(state, exchange, { verdict, result: facts, responseBytes: bytes }, atMs);
}

/** Progress and cancellation say something about an exchange. */
function takeNotification(
  state: TrackerState,
  { facts, session, own }: Notified,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  if (facts.method === 'notifications/progress' && own)
    for (const exchange of own.values()) exchange.progressCount++;
  if (facts.method !== 'notifications/cancelled' || facts.cancelledId === undefined)
    return NO_EFFECTS;
  const exchange =
    own?.get(facts.cancelledId) ?? sessionOf(state, session)?.calls.get(facts.cancelledId);
  return exchange ? finish(state, exchange, { verdict: CANCELLED }, atMs) : NO_EFFECTS;
}

function openSession(
  state: TrackerState,
  { id, transport, opening }: Omit<SessionOpened, 'kind'>,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const { sessions } = state;
  const former = sessions.get(id);
  const oldest = !former && sessions.size >= SESSIONS_MAX ? firstOf(sessions.values()) : undefined;
  const effects = oldest ? endSession(state, oldest, atMs) : NO_EFFECTS;
  sessions.set(id, {
    ...opening,
    id,
    transport,
    openedMs: former?.openedMs ?? atMs,
    lastSeenMs: atMs,
    calls: former?.calls ?? createPendingMap<string, Exchange>(),
    serverCalls: former?.serverCalls ?? createPendingMap<string, Exchange>(),
  });
  return [...effects, ...setSweep(state)];
}

/** A session that began before this process is known from its first successful answer. */
function touchSession(
  state: TrackerState,
  id: string,
  transport: Transport,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const session = state.sessions.get(id);
  if (!session) return openSession(state, { id, transport, opening: {} }, atMs);
  session.lastSeenMs = atMs;
  return NO_EFFECTS;
}

function endSession(
  state: TrackerState,
  session: TrackedSession,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const { id, transport, protocolVersion } = session;
  const effects: TrackerEffect[] = [];
  for (const exchange of [...session.calls.values(), ...session.serverCalls.values()])
    effects.push(...expire(state, exchange, CANCELLED, atMs, SESSION_ENDED));
  state.sessions.delete(id);
  const ended: SessionEnded = {
    fact: 'session',
    server: state.settings.server,
    transport,
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    durationMs: atMs - session.openedMs,
  };
  effects.push({ kind: 'publish', fact: ended });
  return effects;
}

function sweep(state: TrackerState, atMs: MonotonicMs): readonly TrackerEffect[] {
  state.isSweepSet = false;
  const effects: TrackerEffect[] = [];
  for (const exchange of state.expiring.values())
    if (exchange.expiresMs <= atMs) effects.push(...expire(state, exchange, EXPIRED, atMs));
  for (const session of state.sessions.values()) {
    const isIdle = atMs - session.lastSeenMs > state.settings.sessionIdleMs;
    if (session.calls.size === 0 && isIdle) effects.push(...endSession(state, session, atMs));
  }
  effects.push(...setSweep(state));
  return effects;
}

function stop(state: TrackerState, atMs: MonotonicMs): readonly TrackerEffect[] {
  state.isSweepSet = false;
  const effects: TrackerEffect[] = [CLEAR_SWEEP];
  for (const session of [...state.sessions.values()])
    effects.push(...endSession(state, session, atMs));
  for (const exchange of [...state.expiring.values()])
    effects.push(...expire(state, exchange, CANCELLED, atMs));
  return effects;
}

/** Whatever ends an exchange first counts; a second response or a late one changes nothing. */
function finish(
  state: TrackerState,
  exchange: Exchange,
  ending: CallEnding,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  if (exchange.isDone) return NO_EFFECTS;
  exchange.isDone = true;
  const { carrier, direction } = exchange;
  const session = sessionOf(state, carrier.session);
  forget(state, exchange, session);
  if (direction === 'client_to_server') {
    state.inFlight[carrier.transport]--;
    if (!carrier.session) state.sessionless[carrier.transport]--;
  }
  return [{ kind: 'publish', fact: describeCall(exchange, ending, session, atMs, state.settings) }];
}

/** Ends an exchange without a response, by its own verdict if it has one. */
function expire(
  state: TrackerState,
  exchange: Exchange,
  otherwise: CallVerdict,
  atMs: MonotonicMs,
  message?: string,
): readonly TrackerEffect[] {
  return finish(state, exchange, { verdict: exchange.expiryVerdict ?? otherwise, message }, atMs);
}

function remember(
  state: TrackerState,
  calls: PendingMap<string, Exchange>,
  exchange: Exchange,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const former = calls.get(exchange.key);
  let effects = NO_EFFECTS;
  if (former) {
    const message = 'a second request took its id';
    effects = finish(state, former, { verdict: GIVEN_UP, message }, atMs);
  }
  calls.set(exchange.key, exchange);
  const oldest = calls.size > PENDING_MAX ? firstOf(calls.values()) : undefined;
  if (!oldest) return effects;
  const message = 'too many requests wait for an answer';
  return [...effects, ...finish(state, oldest, { verdict: GIVEN_UP, message }, atMs)];
}

function forget(
  state: TrackerState,
  exchange: Exchange,
  session: TrackedSession | undefined,
): void {
  state.expiring.delete(exchange);
  const calls =
    exchange.direction === 'client_to_server'
      ? session?.calls
      : (session?.serverCalls ?? state.serverCalls);
  if (calls?.get(exchange.key) === exchange) calls.delete(exchange.key);
}

function expireLater(
  { settings, expiring }: TrackerState,
  exchange: Exchange,
  verdict: CallVerdict,
  fromMs: MonotonicMs,
): void {
  exchange.expiryVerdict = verdict;
  exchange.expiresMs = later(fromMs, settings.answerTimeoutMs);
  expiring.set(exchange, exchange);
}

function setSweep(state: TrackerState): readonly TrackerEffect[] {
  if (state.isSweepSet || (state.expiring.size === 0 && state.sessions.size === 0))
    return NO_EFFECTS;
  state.isSweepSet = true;
  return [SET_SWEEP];
}

function sessionOf({ sessions }: TrackerState, id: string | undefined): TrackedSession | undefined {
  return id === undefined ? undefined : sessions.get(id);
}

function firstOf<Value>(values: Iterable<Value>): Value | undefined {
  const [first] = values;
  return first;
}
