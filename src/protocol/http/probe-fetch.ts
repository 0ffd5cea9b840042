import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FetchLike } from '@modelcontextprotocol/client';
import type { FailureFacts } from '../classify-failure.ts';
import { parseMessages } from '../json-rpc.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { httpFacts, problemFacts } from './http-facts.ts';
import type { LateSessions } from './late-sessions.ts';
import { rpcErrorOf } from './post-message.ts';
import { mediaTypeOf } from './read-answer.ts';
import { describeBytes, ERROR_LIMITS, readBody, streamBody } from './read-body.ts';
import { createSseDecoder } from '../sse/sse-decoder.ts';
import type { Measurement } from '../wire.ts';

export interface ProbeFetchOptions {
  readonly endpoint: HttpEndpoint;
  readonly clock: Clock;
  readonly measurement: Measurement;
  /** Of the whole inspection: the SDK has signals of its own, which do not know it. */
  readonly signal: AbortSignal;
  /** HTTP+SSE needs its GET stream; Streamable HTTP does without, and a check hears nothing there that it asked for. */
  readonly opensStreams: boolean;
  readonly lateSessions: LateSessions;
  /** No answer can come any more, and the client does not know: it would wait for its own timeout. */
  onHopeless(): void;
}

export interface ProbeFetch {
  readonly fetch: FetchLike;
  /** What the last failed request was about; forgotten by asking. */
  takeFailure(): FailureFacts | undefined;
  /** Of the last session that was begun, for its DELETE. */
  sessionId(): string | undefined;
}

/** All lists of a server together; a single one has its own bound. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;

/**
 * A `fetch` for the SDK over our own endpoint, so that a deep check has the same certificates, headers, bounds and
 * failure facts as a steady one; the SDK passes on neither causes nor headers.
 */
export function createProbeFetch(options: ProbeFetchOptions): ProbeFetch {
  const { endpoint, clock, measurement } = options;
  let failure: FailureFacts | undefined;
  let sessionId: string | undefined;

  // What follows a failure (cancelling, resuming) fails as well, and explains nothing.
  const note = (facts: FailureFacts): void => {
    failure ??= facts;
  };
  const fail = (facts: FailureFacts): Error => {
    note(facts);
    return new TypeError('the request failed');
  };

  const send = async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address);
    if (url.origin !== endpoint.url.origin) throw new TypeError('another origin is not asked');
    const headers = Object.fromEntries(new Headers(init.headers));
    const method = httpMethodOf(init.method);
    if (method === 'GET' && !options.opensStreams && headers['last-event-id'] === undefined) {
      return new Response(null, { status: 405 });
    }
    const body = typeof init.body === 'string' ? init.body : undefined;
    const rpcMethod = requestMethodOf(body) ?? method;
    const signal = joinSignals(options.signal, init.signal);
    if (signal.aborted) throw new TypeError('the check has ended');
    const startedAt = clock.monotonicMs();
    const sent = await endpoint.send({
      method,
      url,
      headers: { ...headers, 'accept-encoding': 'identity' },
      ...(body !== undefined && { body }),
      waitedFor: `answer to ${rpcMethod}`,
      signal,
      measurement,
      awaitsLateHead: rpcMethod === 'initialize',
    });
    if (!sent.ok) {
      if (sent.late !== undefined) options.lateSessions.adopt(sent.late);
      throw fail(sent.facts);
    }
    const { response } = sent;
    const status = response.statusCode ?? 0;
    const responseHeaders = toHeaders(response.headers);
    if (status < 200 || status > 299) {
      const text = await readBody(response, signal, ERROR_LIMITS);
      sent.finished();
      const context = {
        method: rpcMethod,
        url: endpoint.url.href,
        hasSession: 'mcp-session-id' in headers,
        nowMs: clock.nowMs(),
      };
      // Only a POST carries a question; 405 to GET and DELETE is how many servers are.
      if (method === 'POST' || options.opensStreams) {
        note(
          httpFacts(
            { status, headers: response.headers },
            context,
            text.ok ? rpcErrorOf(text.text) : undefined,
          ),
        );
      }
      return new Response(isBodiless(status) || !text.ok ? null : text.text, {
        status,
        headers: responseHeaders,
      });
    }
    const id = response.headers['mcp-session-id'];
    if (rpcMethod === 'initialize' && typeof id === 'string') sessionId = id;
    if (isBodiless(status)) {
      response.resume();
      sent.finished();
      return new Response(null, { status, headers: responseHeaders });
    }
    const watch = method === 'POST' ? createAnswerWatch(response) : undefined;
    const stream = toStream(response, signal, {
      watch,
      onOver: sent.finished,
      onTooLarge: () =>
        fail({
          kind: 'unusable',
          method: rpcMethod,
          reason: `it is larger than ${describeBytes(BODY_BYTES_MAX)}`,
        }),
      onDeadEnd() {
        note({
          kind: 'unusable',
          method: rpcMethod,
          reason: 'the stream of events ended without it',
        });
        options.onHopeless();
      },
      onLost: (problem) =>
        fail(problemFacts(problem, rpcMethod, endpoint, clock.monotonicMs() - startedAt)),
    });
    return new Response(stream, { status, headers: responseHeaders });
  };

  return {
    fetch: send,
    takeFailure() {
      const taken = failure;
      failure = undefined;
      return taken;
    },
    sessionId: () => sessionId,
  };
}

