import type { Pool } from 'undici';
import { type CallVerdict, CANCELLED, judgeHttpStatus } from '../../facts/call-outcome.ts';
import { isRequest, isResponse } from '../../protocol/message-facts.ts';
import { REFUSALS } from '../../facts/refusal.ts';
import { formatTraceParent } from './trace-context.ts';
import type { Exchange } from './exchange.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import { createSseScanner } from './sse-scanner.ts';
import { carrierOf } from './carrier.ts';
import { type Cuttable, ForwardedRequests } from './forwarded-requests.ts';
import { createEndpointRewriter } from './endpoint-event.ts';
import type { HttpUpstreamOptions } from './http-upstream.ts';
import { readRest } from './read-rest.ts';
import { Relay, type RelayFailure, type RequestHeaderOptions, requestHeaders } from './relay.ts';
import { createUpstreamPool } from '../../protocol/upstream-pool.ts';
import { sendRefusal } from './send-refusal.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';

export interface SseUpstreamOptions extends HttpUpstreamOptions {
  /** The server's name, as it stands in the gateway's paths. */
  readonly name: string;
}

const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const ADDRESSES_MAX = 10_000;

/**
 * HTTP+SSE to HTTP+SSE (revision 2024-11-05): one GET stream per client, messages by POST, answers on the stream.
 * Only the `endpoint` event is changed, so that the client posts to the gateway.
 */
export function createSseUpstream(options: SseUpstreamOptions): Upstream {
  const pool = createUpstreamPool(options.url.origin, options.tls);
  const forwarded = new ForwardedRequests();
  /** Paths with query that an open stream announced: no other path of the upstream is reachable. */
  const addresses = new Set<string>();
  const context: SseContext = { options, pool, forwarded, addresses };
  return {
    handle(admitted) {
      if (admitted.request.method === 'GET' && admitted.route === '/sse')
        openStream(context, admitted);
      else if (admitted.request.method === 'POST' && addresses.has(admitted.route + admitted.query))
        void readAndPost(context, admitted);
      else
        sendRefusal(options.clock, admitted.response, 'wrong_transport', {
          detail: `this server speaks HTTP+SSE: connect to /${encodeURIComponent(options.name)}/sse`,
        });
    },
    load: () => ({
      ...options.tracker.load(),
      streams: { http: 0, sse: addresses.size, stdio: 0 },
    }),
    async stop(signal) {
      await forwarded.drain(signal);
      await pool.destroy();
      options.tracker.stop();
    },
  };
}

interface SseContext {
  readonly options: SseUpstreamOptions;
  readonly pool: Pool;
  readonly forwarded: ForwardedRequests;
  readonly addresses: Set<string>;
}

function openStream(
  { options, pool, forwarded, addresses }: SseContext,
  admitted: AdmittedRequest,
): void {
  const { url, tracker, clock } = options;
  const { request, response } = admitted;
  let address: string | undefined;
  let unreadBytes = 0;
  const scanner = createSseScanner((read) => {
    noteAnswers(options, admitted, read, unreadBytes, address);
    unreadBytes = 0;
  });
  const rewrite = createEndpointRewriter((announced) => {
    address = addresses.size < ADDRESSES_MAX ? pathOf(announced, url) : undefined;
    if (address === undefined) return announced;
    addresses.add(address);
    tracker.openSession(address, 'sse', {});
    return `/${encodeURIComponent(options.name)}${address}`;
  });
  const over = (): void => {
    forwarded.delete(forwardedRequest);
    if (address === undefined) return;
    addresses.delete(address);
    tracker.closeSession(address);
  };
  const relay = new Relay(
    {
      pool,
      clock,
      request,
      response,
      path: url.pathname + url.search,
      headers: requestHeaders(request, {
        ...headerOptions(options),
        // The address in its `endpoint` event has to be changed.
        isPlainWanted: true,
      }),
      body: null,
      answerTimeoutMs: options.answerTimeoutMs,
      rewrite,
    },
    {
      onHead: () => undefined,
      onBody(chunk) {
        unreadBytes += chunk.length;
        scanner.write(chunk);
      },
      onEnd: over,
      onFailure(failure) {
        refuse(options, admitted, failure, undefined);
        over();
      },
    },
  );
  const forwardedRequest: Cuttable = { isStream: true, cut: () => relay.cut() };
  forwarded.add(forwardedRequest);
  options.onRequest?.();
  relay.start();
}

/** Path and query of an announced address. A client refuses one of another origin anyhow. */
function pathOf(announced: string, base: URL): string | undefined {
  const target = URL.parse(announced, base.href);
  return target?.origin === base.origin ? target.pathname + target.search : undefined;
}

