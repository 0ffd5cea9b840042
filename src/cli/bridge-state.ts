import { type RefusalName, renderRefusal } from '../facts/refusal.ts';
import type { FailedRequest } from '../protocol/message-channel.ts';
import { isRequest, isResponse, type MessageFacts } from '../protocol/message-facts.ts';
import { readLine } from '../protocol/read-line.ts';
import { createWrittenIds, jsonId } from '../protocol/written-ids.ts';
import {
  createSessionMemory,
  INITIALIZED,
  isReplayId,
  REPLAY_ID,
  type SessionMemory,
} from '../protocol/session-memory.ts';

/** Messages kept while the connection to the server itself is being opened; later ones are refused. */
const HELD_MAX = 1_000;
/** Requests of the server that the client has not answered yet. */
const ASKED_MAX = 1_000;

/** Subscriptions of the client (`subscriptions/listen`) that are told to the gateway when it takes over. */
const SUBSCRIPTIONS_MAX = 1_000;
/** Messages that came over the gateway before it took over. */
const EARLY_MAX = 1_000;

/**
 * One client connected to the gateway or, while that is gone, to the server directly: `bridgeEffects` is the only function that
 * changes it. `bridge-stdio.ts` performs what it returns.
 */
export interface BridgeState {
  /** Where messages of the client go. `opening`: they are held until the server is connected. */
  route: 'gateway' | 'opening' | 'direct';
  readonly memory: SessionMemory;
  /** Requests of the client that wait for an answer, without those that only end with the session. */
  readonly waiting: Set<string>;
  /** Requests of the server that wait for an answer of the client. */
  asked: Set<string>;
  /** Requests that came over the connection to the gateway: the directly connected server does not know them. */
  stale: Set<string>;
  openingId?: string;
  /** Revision of the session, as the client knows it. */
  agreedVersion?: string | undefined;
  isInitialized: boolean;
  hasSentInitialized: boolean;
  /** Messages that the gateway did not receive; they are sent before the held ones. */
  undelivered: string[];
  /** Messages of the client since then. */
  held: string[];
  /**
   * A new connection to the gateway, beside the one to the server. `asked`: the client's `initialize` was sent again; `ready`: the
   * gateway takes over as soon as no request waits.
   */
  returning?: 'asked' | 'ready' | undefined;
  /** Whether the gateway accepted that `initialize`. */
  hasReturned: boolean;
  /** What came over it so far. */
  early: string[];
  /** Requests of the client that last as long as the session, by id. */
  readonly subscriptions: Map<string, string>;
}

export type BridgeEvent =
  | { readonly kind: 'started'; readonly hasGateway: boolean }
  | { readonly kind: 'client_line'; readonly text: string }
  | { readonly kind: 'server_message'; readonly text: string }
  /** A message of the client that is known not to have reached the gateway. */
  | { readonly kind: 'undelivered'; readonly text: string }
  /** A request of the client that the server will not answer; the only one that waits if it cannot be told which. */
  | { readonly kind: 'unanswered'; readonly request: FailedRequest }
  /** There is a new connection to the gateway. */
  | { readonly kind: 'gateway_back' }
  /** A message over that connection. */
  | { readonly kind: 'early_message'; readonly text: string }
  /** That connection is of no use. */
  | { readonly kind: 'return_failed' }
  /** The connection to the server itself is open. */
  | { readonly kind: 'direct_opened' }
  /** A message of the client that the other side did not accept. */
  | { readonly kind: 'not_taken'; readonly text: string };

/** To be performed in this order. */
export type BridgeEffect =
  | { readonly kind: 'to_client'; readonly text: string }
  /** A message of the client; if it is not accepted, a `not_taken` event follows. */
  | { readonly kind: 'to_server'; readonly text: string }
  /** A message of our own. */
  | { readonly kind: 'replay'; readonly text: string }
  | { readonly kind: 'open_direct' }
  /** A message of our own over the new connection to the gateway. */
  | { readonly kind: 'replay_to_gateway'; readonly text: string }
  /** From here on the new connection is the route, and the one to the server is closed. */
  | { readonly kind: 'take_over' }
  | { readonly kind: 'give_up_return' }
  /** The server rejected the client's `initialize` when it was sent again. */
  | { readonly kind: 'replay_refused'; readonly message: string };

const NO_EFFECTS: readonly BridgeEffect[] = Object.freeze([]);

