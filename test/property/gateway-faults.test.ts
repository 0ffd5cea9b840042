/**
 * Goal: an exception anywhere in the gateway never leaves a client waiting, nor a call in flight.
 * Method: the drivers of forwarded requests on fakes of undici and of the client's response, with the events of both in any
 * order. One call of one of the fakes or of the tracker throws.
 */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { expect, test } from 'vitest';
import type { CallRecord } from '../../src/facts/call-record.ts';
import type { UpstreamPool } from '../../src/protocol/upstream-pool.ts';
import { readMessages } from '../../src/protocol/message-reader.ts';
import type { CallTracker } from '../../src/sources/gateway/call-tracker.ts';
import {
  type ForwardOptions,
  ForwardedRequest,
} from '../../src/sources/gateway/forwarded-request.ts';
import { ForwardedSsePost } from '../../src/sources/gateway/forwarded-sse-post.ts';
import { ForwardedSseStream } from '../../src/sources/gateway/forwarded-sse-stream.ts';
import { RedirectedPaths } from '../../src/sources/gateway/redirects.ts';
import type { AdmittedRequest } from '../../src/sources/gateway/upstream.ts';
import { buildTracker, callsInto } from '../fakes/build-tracker.ts';
import { createFakeClock, type FakeClock } from '../fakes/fake-clock.ts';

const RUNS = process.env['MCP_EXPORTER_FULL'] === '1' ? 100_000 : 2_000;
const ANSWER_TIMEOUT_MS = 5_000;
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}';
const BATCH = `[${CALL},{"jsonrpc":"2.0","id":2,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/x"}]`;
const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';

class PlannedError extends Error {}

/** Counts calls, and throws at one of them: before it does anything, or after. */
class Faults {
  readonly #at: number;
  readonly #isAfter: boolean;
  hasThrown = false;
  #count = 0;

  constructor(at: number, isAfter: boolean) {
    this.#at = at;
    this.#isAfter = isAfter;
  }

  run<Value>(call: () => Value, isAfter = this.#isAfter): Value {
    const isDue = this.#count++ === this.#at;
    if (isDue && !isAfter) this.#throw();
    const value = call();
    if (isDue) this.#throw();
    return value;
  }

  /** The object itself, with every method under watch. */
  watch<Target extends object>(target: Target, isAfter?: boolean): Target {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object);
        return typeof value === 'function'
          ? (...args: unknown[]) => this.run(() => value.apply(object, args) as unknown, isAfter)
          : value;
      },
      set: (object, name, value) => Reflect.set(object, name, value, object),
    });
  }

  #throw(): never {
    this.hasThrown = true;
    throw new PlannedError();
  }
}

class FakeResponse extends EventEmitter {
  headersSent = false;
  destroyed = false;
  writableEnded = false;
  sendDate = true;
  readonly req = Object.assign(new EventEmitter(), { complete: true });

  writeHead(_status: number): void {
    if (this.headersSent) throw new Error('the head was sent already');
    this.headersSent = true;
  }

  write(_chunk: unknown): boolean {
    this.headersSent = true;
    return false;
  }

