import { expect, test, vi } from 'vitest';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import type { SessionEnded } from '../../../../src/facts/gateway-facts.ts';
import { factsOfMessage, type MessageFacts } from '../../../../src/protocol/message-facts.ts';
import { CallTracker } from '../../../../src/sources/gateway/call-tracker.ts';
import type { Carrier } from '../../../../src/sources/gateway/exchange.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

// A hundred thousand of something take long on a machine that is busy with something else.
vi.setConfig({ testTimeout: 120_000 });

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function setUp() {
  const clock = createFakeClock();
  const calls: CallRecord[] = [];
  const sessions: SessionEnded[] = [];
  const tracker = new CallTracker({
    server: 'files',
    clock,
    hub: {
      publish(fact) {
        if (fact.fact === 'call') calls.push(fact);
        if (fact.fact === 'session') sessions.push(fact);
      },
    },
    newTraceId: () => TRACE,
    newSpanId: () => SPAN,
    sample: () => true,
    sessionIdleMs: 60_000,
    answerTimeoutMs: 30_000,
  });
  const carrier = (over: Partial<Carrier> = {}): Carrier => ({
    transport: 'http',
    verb: 'POST',
    era: 'legacy',
    receivedAtMs: clock.nowMs(),
    receivedMs: clock.monotonicMs(),
    bytes: 100,
    ...over,
  });
  return { clock, calls, sessions, tracker, carrier };
}

function message(value: object): MessageFacts {
  const facts = factsOfMessage({ jsonrpc: '2.0', ...value });
  if (!facts) throw new Error('no message');
  return facts;
}

const call = (id: string | number = 1) =>
  message({ id, method: 'tools/call', params: { name: 'echo' } });

test.each([
  ['a result', { result: { content: [] } }, 'success', 200, undefined],
  ['a result with isError', { result: { isError: true } }, 'tool_error', 500, 'tool_error'],
  [
    'a result that asks for input',
    { result: { resultType: 'input_required' } },
    'input_required',
    200,
    undefined,
  ],
  ['-32602', { error: { code: -32602, message: 'no' } }, 'client_error', 400, 'invalid_params'],
  ['-32601', { error: { code: -32601, message: 'no' } }, 'client_error', 404, 'method_not_found'],
  ['-32002', { error: { code: -32002, message: 'no' } }, 'client_error', 404, 'resource_not_found'],
  ['-32603', { error: { code: -32603, message: 'no' } }, 'rpc_error', 500, 'internal_error'],
  ['an own code', { error: { code: 7, message: 'no' } }, 'rpc_error', 500, 'rpc_error'],
])(
  '%s ends the exchange with its outcome and code',
  (_case, answer, outcome, status, errorType) => {
    const { calls, tracker, carrier } = setUp();
    const exchange = tracker.begin(call(), carrier());
    tracker.answer(
      message({ id: 1, ...answer }),
      50,
      undefined,
      new Map([[exchange.key, exchange]]),
    );
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      server: 'files',
      operation: 'tools/call',
      target: 'echo',
      outcome,
      status,
      responseBytes: 50,
    });
    expect(calls[0]?.errorType).toBe(errorType);
  },
);

test('what ends an exchange first counts, and nothing counts twice', () => {
  const { calls, tracker, carrier } = setUp();
  const exchange = tracker.begin(call(), carrier());
  const own = new Map([[exchange.key, exchange]]);
  tracker.answer(message({ id: 1, result: {} }), 50, undefined, own);
  tracker.answer(message({ id: 1, error: { code: 1, message: '' } }), 50, undefined, own);
  tracker.end(exchange, { outcome: 'cancelled', status: 499 });
  expect(calls.map(({ outcome }) => outcome)).toEqual(['success']);
  expect(tracker.load().inFlight.http).toBe(0);
});

test.each([[0], [''], ['0']])('the id %j is a real id of its own', (id) => {
  const { calls, tracker, carrier } = setUp();
  tracker.openSession('s', 'http', {});
  for (const each of [0, '', '0']) tracker.begin(call(each), carrier({ session: 's' }));
  tracker.answer(message({ id, result: {} }), 1, 's');
  expect(calls.map(({ requestId }) => requestId)).toEqual([JSON.stringify(id)]);
});

test('an answer with an unknown id changes nothing', () => {
  const { calls, tracker, carrier } = setUp();
  tracker.openSession('s', 'http', {});
  tracker.begin(call(1), carrier({ session: 's' }));
  tracker.answer(message({ id: 2, result: {} }), 1, 's');
  expect(calls).toEqual([]);
});