export function createBridgeState(): BridgeState {
  return {
    route: 'gateway',
    memory: createSessionMemory(),
    waiting: new Set(),
    asked: new Set(),
    stale: new Set(),
    isInitialized: false,
    hasSentInitialized: false,
    undelivered: [],
    held: [],
    hasReturned: false,
    early: [],
    subscriptions: new Map(),
  };
}

export function bridgeEffects(state: BridgeState, event: BridgeEvent): readonly BridgeEffect[] {
  const effects = effectsOf(state, event);
  const isQuiet = state.waiting.size === 0 && state.asked.size === 0;
  if (state.returning !== 'ready' || !isQuiet) return effects;
  // The client may have opened its session only after the gateway was found.
  const isOpenThere = state.hasReturned || !state.isInitialized;
  return [...effects, ...(isOpenThere ? takeOver(state) : beginReturn(state))];
}

function effectsOf(state: BridgeState, event: BridgeEvent): readonly BridgeEffect[] {
  switch (event.kind) {
    case 'started':
      return event.hasGateway ? NO_EFFECTS : switchOver(state);
    case 'client_line':
      return readClientLine(state, event.text);
    case 'server_message':
      return readServerMessage(state, event.text);
    case 'undelivered':
      return resend(state, event.text);
    case 'unanswered':
      return refuseUnanswered(state, event.request);
    case 'gateway_back':
      return beginReturn(state);
    case 'early_message':
      return readEarlyMessage(state, event.text);
    case 'return_failed':
      return giveUpReturn(state);
    case 'direct_opened':
      return beginDirect(state);
    case 'not_taken':
      return refuse(state, event.text, 'overloaded');
  }
}

function readClientLine(state: BridgeState, text: string): readonly BridgeEffect[] {
  const { messages, isBatch, isJson } = readLine(text);
  // A server on stdio would read this line; HTTP cannot carry it.
  if (!isJson && state.route === 'gateway')
    return [toClient(renderRefusal('invalid_json', undefined))];
  const isWanted = messages.map((facts) => noteOfClient(state, facts, text));
  if (messages.length > 0 && !isWanted.includes(true)) return NO_EFFECTS;
  if (!isBatch) for (const facts of messages) state.memory.note(facts, text);
  return state.route === 'opening' ? hold(state, state.held, text) : [toServer(text)];
}

/** @returns whether the message may go on */
function noteOfClient(state: BridgeState, facts: MessageFacts, text: string): boolean {
  const { id = '', method, cancelledId } = facts;
  if (isResponse(facts)) {
    state.asked.delete(id);
    return !state.stale.delete(id);
  }
  if (method === 'subscriptions/listen') {
    if (state.subscriptions.size < SUBSCRIPTIONS_MAX) state.subscriptions.set(id, text);
  } else if (isRequest(facts)) state.waiting.add(id);
  if (method === 'initialize') state.openingId = id;
  if (method === 'notifications/initialized') state.hasSentInitialized = true;
  if (method === 'notifications/cancelled') {
    state.waiting.delete(cancelledId ?? '');
    state.subscriptions.delete(cancelledId ?? '');
  }
  return true;
}

function readServerMessage(state: BridgeState, text: string): readonly BridgeEffect[] {
  const { messages } = readLine(text);
  const [first] = messages;
  if (first && isResponse(first) && isReplayId(first.id))
    return first.id === REPLAY_ID ? readReplayAnswer(state, first) : NO_EFFECTS;
  for (const facts of messages) noteOfServer(state, facts);
  return [toClient(text)];
}

function noteOfServer(state: BridgeState, facts: MessageFacts): void {
  const { id = '' } = facts;
  if (isResponse(facts)) {
    state.waiting.delete(id);
    state.subscriptions.delete(id);
    if (facts.hasResult && id === state.openingId) {
      state.isInitialized = true;
      state.agreedVersion = facts.protocolVersion;
    }
  } else if (facts.method === 'notifications/cancelled') {
    state.asked.delete(facts.cancelledId ?? '');
  } else if (isRequest(facts) && state.asked.size < ASKED_MAX) {
    state.asked.add(id);
    state.stale.delete(id);
  }
}

function resend(state: BridgeState, text: string): readonly BridgeEffect[] {
  if (state.route === 'direct') return [toServer(text)];
  const refusals = hold(state, state.undelivered, text);
  return state.route === 'gateway' ? [...refusals, ...switchOver(state)] : refusals;
}

