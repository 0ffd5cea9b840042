import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallRecord } from '../../src/facts/call-record.ts';
import { factsOfMessage, type MessageFacts } from '../../src/protocol/message-facts.ts';
import type { CallTracker } from '../../src/sources/gateway/call-tracker.ts';
import type { Carrier, Exchange } from '../../src/sources/gateway/exchange.ts';
import { buildTracker, callsInto } from '../fakes/build-tracker.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const RUNS = isFull ? 20_000 : 500;
const MANY = isFull ? 100_000 : 25_000;
/** What the tracker keeps at most, of sessions and of calls in each. */
const KEPT_MAX = 10_000;
const BROKEN = { outcome: 'transport_error', status: 502, errorType: 'connection' } as const;

function setUp() {
  const clock = createFakeClock();
  const records: CallRecord[] = [];
  const tracker = buildTracker({
    clock,
    hub: callsInto(records),
    sessionIdleMs: 20_000,
    answerTimeoutMs: 5_000,
  });
  const carrier = (session?: string): Carrier => ({
    transport: 'http',
    verb: 'POST',
    era: 'legacy',
    receivedAtMs: clock.nowMs(),
    receivedMs: clock.monotonicMs(),
    bytes: 1,
    ...(session === undefined ? {} : { session }),
  });
  return { clock, records, tracker, carrier };
}

function message(value: object): MessageFacts {
  const facts = factsOfMessage({ jsonrpc: '2.0', ...value });
  if (!facts) throw new Error('no message');
  return facts;
}

function inFlight(tracker: CallTracker): number {
  const { inFlight: byTransport } = tracker.load();
  return byTransport.http + byTransport.sse + byTransport.stdio;
}

const step = fc.record({
  kind: fc.constantFrom(
    'begin',
    'begin',
    'begin',
    'answer',
    'answer',
    'end',
    'park',
    'cancel',
    'ask',
    'reply',
    'open',
    'touch',
    'close',
    'lose',
    'leave',
    'resume',
    'wait',
  ),
  id: fc.constantFrom<(number | string)[]>(0, 1, 2, '', '0', '1'),
  session: fc.constantFrom(undefined, 'a', 'b', 'c'),
  at: fc.nat(100),
});

test('whatever happens in whatever order, each request is counted once, and nothing is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, records, tracker, carrier } = setUp();
      const begun: Exchange[] = [];
      let asked = 0;
      for (const { kind, id, session, at } of steps) {
        const exchange = begun[at % Math.max(1, begun.length)];
        const own = new Map(exchange && at % 2 === 0 ? [[exchange.key, exchange]] : []);
        if (kind === 'begin')
          begun.push(tracker.begin(message({ id, method: 'm' }), carrier(session)));
        else if (kind === 'answer') tracker.answer(message({ id, result: {} }), 1, session, own);
        else if (kind === 'end' && exchange) tracker.end(exchange, BROKEN);
        else if (kind === 'park' && exchange) tracker.park(exchange, BROKEN);
        else if (kind === 'cancel')
          tracker.notice(
            message({ method: 'notifications/cancelled', params: { requestId: id } }),
            session,
            own,
          );
        else if (kind === 'ask') {
          asked++;
          tracker.beginServerCall(message({ id, method: 'roots/list' }), carrier(session));
        } else if (kind === 'reply')
          tracker.answerServerCall(message({ id, result: {} }), 1, session);
        else if (kind === 'open' && session) tracker.openSession(session, 'http', {});
        else if (kind === 'touch' && session) tracker.touchSession(session, 'http');
        else if (kind === 'close' && session) tracker.closeSession(session, BROKEN);
        else if (kind === 'lose' && session) tracker.loseSession(session);
        else if (kind === 'leave' && session) tracker.noteLeaving(session, at % 2 === 0);
        else if (kind === 'resume' && session) {
          const resumed = tracker.resume(session);
          // The stream on which they were resumed ends.
          if (at % 3 > 0) for (const each of resumed) tracker.park(each, BROKEN);
        } else if (kind === 'wait') await clock.advance(at * 100);
        expect(inFlight(tracker)).toBe(begun.filter(({ isDone }) => !isDone).length);
      }
      // What the gateway itself waits for, it ends itself.
      for (const exchange of begun) tracker.end(exchange, BROKEN);
      tracker.stop();
      expect(records.filter(({ direction }) => direction === 'client_to_server')).toHaveLength(
        begun.length,
      );
      expect(records).toHaveLength(begun.length + asked);
      expect(inFlight(tracker)).toBe(0);
      expect(tracker.load().sessions.http).toBe(0);
      expect(clock.pendingCount()).toBe(0);
    }),
    { numRuns: RUNS },
  );
});

test(`of ${MANY} sessions the last ${KEPT_MAX} are kept, and each that goes ends its calls`, () => {
  const { records, tracker, carrier } = setUp();
  for (let at = 0; at < MANY; at++) {
    tracker.openSession(`session ${at}`, 'http', {
      client: { name: `client ${at}`, version: '1' },
    });
    const call = message({ id: 1, method: 'tools/call', params: { name: `tool ${at}` } });
    tracker.park(tracker.begin(call, carrier(`session ${at}`)), BROKEN);
  }
  expect(tracker.load().sessions.http).toBe(KEPT_MAX);
  expect(inFlight(tracker)).toBe(KEPT_MAX);
  expect(records).toHaveLength(MANY - KEPT_MAX);
  tracker.stop();
  expect(records).toHaveLength(MANY);
});

test(`of ${MANY} calls that a session never gets an answer to the last ${KEPT_MAX} are kept`, () => {
  const { records, tracker, carrier } = setUp();
  tracker.openSession('s', 'sse', {});
  for (let id = 0; id < MANY; id++)
    tracker.park(tracker.begin(message({ id, method: 'tools/call' }), carrier('s')), BROKEN);
  expect(inFlight(tracker)).toBe(KEPT_MAX);
  for (let id = 0; id < MANY; id++)
    tracker.beginServerCall(message({ id, method: 'roots/list' }), carrier('s'));
  tracker.stop();
  expect(records).toHaveLength(2 * MANY);
});

test('sessions that nobody uses are forgotten, with what they waited for', async () => {
  const { clock, records, tracker, carrier } = setUp();
  for (let at = 0; at < 100; at++) tracker.touchSession(`s${at}`, 'http');
  tracker.beginServerCall(message({ id: 1, method: 'roots/list' }), carrier('s1'));
  await clock.advance(10_000);
  tracker.touchSession('s2', 'http');
  await clock.advance(12_000);
  expect(tracker.load().sessions.http).toBe(1);
  expect(records.map(({ outcome }) => outcome)).toEqual(['cancelled']);
});