interface StreamHandlers {
  readonly watch: AnswerWatch | undefined;
  onOver(): void;
  onTooLarge(): Error;
  onDeadEnd(): void;
  onLost(problem: Parameters<typeof problemFacts>[0]): Error;
}

function toStream(
  response: IncomingMessage,
  signal: AbortSignal,
  handlers: StreamHandlers,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      streamBody(response, signal, {
        onChunk(chunk) {
          bytes += chunk.length;
          if (bytes > BODY_BYTES_MAX) {
            controller.error(handlers.onTooLarge());
            handlers.onOver();
            response.destroy();
            return false;
          }
          handlers.watch?.push(chunk);
          controller.enqueue(new Uint8Array(chunk));
          return true;
        },
        onEnd() {
          handlers.onOver();
          if (handlers.watch?.endedInVain() === true) handlers.onDeadEnd();
          controller.close();
        },
        onProblem(problem) {
          handlers.onOver();
          controller.error(handlers.onLost(problem));
        },
      });
    },
    cancel() {
      response.destroy();
    },
  });
}

interface AnswerWatch {
  push(chunk: Uint8Array): void;
  endedInVain(): boolean;
}

/** Follows a stream of events beside the SDK, which waits for its timeout when the stream ends without an answer. */
function createAnswerWatch(response: IncomingMessage): AnswerWatch | undefined {
  if (mediaTypeOf(response) !== 'text/event-stream') return undefined;
  const decoder = createSseDecoder();
  let hasAnswer = false;
  return {
    push(chunk) {
      if (hasAnswer) return;
      const decoded = decoder.push(chunk);
      if (decoded.ok) hasAnswer = decoded.events.some(({ data }) => holdsAnswer(data));
    },
    // With event ids the SDK resumes the stream by itself.
    endedInVain: () => !hasAnswer && decoder.lastEventId() === undefined,
  };
}

function holdsAnswer(data: string): boolean {
  const parsed = parseMessages(data);
  return parsed.ok && parsed.messages.some(({ kind }) => kind === 'result' || kind === 'error');
}

function httpMethodOf(method: string | undefined): 'GET' | 'POST' | 'DELETE' {
  return method === 'POST' || method === 'DELETE' ? method : 'GET';
}

function requestMethodOf(body: string | undefined): string | undefined {
  if (body === undefined) return undefined;
  const parsed = parseMessages(body);
  const [message] = parsed.ok ? parsed.messages : [];
  return message?.kind === 'request' || message?.kind === 'notification'
    ? message.method
    : undefined;
}

function toHeaders(headers: IncomingHttpHeaders): Headers {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) copied.append(name, each);
  }
  return copied;
}

function joinSignals(ours: AbortSignal, theirs: AbortSignal | null | undefined): AbortSignal {
  return theirs === null || theirs === undefined ? ours : AbortSignal.any([ours, theirs]);
}

/** `Response` refuses a body for these. */
function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