function switchOver(state: BridgeState): readonly BridgeEffect[] {
  state.route = 'opening';
  // The server itself does not know the requests that came over the lost connection.
  const cancellations = [...state.asked].map((id) =>
    toClient(
      `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"the connection was lost"}}`,
    ),
  );
  state.stale = state.asked;
  state.asked = new Set();
  return [...cancellations, { kind: 'open_direct' }];
}

function beginDirect(state: BridgeState): readonly BridgeEffect[] {
  const opening = state.isInitialized ? state.memory.opening() : undefined;
  return opening === undefined ? release(state) : [{ kind: 'replay', text: opening }];
}

function readReplayAnswer(state: BridgeState, { error }: MessageFacts): readonly BridgeEffect[] {
  if (error) return [{ kind: 'replay_refused', message: error.message }];
  const isOnItsWay = [...state.undelivered, ...state.held].some((text) =>
    readLine(text).messages.some(({ method }) => method === 'notifications/initialized'),
  );
  const replayed = [
    ...(state.hasSentInitialized && !isOnItsWay ? [INITIALIZED] : []),
    ...state.memory.settings(),
  ];
  return [...replayed.map((text) => ({ kind: 'replay', text }) as const), ...release(state)];
}

/** The server is used on until the gateway has taken the client's session over. */
function beginReturn(state: BridgeState): readonly BridgeEffect[] {
  if (state.route !== 'direct') return [{ kind: 'give_up_return' }];
  const opening = state.isInitialized ? state.memory.opening() : undefined;
  state.early = [];
  state.hasReturned = false;
  state.returning = opening === undefined ? 'ready' : 'asked';
  return opening === undefined ? NO_EFFECTS : [{ kind: 'replay_to_gateway', text: opening }];
}

function readEarlyMessage(state: BridgeState, text: string): readonly BridgeEffect[] {
  const [first] = readLine(text).messages;
  if (first && isResponse(first) && first.id === REPLAY_ID) {
    // The client cannot change the revision of its session.
    if (first.error || first.protocolVersion !== state.agreedVersion) return giveUpReturn(state);
    state.returning = 'ready';
    state.hasReturned = true;
  } else if (state.early.length < EARLY_MAX) {
    state.early.push(text);
  }
  return NO_EFFECTS;
}

function giveUpReturn(state: BridgeState): readonly BridgeEffect[] {
  state.returning = undefined;
  state.early = [];
  return [{ kind: 'give_up_return' }];
}

function takeOver(state: BridgeState): readonly BridgeEffect[] {
  const { early, subscriptions } = state;
  state.route = 'gateway';
  state.returning = undefined;
  state.early = [];
  for (const text of early) for (const facts of readLine(text).messages) noteOfServer(state, facts);
  const replayed = [...(state.hasSentInitialized ? [INITIALIZED] : []), ...state.memory.settings()];
  return [
    { kind: 'take_over' },
    ...replayed.map((text) => ({ kind: 'replay', text }) as const),
    ...[...subscriptions.values()].map(toServer),
    ...early.map(toClient),
  ];
}

function release(state: BridgeState): readonly BridgeEffect[] {
  const texts = [...state.undelivered, ...state.held];
  state.route = 'direct';
  state.undelivered = [];
  state.held = [];
  return texts.map(toServer);
}

function hold(state: BridgeState, texts: string[], text: string): readonly BridgeEffect[] {
  if (texts.length >= HELD_MAX) return refuse(state, text, 'overloaded');
  texts.push(text);
  return NO_EFFECTS;
}

function refuse(state: BridgeState, text: string, name: RefusalName): readonly BridgeEffect[] {
  const read = readLine(text);
  const ids = createWrittenIds(read);
  return read.messages.filter(isRequest).map(({ id }) => {
    state.waiting.delete(id ?? '');
    return toClient(renderRefusal(name, ids.of(id)));
  });
}

function refuseUnanswered(
  state: BridgeState,
  { id, refusal, detail }: FailedRequest,
): readonly BridgeEffect[] {
  const [only] = state.waiting;
  const found = id ?? (state.waiting.size === 1 ? only : undefined);
  if (found === undefined || !state.waiting.delete(found)) return NO_EFFECTS;
  return [toClient(renderRefusal(refusal, jsonId(found), detail))];
}

function toClient(text: string): BridgeEffect {
  return { kind: 'to_client', text };
}

function toServer(text: string): BridgeEffect {
  return { kind: 'to_server', text };
}
