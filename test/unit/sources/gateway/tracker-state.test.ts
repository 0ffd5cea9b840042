import { expect, test } from 'vitest';
import { type CallVerdict, CANCELLED } from '../../../../src/facts/call-outcome.ts';
import { asEpochMs, asMonotonicMs } from '../../../../src/facts/time.ts';
import { createExchange, type Exchange } from '../../../../src/sources/gateway/exchange.ts';
import type {
  TrackerEffect,
  TrackerEvent,
} from '../../../../src/sources/gateway/tracker-events.ts';
import {
  createTrackerState,
  loadOf,
  nextEffects,
  parkedCalls,
} from '../../../../src/sources/gateway/tracker-state.ts';

/** Seconds on the monotonic clock, and the event. */
type Step = readonly [number, TrackerEvent];

const BROKEN: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'connection' };
const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const NO_FACTS = { hasResult: false, isError: false };
const sweep = { kind: 'sweep_due' } as const;
const stop = { kind: 'stopped' } as const;

function exchangeOf(id: string, session?: string, receivedS = 0): Exchange {
  return createExchange(
    { ...NO_FACTS, id, method: 'tools/call' },
    {
      transport: 'http',
      verb: 'POST',
      era: 'legacy',
      receivedAtMs: asEpochMs(0),
      receivedMs: asMonotonicMs(receivedS * 1_000),
      bytes: 10,
      ...(session === undefined ? {} : { session }),
    },
    'client_to_server',
    { traceId: '1'.repeat(32), spanId: '2'.repeat(16), sampled: false },
  );
}

function begun(exchange: Exchange): TrackerEvent {
  return { kind: 'call_begun', exchange };
}

function asked(id: string, session?: string): TrackerEvent {
  const exchange: Exchange = { ...exchangeOf(id, session), direction: 'server_to_client' };
  return { kind: 'server_call_begun', exchange };
}

function answered(id: string, session?: string): TrackerEvent {
  const facts = { ...NO_FACTS, id, hasResult: true };
  return { kind: 'call_answered', facts, bytes: 5, session, own: undefined };
}

function replied(id: string, session?: string): TrackerEvent {
  const facts = { ...NO_FACTS, id, error: { code: -1, message: 'declined' } };
  return { kind: 'server_call_answered', facts, bytes: 5, session };
}

function cancelled(cancelledId: string, session?: string): TrackerEvent {
  const facts = { ...NO_FACTS, method: 'notifications/cancelled', cancelledId };
  return { kind: 'notified', facts, session, own: undefined };
}

function ended(exchange: Exchange): TrackerEvent {
  return { kind: 'call_ended', exchange, verdict: BROKEN, message: undefined };
}

function parked(exchange: Exchange): TrackerEvent {
  return { kind: 'call_parked', exchange, verdict: BROKEN };
}

function opened(id: string): TrackerEvent {
  return { kind: 'session_opened', id, transport: 'http', opening: {} };
}

function seen(id: string): TrackerEvent {
  return { kind: 'session_seen', id, transport: 'http' };
}

function closed(id: string, verdict = CANCELLED): TrackerEvent {
  return { kind: 'session_closed', id, verdict, message: undefined };
}

function leaving(id: string, isLeaving = true): TrackerEvent {
  return { kind: 'session_leaving', id, isLeaving };
}

function lost(id: string): TrackerEvent {
  return { kind: 'session_lost', id };
}

function resumed(...exchanges: readonly Exchange[]): TrackerEvent {
  return { kind: 'calls_resumed', exchanges };
}

function parkedAs(exchange: Exchange, verdict: CallVerdict): TrackerEvent {
  return { kind: 'call_parked', exchange, verdict };
}

/** Effects in a few words each, so that a row of a table stays readable. */
function shorten(effect: TrackerEffect): string {
  switch (effect.kind) {
    case 'publish':
      return shortenFact(effect.fact);
    case 'set_sweep':
      return `sweep in ${effect.delayMs / 1_000} s`;
    case 'clear_sweep':
      return 'no sweep';
  }
}

function shortenFact(fact: Extract<TrackerEffect, { kind: 'publish' }>['fact']): string {
  switch (fact.fact) {
    case 'call':
      return `${fact.requestId} ${fact.outcome} after ${fact.durationMs / 1_000} s`;
    case 'session':
      return `session of ${fact.durationMs / 1_000} s`;
    case 'tools_listed':
      return `${fact.server} lists ${fact.names.join(' ')}`;
  }
}

/** All effects of the steps, and what is left in flight. */
function play(steps: readonly Step[]) {
  const state = createTrackerState({
    server: 'files',
    sessionIdleMs: 60_000,
    answerTimeoutMs: 30_000,
  });
  const effects = steps.flatMap(([atS, event]) =>
    nextEffects(state, event, asMonotonicMs(atS * 1_000)).map(shorten),
  );
  const { inFlight, sessions } = loadOf(state);
  return { effects, inFlight: inFlight.http, sessions: sessions.http };
}

