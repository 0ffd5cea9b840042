import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FetchLike } from '@modelcontextprotocol/client';
import type { FailureFacts } from '../classify-failure.ts';
import { parseMessages, type RpcMessage } from '../json-rpc.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpEndpoint, HttpResult } from './http-endpoint.ts';
import { endedStream, httpFacts, problemFacts } from './http-facts.ts';
import { isSuccess } from './http-status.ts';
import type { LateSessions } from './late-sessions.ts';
import { sessionIdOf } from './message-headers.ts';
import { rpcErrorOf } from './post-message.ts';
import { mediaTypeOf } from './read-answer.ts';
import { describeBytes, ERROR_LIMITS, readBody, streamBody } from './read-body.ts';
import { createSseDecoder } from '../sse/sse-decoder.ts';
import type { Measurement } from '../probe-client.ts';
import { isRepeatable } from '../repeatable-methods.ts';

export interface ProbeFetchOptions {
  readonly endpoint: HttpEndpoint;
  readonly clock: Clock;
  readonly measurement: Measurement;
  /** Of the whole inspection: the SDK has signals of its own, which do not know it. */
  readonly signal: AbortSignal;
  /**
   * HTTP+SSE needs its GET stream. Streamable HTTP does without (`refused`): a check hears nothing there that it asked for,
   * unless the server sends its answers there (`optional`).
   */
  readonly getStream: 'required' | 'optional' | 'refused';
  readonly lateSessions: LateSessions;
  /** No answer can come any more, and the client does not know: it would wait for its own timeout. */
  onHopeless(): void;
}

export interface ProbeFetch {
  readonly fetch: FetchLike;
  /** What the last failed request was about; forgotten by asking. */
  takeFailure(): FailureFacts | undefined;
  /** A request was answered 202, so that its answer may come on a GET stream, and that was refused. */
  missesStream(): boolean;
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
  const fetcher = new Fetcher(options);
  return {
    fetch: (address, init) => fetcher.send(new URL(address), init ?? {}),
    takeFailure: () => fetcher.takeFailure(),
    missesStream: () => fetcher.missesStream,
    sessionId: () => fetcher.sessionId,
  };
}

/** One request of the SDK. */
interface Sending {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly rpcMethod: string;
  readonly isRequest: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly startedAt: number;
}

type Sent = Extract<HttpResult, { ok: true }>;

class Fetcher {
  sessionId: string | undefined;
  missesStream = false;
  readonly #options: ProbeFetchOptions;
  #failure: FailureFacts | undefined;

  constructor(options: ProbeFetchOptions) {
    this.#options = options;
  }

  takeFailure(): FailureFacts | undefined {
    const taken = this.#failure;
    this.#failure = undefined;
    return taken;
  }

  async send(url: URL, init: RequestInit): Promise<Response> {
    const { endpoint, clock, measurement, getStream, lateSessions } = this.#options;
    if (url.origin !== endpoint.url.origin) throw new TypeError('another origin is not asked');
    const headers = Object.fromEntries(new Headers(init.headers));
    const method = httpMethodOf(init.method);
    if (method === 'GET' && getStream === 'refused' && headers['last-event-id'] === undefined)
      return new Response(null, { status: 405 });
    const body = typeof init.body === 'string' ? init.body : undefined;
    const message = messageOf(body);
    const rpcMethod = message?.method ?? method;
    const signal = joinSignals(this.#options.signal, init.signal);
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
      isRepeatable: method !== 'POST' || isRepeatable(rpcMethod),
      awaitsLateHead: rpcMethod === 'initialize',
    });
    if (sent.late !== undefined) lateSessions.adopt(sent.late);
    if (!sent.ok) throw this.#fail(sent.facts);
    const isRequest = message?.kind === 'request';
    const sending = { method, rpcMethod, isRequest, headers, signal, startedAt };
    const { statusCode: status = 0, headers: answered } = sent.response;
    if (rpcMethod === 'initialize') this.sessionId = sessionIdOf(answered);
    return isSuccess(status)
      ? this.#accepted(sent, status, sending)
      : this.#refused(sent, status, sending);
  }

  async #refused(sent: Sent, status: number, sending: Sending): Promise<Response> {
    const { endpoint, clock, getStream } = this.#options;
    const { headers } = sent.response;
    const text = await readBody(sent.response, sending.signal, ERROR_LIMITS);
    sent.finished();
    const context = {
      method: sending.rpcMethod,
      url: endpoint.url.href,
      hasSession: 'mcp-session-id' in sending.headers,
      nowMs: clock.nowMs(),
    };
    // Only a POST carries a question; 405 to GET and DELETE is how many servers are.
    if (sending.method === 'POST' || getStream === 'required')
      this.#note(
        httpFacts({ status, headers }, context, text.ok ? rpcErrorOf(text.text) : undefined),
      );
    const body = isBodiless(status) || !text.ok ? null : text.text;
    return new Response(body, { status, headers: toHeaders(headers) });
  }

  #accepted(
    sent: Sent,
    status: number,
    { method, rpcMethod, isRequest, signal, startedAt }: Sending,
  ): Response {
    const { endpoint, clock, getStream } = this.#options;
    const { response } = sent;
    const headers = toHeaders(response.headers);
    if (status === 202 && isRequest && getStream === 'refused') {
      this.missesStream = true;
      this.#options.onHopeless();
    }
    if (isBodiless(status)) {
      response.resume();
      sent.finished();
      return new Response(null, { status, headers });
    }
    const stream = toStream(response, signal, {
      watch: method === 'POST' ? createAnswerWatch(response) : undefined,
      onOver: sent.finished,
      onTooLarge: () =>
        this.#fail({
          kind: 'unusable',
          method: rpcMethod,
          reason: `it is larger than ${describeBytes(BODY_BYTES_MAX)}`,
        }),
      onDeadEnd: () => {
        this.#note(endedStream(rpcMethod));
        this.#options.onHopeless();
      },
      onLost: (problem) =>
        this.#fail(
          problemFacts(problem, rpcMethod, endpoint, {
            signal,
            waitedMs: clock.monotonicMs() - startedAt,
          }),
        ),
    });
    return new Response(stream, { status, headers });
  }

  /** What follows a failure (cancelling, resuming) fails as well, and explains nothing. */
  #note(facts: FailureFacts): void {
    this.#failure ??= facts;
  }

  #fail(facts: FailureFacts): Error {
    this.#note(facts);
    return new TypeError('the request failed');
  }
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

function messageOf(
  body: string | undefined,
): Extract<RpcMessage, { readonly method: string }> | undefined {
  const parsed = body === undefined ? undefined : parseMessages(body);
  const [message] = parsed?.ok === true ? parsed.messages : [];
  return message?.kind === 'request' || message?.kind === 'notification' ? message : undefined;
}

function toHeaders(headers: IncomingHttpHeaders): Headers {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // The body is passed on decompressed.
    if (name === 'content-encoding' || name === 'content-length') continue;
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