  end(): void {
    this.headersSent = true;
    this.writableEnded = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** undici, as far as a handler sees it: reports nothing after the end, and an abort as an error. */
class FakePool {
  #handler: Dispatcher.DispatchHandler | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #hasHead = false;

  dispatch(_options: unknown, handler: Dispatcher.DispatchHandler): boolean {
    this.#handler = handler;
    this.#controller = undefined;
    this.#hasHead = false;
    return true;
  }

  openFresh(): Pick<UpstreamPool, 'dispatch' | 'close'> {
    return {
      dispatch: (options, handler) => this.dispatch(options, handler),
      close: () => Promise.resolve(),
    };
  }

  /** What the server does; nothing that cannot come now. */
  take(event: ServerEvent): void {
    const handler = this.#handler;
    if (!handler) return;
    if (event.kind === 'connected') {
      const abort = (reason: Error): void => this.#fail(controller, reason);
      const controller = { abort, pause() {}, resume() {}, rawHeaders: event.raw };
      if (!this.#controller) handler.onRequestStart?.((this.#controller = controller as never), {});
      return;
    }
    if (event.kind === 'error') this.#fail(this.#controller, event.error);
    if (!this.#controller) return;
    if (event.kind === 'head' && !this.#hasHead) {
      this.#hasHead = event.status >= 200;
      handler.onResponseStart?.(this.#controller, event.status, event.headers, event.statusText);
    }
    if (!this.#hasHead) return;
    if (event.kind === 'data') handler.onResponseData?.(this.#controller, Buffer.from(event.text));
    if (event.kind !== 'end') return;
    this.#handler = undefined;
    handler.onResponseEnd?.(this.#controller, {});
  }

  #fail(controller: unknown, error: Error): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.onResponseError?.(controller as never, error);
  }
}

type ServerEvent =
  | { readonly kind: 'connected'; readonly raw: readonly string[] }
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly statusText: string;
    }
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: Error };
type ClientEvent = { readonly kind: 'gone' | 'drain' | 'cut' | 'upload_end' | 'wait' };

const brokenConnection = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
const event = fc.oneof(
  fc.constant<ServerEvent>({ kind: 'connected', raw: ['x-header', 'v\xfc'] }),
  fc.record({
    kind: fc.constant('head' as const),
    status: fc.constantFrom(103, 200, 200, 202, 307, 404, 500),
    statusText: fc.constantFrom('OK', 'Ung\uFFFDltig', '\u0001', 'Ungültig'),
    headers: fc.constantFrom<Readonly<Record<string, string>>>(
      {},
      { 'content-type': 'application/json', 'content-length': '36' },
      { 'content-type': 'text/event-stream' },
      { location: '/elsewhere' },
    ),
  }),
  fc.record({
    kind: fc.constant('data' as const),
    text: fc.constantFrom(
      RESULT,
      `data: ${RESULT}\n\n`,
      'event: endpoint\ndata: /message\n\n',
      '{',
    ),
  }),
  fc.constant<ServerEvent>({ kind: 'end' }),
  fc.constantFrom<ServerEvent>(
    { kind: 'error', error: brokenConnection },
    { kind: 'error', error: new Error('refused') },
  ),
  fc.constantFrom<ClientEvent>(
    { kind: 'gone' },
    { kind: 'drain' },
    { kind: 'cut' },
    { kind: 'upload_end' },
    { kind: 'wait' },
  ),
);
const plan = fc.record({
  driver: fc.constantFrom('request', 'upload', 'sse_post', 'sse_stream'),
  body: fc.constantFrom(CALL, BATCH),
  session: fc.constantFrom(undefined, 's'),
  faultAt: fc.nat(40),
  isAfter: fc.boolean(),
  events: fc.array(event, { minLength: 1, maxLength: 8 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

function createTracker(clock: FakeClock, records: CallRecord[]): CallTracker {
  return buildTracker({ clock, hub: callsInto(records), answerTimeoutMs: ANSWER_TIMEOUT_MS });
}

/** One forwarded request of a kind, with all that it reaches under watch. */
function setUp({ driver, body, session, faultAt, isAfter }: Plan) {
  const clock = createFakeClock();
  const records: CallRecord[] = [];
  const tracker = createTracker(clock, records);
  const faults = new Faults(faultAt, isAfter);
  const reported: unknown[] = [];
  const response = new FakeResponse();
  const pool = new FakePool();
  const request = Object.assign(new EventEmitter(), {
    method: driver === 'sse_stream' ? 'GET' : 'POST',
    headers: session === undefined ? {} : { 'mcp-session-id': session },
    rawHeaders: [],
    resume() {},
    pause() {},
    pipe() {},
    unpipe() {},
  });
  const bytes = Buffer.from(body);
  const isComplete = driver !== 'upload';
  const admitted: AdmittedRequest = {
    arrival: { isCounted: false },
    request: request as unknown as IncomingMessage,
    response: faults.watch(response) as unknown as ServerResponse,
    route: '/mcp',
    query: '',
    body: bytes,
    isComplete,
    read: isComplete ? readMessages(bytes) : { messages: [], isBatch: false, isJson: false },
    receivedAtMs: clock.nowMs(),
    receivedMs: clock.monotonicMs(),
  };
  const url = new URL('http://127.0.0.1:9/mcp');
  const options: ForwardOptions = {
    name: 'files',
    url,
    clock,
    // Never after it is done: nobody could end an exchange that was not returned.
    tracker: faults.watch(tracker, false),
    headers: {},
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    onFault: (error) => void reported.push(error),
    onRequest: () => faults.run(() => undefined),
    preserveHost: false,
    propagatesTrace: false,
  };
  const watched = faults.watch(pool) as unknown as UpstreamPool;
  const counts = { overs: 0 };
  const onOver = (): void => void (counts.overs += 1);
  const redirected = new RedirectedPaths('files', url);
  const addresses = new Set<string>();
  function create(): ForwardedRequest | ForwardedSsePost | ForwardedSseStream {
    if (driver === 'sse_post') return new ForwardedSsePost(options, watched, admitted, onOver);
    const onPassed = (): void => undefined;
    const common = { pool: watched, redirected, onOver };
    return driver === 'sse_stream'
      ? new ForwardedSseStream(options, admitted, { ...common, name: 'files', addresses, onPassed })
      : new ForwardedRequest(options, admitted, common);
  }
  const forwarded = create();
  return { clock, tracker, faults, reported, records, response, request, pool, forwarded, counts };
}

test('an exception at any step ends the request, is reported, and leaves no call in flight', async () => {
  let thrown = 0;
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const { clock, tracker, faults, response, request, pool, forwarded, counts, ...seen } =
        setUp(planned);
      forwarded.start();
      for (const { kind, ...rest } of planned.events) {
        if (kind === 'gone') response.emit('close');
        else if (kind === 'drain') response.emit('drain');
        else if (kind === 'cut') forwarded.cut();
        else if (kind === 'upload_end') request.emit('end');
        else if (kind === 'wait') await clock.advance(1_000);
        else pool.take({ kind, ...rest } as ServerEvent);
      }
      const isOver = counts.overs > 0;
      if (faults.hasThrown) {
        thrown += 1;
        expect(seen.reported.length).toBeGreaterThan(0);
        expect(response.writableEnded || response.destroyed).toBe(true);
      } else {
        expect(seen.reported).toEqual([]);
      }
      if (!isOver) forwarded.cut();
      request.emit('close');
      expect(counts.overs).toBe(1);
      // What is parked expires.
      await clock.advance(ANSWER_TIMEOUT_MS + 2_000);
      const { http, sse } = tracker.load().inFlight;
      expect(http + sse).toBe(0);
      tracker.stop();
      expect(clock.pendingCount()).toBe(0);
    }),
    { numRuns: RUNS },
  );
  expect(thrown).toBeGreaterThan(RUNS / 10);
});