function listing(method: string): Exchange {
  const exchange = exchangeOf('1', 's');
  return { ...exchange, facts: { ...exchange.facts, method } };
}

function listed(...toolNames: readonly string[]): TrackerEvent {
  const facts = { ...NO_FACTS, id: '1', hasResult: true, toolNames };
  return { kind: 'call_answered', facts, bytes: 5, session: 's', own: undefined };
}

const call = (): Exchange => exchangeOf('1');
const inSession = (): Exchange => exchangeOf('1', 's');
const [first, third, fifth, seventh, eighth] = [
  call(),
  inSession(),
  inSession(),
  inSession(),
  inSession(),
];
const second = inSession();
const [fourth, sixth] = [exchangeOf('2', 's'), exchangeOf('2', 's')];
const twice = (exchange: Exchange, events: readonly ((exchange: Exchange) => TrackerEvent)[]) =>
  events.map((event, index): Step => [index, event(exchange)]);

test.each<[string, readonly Step[], readonly string[]]>([
  ['a request alone has no effect', [[0, begun(call())]], []],
  [
    'a response whose id came back as text ends the request',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [1, answered('"1"', 's')],
    ],
    ['sweep in 1 s', '1 success after 1 s'],
  ],
  [
    'a response whose id is a word or empty ends none',
    [
      [0, opened('s')],
      [0, begun(exchangeOf('0', 's'))],
      [1, answered('"zero"', 's')],
      [1, answered('""', 's')],
    ],
    ['sweep in 1 s'],
  ],
  [
    'a response by session and id ends the request',
    [
      [0, opened('s')],
      [1, begun(exchangeOf('1', 's', 1))],
      [3, answered('1', 's')],
    ],
    ['sweep in 1 s', '1 success after 2 s'],
  ],
  [
    'a response without a session is looked up nowhere',
    [
      [0, begun(call())],
      [1, answered('1')],
    ],
    [],
  ],
  [
    'the tools of an answer to tools/list are published after the call',
    [
      [0, opened('s')],
      [0, begun(listing('tools/list'))],
      [1, listed('read', 'write')],
    ],
    ['sweep in 1 s', '1 success after 1 s', 'files lists read write'],
  ],
  [
    'a result of another request that has tools lists none',
    [
      [0, opened('s')],
      [0, begun(listing('tools/call'))],
      [1, listed('read', 'write')],
    ],
    ['sweep in 1 s', '1 success after 1 s'],
  ],
  [
    'a request that ended twice is published once',
    twice(call(), [begun, ended, ended]),
    ['1 transport_error after 1 s'],
  ],
  [
    'a parked request waits for its sweep',
    [...twice(call(), [begun, parked]), [2, sweep], [31, sweep]],
    ['sweep in 1 s', 'sweep in 1 s', '1 transport_error after 31 s'],
  ],
  [
    'a request that has ended cannot be parked',
    twice(call(), [begun, ended, parked]),
    ['1 transport_error after 1 s'],
  ],
  [
    'a second request with the id of a waiting one gives the first one up',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [1, begun(inSession())],
      [2, answered('1', 's')],
    ],
    ['sweep in 1 s', '1 transport_error after 1 s', '1 success after 2 s'],
  ],
  [
    'a cancellation ends the request it names',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [1, cancelled('2', 's')],
      [2, cancelled('1', 's')],
      [3, answered('1', 's')],
    ],
    ['sweep in 1 s', '1 cancelled after 2 s'],
  ],
  [
    'a request of the server that the client declines is no failure of the server',
    [
      [0, asked('9')],
      [4, replied('9')],
    ],
    ['sweep in 1 s', '9 client_error after 4 s'],
  ],
  [
    'a request of the server that the client ignores is cancelled',
    [
      [0, asked('9')],
      [31, sweep],
    ],
    ['sweep in 1 s', '9 cancelled after 31 s'],
  ],
  [
    'the end of a session ends its requests in both directions before itself',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [0, asked('9', 's')],
      [5, closed('s')],
      [6, closed('s')],
    ],
    ['sweep in 1 s', '1 cancelled after 5 s', '9 cancelled after 5 s', 'session of 5 s'],
  ],
  [
    'a session that was seen again stays, and goes when it is idle',
    [
      [0, seen('s')],
      [50, seen('s')],
      [61, sweep],
      [111, sweep],
    ],
    ['sweep in 1 s', 'sweep in 1 s', 'session of 111 s'],
  ],
  [
    'a session with a request in flight is not idle',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [100, sweep],
    ],
    ['sweep in 1 s', 'sweep in 1 s'],
  ],
  [
    'a session that is opened again keeps its age and its requests',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [3, opened('s')],
      [4, answered('1', 's')],
      [7, closed('s')],
    ],
    ['sweep in 1 s', '1 success after 4 s', 'session of 7 s'],
  ],
  [
    'stopping ends sessions, and requests that are parked',
    [[0, opened('s')], ...twice(exchangeOf('2'), [begun, parked]), [3, stop]],
    ['sweep in 1 s', 'no sweep', 'session of 3 s', '2 transport_error after 3 s'],
  ],
  [
    'a request whose time has not passed does not time out when the gateway stops',
    [
      [0, begun(first)],
      [0, parkedAs(first, EXPIRED)],
      [3, stop],
    ],
    ['sweep in 1 s', 'no sweep', '1 cancelled after 3 s'],
  ],
  [
    'whoever closes the session decides how its requests end, parked ones too',
    [
      [0, opened('s')],
      [0, begun(second)],
      [0, parkedAs(second, EXPIRED)],
      [0, begun(exchangeOf('2', 's'))],
      [3, closed('s', BROKEN)],
    ],
    [
      'sweep in 1 s',
      '1 transport_error after 3 s',
      '2 transport_error after 3 s',
      'session of 3 s',
    ],
  ],
  [
    'the neighbours in a lost session end with their own streams, and the session with them',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [0, begun(exchangeOf('2', 's'))],
      [1, lost('s')],
      [2, answered('1', 's')],
      [3, answered('2', 's')],
    ],
    ['sweep in 1 s', '1 success after 2 s', '2 success after 3 s', 'session of 3 s'],
  ],
  [
    'a lost session without requests ends at once',
    [
      [0, opened('s')],
      [1, lost('s')],
      [2, lost('s')],
    ],
    ['sweep in 1 s', 'session of 1 s'],
  ],
  [
    'a request whose stream is over cannot be resumed in a lost session',
    [
      [0, opened('s')],
      [0, begun(third)],
      [1, parked(third)],
      [0, begun(fourth)],
      [2, lost('s')],
      [3, parked(fourth)],
    ],
    [
      'sweep in 1 s',
      '1 transport_error after 2 s',
      '2 transport_error after 3 s',
      'session of 3 s',
    ],
  ],
  [
    'a session that answers again was not lost',
    [
      [0, opened('s')],
      [0, begun(inSession())],
      [1, lost('s')],
      [2, seen('s')],
      [3, answered('1', 's')],
      [9, closed('s')],
    ],
    ['sweep in 1 s', '1 success after 3 s', 'session of 9 s'],
  ],
  [
    'what ends without a response while the client leaves, the client gave up',
    [
      [0, opened('s')],
      [0, begun(fifth)],
      [0, begun(sixth)],
      [1, leaving('s')],
      [2, ended(fifth)],
      [2, parked(sixth)],
      [3, closed('s')],
    ],
    ['sweep in 1 s', '1 cancelled after 2 s', '2 cancelled after 2 s', 'session of 3 s'],
  ],
  [
    'a session that the client could not end goes on',
    [
      [0, opened('s')],
      [0, begun(seventh)],
      [1, leaving('s')],
      [2, leaving('s', false)],
      [3, ended(seventh)],
    ],
    ['sweep in 1 s', '1 transport_error after 3 s'],
  ],
  [
    'a request that was resumed has all the time that its stream lasts',
    [
      [0, opened('s')],
      [0, begun(eighth)],
      [0, parked(eighth)],
      [5, resumed(eighth)],
      [40, sweep],
      [50, answered('1', 's')],
    ],
    ['sweep in 1 s', 'sweep in 1 s', '1 success after 50 s'],
  ],
])('%s', (_title, steps, effects) => {
  expect(play(steps).effects).toEqual(effects);
});

