/**
 * Goal: in whatever order the events of a forwarded request come, each of its calls is counted once.
 * Method: the reducers and what performs their effects, on a real tracker; the relay, which reports the events, is left out.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallRecord } from '../../src/facts/call-record.ts';
import { factsOfMessage } from '../../src/protocol/message-facts.ts';
import type { ReadMessages } from '../../src/protocol/message-reader.ts';
import type { CallEffect } from '../../src/sources/gateway/call-effects.ts';
import type { Carrier } from '../../src/sources/gateway/exchange.ts';
import {
  createForwardState,
  type ForwardEvent,
  nextForwardState,
} from '../../src/sources/gateway/forward-state.ts';
import { ForwardedCalls } from '../../src/sources/gateway/forwarded-calls.ts';
import type { RelayFailure } from '../../src/sources/gateway/relay.ts';
import {
  createSsePostState,
  nextSsePostState,
  type SsePostEvent,
} from '../../src/sources/gateway/sse-post-state.ts';
import {
  createSseStreamState,
  nextSseStreamState,
  type SseStreamEvent,
} from '../../src/sources/gateway/sse-stream-state.ts';
import { buildTracker, callsInto } from '../fakes/build-tracker.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';

const RUNS = process.env['MCP_EXPORTER_FULL'] === '1' ? 20_000 : 1_000;
const ANSWER_TIMEOUT_MS = 5_000;
const SESSION = '/message';

type Transport = Carrier['transport'];
/** A machine as seen from here: takes an event, returns the effects. */
type Machine<Event> = (
  event: Event,
) => readonly (CallEffect | { readonly kind: Exclude<string, CallEffect['kind']> })[];

const CALL_KINDS: ReadonlySet<string> = new Set<CallEffect['kind']>([
  'begin_call',
  'end_call',
  'end_open_calls',
  'park_open_calls',
  'answer_call',
  'begin_server_call',
  'answer_server_call',
  'notify',
  'open_session',
  'touch_session',
  'close_session',
  'leave_session',
  'keep_session',
  'lose_session',
  'resume_calls',
  'park_resumed_calls',
]);