test('an answer on another stream of the session ends a parked exchange', async () => {
  const { clock, calls, tracker, carrier } = setUp();
  tracker.openSession('s', 'http', { client: { name: 'c', version: '1' } });
  const exchange = tracker.begin(call(), carrier({ session: 's' }));
  tracker.park(exchange, { outcome: 'transport_error', status: 502 });
  await clock.advance(5_000);
  tracker.answer(message({ id: 1, result: {} }), 9, 's');
  expect(calls[0]).toMatchObject({ outcome: 'success', durationMs: 5_000, client: { name: 'c' } });
});

test('a parked exchange gets its verdict when nobody answers in time', async () => {
  const { clock, calls, tracker, carrier } = setUp();
  const exchange = tracker.begin(call(), carrier());
  tracker.park(exchange, { outcome: 'timeout', status: 504, errorType: 'timeout' });
  await clock.advance(29_000);
  expect(calls).toEqual([]);
  await clock.advance(2_000);
  expect(calls[0]).toMatchObject({ outcome: 'timeout' });
  expect(clock.pendingCount()).toBe(0);
});

test('a cancellation ends the exchange, and its late answer is nothing', () => {
  const { calls, tracker, carrier } = setUp();
  tracker.openSession('s', 'http', {});
  tracker.begin(call(4), carrier({ session: 's' }));
  tracker.notice(message({ method: 'notifications/cancelled', params: { requestId: 4 } }), 's');
  tracker.answer(message({ id: 4, result: {} }), 1, 's');
  expect(calls.map(({ outcome }) => outcome)).toEqual(['cancelled']);
});

test('a request of the server and the client’s answer to it are an exchange of their own', () => {
  const { calls, tracker, carrier } = setUp();
  tracker.openSession('s', 'http', {});
  tracker.beginServerCall(
    message({ id: 1, method: 'sampling/createMessage' }),
    carrier({ session: 's' }),
  );
  tracker.begin(call(1), carrier({ session: 's' }));
  tracker.answerServerCall(message({ id: 1, error: { code: -1, message: 'declined' } }), 5, 's');
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({
    direction: 'server_to_client',
    operation: 'sampling/createMessage',
    outcome: 'client_error',
  });
  expect(tracker.load().inFlight.http).toBe(1);
});

test('a session that stays idle ends by itself and says how long it lasted', async () => {
  const { clock, sessions, tracker } = setUp();
  tracker.openSession('s', 'http', { protocolVersion: '2025-11-25' });
  await clock.advance(62_000);
  expect(tracker.load().sessions.http).toBe(0);
  expect(sessions).toEqual([
    expect.objectContaining({ protocolVersion: '2025-11-25', transport: 'http' }),
  ]);
  expect(clock.pendingCount()).toBe(0);
});

test('a hundred thousand sessions and pending calls stay bounded, and none is lost from the count', () => {
  const { calls, tracker, carrier } = setUp();
  for (let index = 0; index < 100_000; index++) tracker.openSession(`s${index}`, 'http', {});
  expect(tracker.load().sessions.http).toBe(10_000);
  for (let index = 0; index < 20_000; index++)
    tracker.begin(call(index), carrier({ session: 's99999' }));
  tracker.stop();
  expect(calls).toHaveLength(20_000);
  expect(tracker.load().inFlight.http).toBe(0);
});

test('the context of _meta wins over the header, which becomes a link', () => {
  const { calls, tracker, carrier } = setUp();
  const inMeta = '00-11111111111111111111111111111111-2222222222222222-01';
  const inHeader = '00-33333333333333333333333333333333-4444444444444444-00';
  const request = message({
    id: 1,
    method: 'tools/call',
    params: { name: 'echo', _meta: { traceparent: inMeta, tracestate: 'a=b' } },
  });
  tracker.end(tracker.begin(request, carrier({ traceparent: inHeader })), {
    outcome: 'success',
    status: 200,
  });
  expect(calls[0]?.trace).toEqual({
    traceId: '1'.repeat(32),
    parentSpanId: '2'.repeat(16),
    spanId: SPAN,
    sampled: true,
    traceState: 'a=b',
    link: { traceId: '3'.repeat(32), spanId: '4'.repeat(16) },
  });
});

test('without a context a trace begins here', () => {
  const { calls, tracker, carrier } = setUp();
  tracker.end(tracker.begin(call(), carrier({ traceparent: 'nonsense' })), {
    outcome: 'success',
    status: 200,
  });
  expect(calls[0]?.trace).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
});