test('what is in flight is what has begun and not ended', () => {
  const [one, other] = [exchangeOf('1'), exchangeOf('2')];
  expect(play([[0, begun(one)]])).toMatchObject({ inFlight: 1 });
  expect(
    play([
      [0, begun(other)],
      [1, ended(other)],
    ]),
  ).toMatchObject({ inFlight: 0 });
});

test('a session that is not known gets no request, and a known one counts as open', () => {
  expect(
    play([
      [0, begun(inSession())],
      [1, answered('1', 's')],
    ]),
  ).toEqual({ effects: [], inFlight: 1, sessions: 0 });
  expect(play([[0, seen('s')]])).toMatchObject({ sessions: 1 });
});

test('only what waits for another stream of the session is parked', () => {
  const state = createTrackerState({
    server: 'files',
    sessionIdleMs: 60_000,
    answerTimeoutMs: 30_000,
  });
  const [waiting, left] = [exchangeOf('1', 's'), exchangeOf('2', 's')];
  for (const event of [opened('s'), begun(waiting), begun(left), parked(left)])
    nextEffects(state, event, asMonotonicMs(0));
  expect(parkedCalls(state, 's')).toEqual([left]);
  nextEffects(state, resumed(left), asMonotonicMs(0));
  expect(parkedCalls(state, 's')).toEqual([]);
  expect(parkedCalls(state, 't')).toEqual([]);
});