function setUp() {
  const clock = createFakeClock();
  const records: CallRecord[] = [];
  let spans = 0;
  const tracker = buildTracker({
    clock,
    hub: callsInto(records),
    newSpanId: () => String((spans += 1)),
    sessionIdleMs: 20_000,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  let begun = 0;

  /** One HTTP request: performs what its machine returns, and counts. */
  function start<Event>(
    machine: Machine<Event>,
    transport: Transport,
    session: string | undefined,
  ): { readonly take: (event: Event) => void; readonly overs: () => number } {
    const carrier: Carrier = {
      transport,
      verb: 'POST',
      era: 'legacy',
      receivedAtMs: clock.nowMs(),
      receivedMs: clock.monotonicMs(),
      bytes: 1,
      ...(session !== undefined && { session }),
    };
    const hasOwnAnswers = transport === 'http';
    const calls = new ForwardedCalls({ tracker, clock, carrier, hasOwnAnswers });
    let overs = 0;
    return {
      take(event) {
        for (const effect of machine(event)) {
          if (effect.kind === 'over') overs += 1;
          if (effect.kind === 'begin_call') begun += 1;
          if (CALL_KINDS.has(effect.kind)) calls.perform(effect as CallEffect, clock.monotonicMs());
        }
      },
      overs: () => overs,
    };
  }

  async function expectEachCounted(): Promise<void> {
    // What is parked expires.
    await clock.advance(ANSWER_TIMEOUT_MS + 2_000);
    const ofClient = records.filter(({ direction }) => direction === 'client_to_server');
    expect(ofClient).toHaveLength(begun);
    expect(new Set(ofClient.map(({ trace }) => trace.spanId)).size).toBe(begun);
    const { http, sse } = tracker.load().inFlight;
    expect(http + sse).toBe(0);
    tracker.stop();
    expect(new Set(records.map(({ trace }) => trace.spanId)).size).toBe(records.length);
    expect(clock.pendingCount()).toBe(0);
  }

  return { clock, tracker, start, expectEachCounted };
}

function httpMachine(verb: Carrier['verb'], session: string | undefined): Machine<ForwardEvent> {
  const isResumption = verb === 'GET';
  const answerTimeoutMs = ANSWER_TIMEOUT_MS;
  let state = createForwardState({ verb, session, answerTimeoutMs, isResumption });
  return (event) => {
    const step = nextForwardState(state, event);
    state = step.state;
    return step.effects;
  };
}

function ssePostMachine(): Machine<SsePostEvent> {
  let state = createSsePostState({ session: SESSION, answerTimeoutMs: ANSWER_TIMEOUT_MS });
  return (event) => {
    const step = nextSsePostState(state, event);
    state = step.state;
    return step.effects;
  };
}

function sseStreamMachine(): Machine<SseStreamEvent> {
  let state = createSseStreamState(ANSWER_TIMEOUT_MS);
  return (event) => {
    const step = nextSseStreamState(state, event);
    state = step.state;
    return step.effects;
  };
}

const message = fc.oneof(
  fc.record({
    id: fc.constantFrom(0, 1, 2),
    method: fc.constantFrom('tools/call', 'tools/call', 'initialize', 'subscriptions/listen'),
  }),
  fc.record({ id: fc.constantFrom(0, 1, 2), result: fc.constant({}) }),
  fc.record({
    method: fc.constant('notifications/cancelled'),
    params: fc.record({ requestId: fc.constantFrom(0, 1, 2) }),
  }),
);
const read = fc.array(message, { maxLength: 4 }).map((each): ReadMessages => {
  const facts = each.map((one) => factsOfMessage({ jsonrpc: '2.0', ...one }));
  const messages = facts.filter((one) => one !== undefined);
  return { messages, isBatch: messages.length > 1, isJson: true };
});
const failure = fc.constantFrom<RelayFailure>(
  { kind: 'timeout' },
  { kind: 'unreachable', detail: 'refused' },
  { kind: 'broken', detail: 'reset' },
  { kind: 'client_gone' },
  { kind: 'cut' },
);
const status = fc.constantFrom(200, 200, 202, 404, 500);
const bytes = fc.nat(100);
const messages = fc.record({ kind: fc.constant('messages'), read, bytes });

/** In any order; the request is read once, and the answer ends in one way or another, as the drivers see to. */
const httpEvents = fc
  .record({
    requestRead: fc.record({
      kind: fc.constant('request_read'),
      read,
      bytes,
      isAnswered: fc.constant(false),
    }),
    head: fc.record({
      kind: fc.constant('head'),
      status,
      content: fc.constantFrom('events', 'json', 'other', 'unreadable'),
      session: fc.constantFrom(undefined, 's', 't'),
    }),
    messages: fc.array(messages, { maxLength: 3 }),
    ends: fc.array(
      fc.oneof(
        fc.record({
          kind: fc.constant('answer_over'),
          isGivenUp: fc.boolean(),
          isResumable: fc.boolean(),
        }),
        fc.record({ kind: fc.constant('failed'), failure, isResumable: fc.boolean() }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map((parts) => [parts.requestRead, parts.head, ...parts.messages, ...parts.ends])
  .chain((events) => anyOrder<ForwardEvent>(events as ForwardEvent[]));

const ssePostEvents = fc
  .record({
    head: fc.record({ kind: fc.constant('head'), status }),
    end: fc.oneof(
      fc.record({ kind: fc.constant('answer_over') }),
      fc.record({ kind: fc.constant('failed'), failure }),
    ),
  })
  .chain(({ head, end }) => anyOrder<SsePostEvent>([head, end, end] as SsePostEvent[]));

function anyOrder<Event>(events: readonly Event[]): fc.Arbitrary<Event[]> {
  return fc.shuffledSubarray([...events], { minLength: events.length });
}

test('whatever the order of events, each call of a forwarded request is counted once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('POST', 'GET', 'DELETE'), httpEvents), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.constantFrom(undefined, 's'),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (requests, session, picks) => {
        const { clock, tracker, start, expectEachCounted } = setUp();
        if (session !== undefined) tracker.openSession(session, 'http', {});
        const running = requests.map(([verb, events]) => ({
          ...start(httpMachine(verb as Carrier['verb'], session), 'http', session),
          events: [...events],
        }));
        // Requests of one session run at a time.
        for (const pick of picks) {
          const one = running[pick % running.length];
          const event = one?.events.shift();
          if (event) one?.take(event);
          if (pick % 7 === 0) await clock.advance(pick % 3_000);
        }
        for (const { events, take } of running) for (const event of events) take(event);
        expect(running.map(({ overs }) => overs())).toEqual(running.map(() => 1));
        await expectEachCounted();
      },
    ),
    { numRuns: RUNS },
  );
});

test('whatever the order of events, each call to an HTTP+SSE server is counted once', async () => {
  const streamEvents = fc
    .record({
      messages: fc.array(messages, { maxLength: 4 }),
      end: fc.oneof(
        fc.record({ kind: fc.constant('answer_over') }),
        fc.record({ kind: fc.constant('failed'), failure }),
      ),
    })
    .chain((parts) => anyOrder([...parts.messages, parts.end, parts.end] as SseStreamEvent[]));
  await fc.assert(
    fc.asyncProperty(
      streamEvents,
      fc.array(fc.tuple(read, ssePostEvents), { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (ofStream, posts, picks) => {
        const { clock, start, expectEachCounted } = setUp();
        const stream = start(sseStreamMachine(), 'sse', undefined);
        stream.take({ kind: 'endpoint_announced', address: SESSION });
        const running = posts.map(([body, events]) => {
          const first: SsePostEvent = { kind: 'request_read', read: body, bytes: 9 };
          // Its calls are known before it goes upstream; the stream may be over by then.
          return { ...start(ssePostMachine(), 'sse', SESSION), events: [first, ...events] };
        });
        const left = [...ofStream];
        for (const pick of picks) {
          const one = running[pick % (running.length + 1)];
          const event = one?.events.shift();
          if (event) one?.take(event);
          const streamed = one ? undefined : left.shift();
          if (streamed) stream.take(streamed);
          if (pick % 7 === 0) await clock.advance(pick % 3_000);
        }
        for (const { events, take } of running) for (const event of events) take(event);
        for (const event of left) stream.take(event);
        expect([stream, ...running].map(({ overs }) => overs())).toEqual(
          [stream, ...running].map(() => 1),
        );
        await expectEachCounted();
      },
    ),
    { numRuns: RUNS },
  );
});