function noteAnswers(
  { tracker, clock }: SseUpstreamOptions,
  admitted: AdmittedRequest,
  read: ReadMessages,
  bytes: number,
  session: string | undefined,
): void {
  for (const facts of read.messages) {
    if (isResponse(facts)) {
      tracker.answer(facts, bytes, session);
    } else if (isRequest(facts)) {
      const carrier = carrierOf(admitted, 'sse', session);
      tracker.beginServerCall(facts, {
        ...carrier,
        bytes,
        receivedMs: clock.monotonicMs(),
        receivedAtMs: clock.nowMs(),
      });
    } else {
      tracker.notice(facts, session);
    }
  }
}

/** The answer comes on the stream, so that each call has to be known before its message goes on. */
async function readAndPost(context: SseContext, head: AdmittedRequest): Promise<void> {
  const admitted = head.isComplete ? head : await readRest(head);
  if (admitted && !admitted.response.headersSent) postMessage(context, admitted);
}

function postMessage({ options, pool, forwarded }: SseContext, admitted: AdmittedRequest): void {
  const { tracker, clock } = options;
  const { request, response, route, query, body } = admitted;
  const session = route + query;
  const exchanges = beginCalls(options, admitted, session);
  const endAll = (verdict: CallVerdict, message?: string): void => {
    for (const exchange of exchanges) tracker.end(exchange, verdict, message);
  };
  let status = 0;
  const [first] = exchanges;
  const traced = options.propagatesTrace ? first : undefined;
  const relay = new Relay(
    {
      pool,
      clock,
      request,
      response,
      path: session,
      headers: requestHeaders(request, {
        ...headerOptions(options),
        ...(traced && { traceparent: formatTraceParent(traced.trace) }),
        ...(traced?.trace.traceState === undefined ? {} : { tracestate: traced.trace.traceState }),
      }),
      body: body.length > 0 ? body : null,
      answerTimeoutMs: options.answerTimeoutMs,
    },
    {
      onHead(head) {
        status = head;
      },
      onBody: () => undefined,
      onEnd() {
        forwarded.delete(forwardedRequest);
        if (status >= 300) endAll(judgeHttpStatus(status));
      },
      onFailure(failure) {
        forwarded.delete(forwardedRequest);
        refuse(options, admitted, failure, first?.key);
        endAll(verdictOf(failure), 'detail' in failure ? failure.detail : undefined);
      },
    },
  );
  const forwardedRequest: Cuttable = { isStream: false, cut: () => relay.cut() };
  for (const exchange of exchanges)
    exchange.overheadMs += clock.monotonicMs() - admitted.receivedMs;
  forwarded.add(forwardedRequest);
  options.onRequest?.();
  relay.start();
}

/** Notes the messages of a POST. @returns its requests, whose answers come on the stream */
function beginCalls(
  { tracker }: SseUpstreamOptions,
  admitted: AdmittedRequest,
  session: string,
): Exchange[] {
  const { read, body } = admitted;
  const carrier = carrierOf(admitted, 'sse', session);
  const exchanges: Exchange[] = [];
  for (const facts of read.messages) {
    if (isRequest(facts)) {
      const exchange = tracker.begin(facts, carrier);
      tracker.park(exchange, EXPIRED);
      exchanges.push(exchange);
      if (facts.method === 'initialize') {
        tracker.openSession(session, 'sse', {
          ...(facts.client && { client: facts.client }),
          ...(facts.protocolVersion === undefined
            ? {}
            : { protocolVersion: facts.protocolVersion }),
        });
      }
    } else if (isResponse(facts)) {
      tracker.answerServerCall(facts, body.length, session);
    } else {
      tracker.notice(facts, session);
    }
  }
  return exchanges;
}

function headerOptions({
  url,
  preserveHost,
  headers,
}: SseUpstreamOptions): Pick<
  RequestHeaderOptions,
  'host' | 'preserveHost' | 'configured' | 'isBodyWhole'
> {
  return { host: url.host, preserveHost, configured: headers, isBodyWhole: true };
}

function refuse(
  options: SseUpstreamOptions,
  admitted: AdmittedRequest,
  failure: RelayFailure,
  id: string | undefined,
): void {
  if (failure.kind === 'timeout') {
    sendRefusal(options.clock, admitted.response, 'timeout', {
      id,
      detail: `no answer within ${Math.round(options.answerTimeoutMs / 1000)} s`,
    });
  } else if (failure.kind === 'unreachable') {
    sendRefusal(options.clock, admitted.response, 'unreachable', { id, detail: failure.detail });
  }
}

function verdictOf(failure: RelayFailure): CallVerdict {
  switch (failure.kind) {
    case 'timeout':
      return REFUSALS.timeout.verdict;
    case 'unreachable':
    case 'broken':
      return REFUSALS.unreachable.verdict;
    case 'client_gone':
    case 'cut':
      return CANCELLED;
  }
}
