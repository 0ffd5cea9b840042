import { type CallVerdict, CANCELLED, DECLINED, NO_RESPONSE } from '../../facts/call-outcome.ts';
import type { SessionEnded } from '../../facts/gateway-facts.ts';
import type { Transport } from '../../facts/server.ts';
import { later, type MonotonicMs } from '../../facts/time.ts';
import { findAnswered, type MessageFacts } from '../../protocol/message-facts.ts';
import { createPendingMap, type PendingMap } from '../../protocol/pending-map.ts';
import { createClientNames } from './client-names.ts';
import { type CallEnding, describeCall } from './describe-call.ts';
import { type Exchange, NEVER } from './exchange.ts';
import { judgeAnswer, judgeResponse, noteListed } from '../../protocol/judge-answer.ts';
import type {
  CallAnswered,
  Notified,
  ServerCallAnswered,
  SessionClosed,
  SessionOpened,
  TrackedSession,
  TrackerEffect,
  TrackerEvent,
  TrackerLoad,
  TrackerSettings,
  TrackerState,
} from './tracker-events.ts';

/** Pending exchanges and sessions kept for one server; beyond that the oldest is given up. */
const PENDING_MAX = 10_000;
const SESSIONS_MAX = 10_000;
const SWEEP_MS = 1_000;
const NO_EFFECTS: readonly TrackerEffect[] = Object.freeze([]);
const SET_SWEEP: TrackerEffect = { kind: 'set_sweep', delayMs: SWEEP_MS };
const CLEAR_SWEEP: TrackerEffect = { kind: 'clear_sweep' };
const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const SESSION_ENDED = 'its session ended';
const STOPPED = 'the gateway stopped';

export function createTrackerState(settings: TrackerSettings): TrackerState {
  return {
    settings,
    sessions: new Map(),
    expiring: createPendingMap(),
    serverCalls: createPendingMap(),
    inFlight: { http: 0, sse: 0, stdio: 0 },
    sessionless: { http: 0, sse: 0, stdio: 0 },
    provenNames: new Set(),
    clientNames: createClientNames(settings.sessionIdleMs),
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
    case 'session_closed':
      return closeSession(state, event, atMs);
    case 'session_leaving':
      return noteLeaving(state, event.id, event.isLeaving);
    case 'session_lost':
      return loseSession(state, event.id, atMs);
    case 'calls_resumed':
      for (const exchange of event.exchanges) expireNever(state, exchange);
      return NO_EFFECTS;
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
  // An HTTP request without a JSON-RPC request has no id by which a response could be found.
  if (exchange.facts.id === undefined) return NO_EFFECTS;
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
  if (exchange.facts.method === 'initialize' && verdict.outcome === 'success')
    noteClient(state, exchange, facts, atMs);
  const { toolNames } = facts;
  if (toolNames === undefined || exchange.facts.method !== 'tools/list') return effects;
  noteListed(state.provenNames, toolNames);
  const { server } = state.settings;
  return [
    ...effects,
    { kind: 'publish', fact: { fact: 'tools_listed', server, names: toolNames } },
  ];
}

/** In case the server gives no session id, by which its client would be known. */
function noteClient(
  { clientNames }: TrackerState,
  { facts, carrier }: Exchange,
  { protocolVersion }: MessageFacts,
  atMs: MonotonicMs,
): void {
  const { client } = facts;
  if (!client || carrier.session !== undefined) return;
  const opening = { client, ...(protocolVersion !== undefined && { protocolVersion }) };
  clientNames.remember(carrier, opening, atMs);
}

function park(
  state: TrackerState,
  exchange: Exchange,
  verdict: CallVerdict,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  if (exchange.isDone) return NO_EFFECTS;
  const session = sessionOf(state, exchange.carrier.session);
  // Nobody will come back for it.
  if (session?.isLeaving || session?.isLost) return finish(state, exchange, { verdict }, atMs);
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
    isLeaving: false,
    isLost: false,
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
  session.isLost = false;
  return NO_EFFECTS;
}

function closeSession(
  state: TrackerState,
  { id, verdict, message }: SessionClosed,
  atMs: MonotonicMs,
): readonly TrackerEffect[] {
  const session = state.sessions.get(id);
  if (!session) return NO_EFFECTS;
  const calls = [...session.calls.values()];
  const effects = calls.flatMap((call) => finish(state, call, { verdict, message }, atMs));
  return [...effects, ...endSession(state, session, atMs)];
}

function noteLeaving(
  { sessions }: TrackerState,
  id: string,
  isLeaving: boolean,
): readonly TrackerEffect[] {
  const session = sessions.get(id);
  if (session) session.isLeaving = isLeaving;
  return NO_EFFECTS;
}

function loseSession(state: TrackerState, id: string, atMs: MonotonicMs): readonly TrackerEffect[] {
  const session = state.sessions.get(id);
  if (!session) return NO_EFFECTS;
  // What was parked has no stream of its own any more.
  const parked = parkedCalls(state, id);
  const effects = parked.flatMap((call) => expire(state, call, CANCELLED, atMs, SESSION_ENDED));
  if (session.calls.size === 0) return [...effects, ...endSession(state, session, atMs)];
  session.isLost = true;
  return effects;
}

/** Calls whose own stream is over, and whose responses may still come on another one. */
export function parkedCalls({ sessions }: TrackerState, id: string): readonly Exchange[] {
  const calls = [...(sessions.get(id)?.calls.values() ?? [])];
  return calls.filter(({ expiryVerdict }) => expiryVerdict !== undefined);
}

function endSession(
  state: TrackerState,
  session: TrackedSession,
  atMs: MonotonicMs,
  message = SESSION_ENDED,
): readonly TrackerEffect[] {
  const { id, transport, protocolVersion } = session;
  session.isLost = false;
  const effects: TrackerEffect[] = [];
  for (const exchange of [...session.calls.values(), ...session.serverCalls.values()])
    effects.push(...expire(state, exchange, CANCELLED, atMs, message));
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
    if (exchange.expiresMs <= atMs) {
      const verdict = exchange.expiryVerdict ?? EXPIRED;
      effects.push(...finish(state, exchange, { verdict }, atMs));
    }
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
    effects.push(...endSession(state, session, atMs, STOPPED));
  for (const exchange of [...state.expiring.values()])
    effects.push(...expire(state, exchange, CANCELLED, atMs, STOPPED));
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
  const { facts, carrier, direction } = exchange;
  const session = sessionOf(state, carrier.session);
  forget(state, exchange, session);
  if (direction === 'client_to_server') {
    state.inFlight[carrier.transport]--;
    if (!carrier.session) state.sessionless[carrier.transport]--;
  }
  const counted = session?.isLeaving ? afterLeaving(ending) : ending;
  const opening = session ?? (facts.client ? undefined : state.clientNames.find(carrier, atMs));
  const fact = describeCall(exchange, counted, opening, atMs, state.settings);
  const ended: readonly TrackerEffect[] = [{ kind: 'publish', fact }];
  const isLast = session?.isLost === true && session.calls.size === 0;
  return isLast ? [...ended, ...endSession(state, session, atMs)] : ended;
}

/** A server that ends a session ends its streams, often before it says so. */
function afterLeaving(ending: CallEnding): CallEnding {
  return ending.verdict.outcome === 'transport_error' ? { verdict: CANCELLED } : ending;
}

/** Ends an exchange without a response before its time, by its own verdict if it has one. */
function expire(
  state: TrackerState,
  exchange: Exchange,
  otherwise: CallVerdict,
  atMs: MonotonicMs,
  message?: string,
): readonly TrackerEffect[] {
  const { expiryVerdict: own } = exchange;
  const verdict = own === undefined || own.outcome === 'timeout' ? otherwise : own;
  return finish(state, exchange, { verdict, message }, atMs);
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
    effects = finish(state, former, { verdict: NO_RESPONSE, message }, atMs);
  }
  calls.set(exchange.key, exchange);
  const oldest = calls.size > PENDING_MAX ? firstOf(calls.values()) : undefined;
  if (!oldest) return effects;
  const message = 'too many requests wait for an answer';
  return [...effects, ...finish(state, oldest, { verdict: NO_RESPONSE, message }, atMs)];
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

function expireNever({ expiring }: TrackerState, exchange: Exchange): void {
  exchange.expiryVerdict = undefined;
  exchange.expiresMs = NEVER;
  expiring.delete(exchange);
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
