import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FailureFacts } from '../classify-failure.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpEndpoint } from '../http/http-endpoint.ts';
import { explainProblem, explainStatus } from '../http/post-message.ts';
import { mediaTypeOf } from '../http/read-answer.ts';
import { type ReadProblem, streamBody } from '../http/read-body.ts';
import { createSseDecoder } from './sse-decoder.ts';
import type { RequestOptions } from '../wire.ts';

/** The kept GET stream of an HTTP+SSE server. */
export interface SseStream {
  /** Where messages are posted. */
  readonly postUrl: URL;
  /** Bytes that came in since the stream was opened. */
  bytesReceived(): number;
  close(): void;
}

export interface SseStreamHandlers {
  onMessage(data: string): void;
  /** The stream ended, by the server or by the network; never by `close`. */
  onLost(facts: FailureFacts): void;
}

export type SseOpening =
  | { readonly ok: true; readonly stream: SseStream }
  | { readonly ok: false; readonly facts: FailureFacts };

const WAITED_FOR = 'endpoint event on the SSE stream';

/** Opens the stream and waits for its `endpoint` event (HTTP with SSE, 2024-11-05). Never rejects. */
export async function openSseStream(
  endpoint: HttpEndpoint,
  { signal, measurement }: RequestOptions,
  handlers: SseStreamHandlers,
  clock: Clock,
): Promise<SseOpening> {
  const startedAt = clock.monotonicMs();
  const sent = await endpoint.send({
    method: 'GET',
    headers: {
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      'cache-control': 'no-store',
    },
    waitedFor: 'answer to GET',
    signal,
    measurement,
  });
  if (!sent.ok) return sent;
  const { response } = sent;
  if (response.statusCode !== 200) {
    const facts = await explainStatus(
      sent,
      endpoint,
      { method: 'GET', headers: {} },
      signal,
      clock,
    );
    sent.finished();
    return { ok: false, facts };
  }
  if (mediaTypeOf(response) !== 'text/event-stream') {
    response.destroy();
    sent.finished();
    return { ok: false, facts: unusable('its content type is not text/event-stream') };
  }
  const opening = await waitForEndpoint(
    response,
    endpoint,
    signal,
    handlers,
    () => clock.monotonicMs() - startedAt,
  );
  sent.finished();
  return opening;
}

/** One listener reads the stream for its whole life; its first event decides whether it is one of ours. */
function waitForEndpoint(
  response: IncomingMessage,
  endpoint: HttpEndpoint,
  signal: AbortSignal,
  handlers: SseStreamHandlers,
  waitedMs: () => number,
): Promise<SseOpening> {
  return new Promise((resolve) => {
    // The check that opened the stream may not end it later on: past the first event it has no say.
    const life = new AbortController();
    const { socket } = response;
    const decoder = createSseDecoder();
    let isOpen = false;
    const end = (facts: FailureFacts): false => {
      signal.removeEventListener('abort', onAbort);
      response.destroy();
      if (isOpen) handlers.onLost(facts);
      else resolve({ ok: false, facts });
      isOpen = false;
      return false;
    };
    const onAbort = (): void =>
      void end({ kind: 'timeout', waitedFor: WAITED_FOR, limitMs: waitedMs() });
    signal.addEventListener('abort', onAbort, { once: true });
    const open = (data: string): boolean => {
      const postUrl = URL.parse(data.trim(), endpoint.url.href);
      if (postUrl === null) return end(unusable('its endpoint event holds no address'));
      if (postUrl.origin !== endpoint.url.origin)
        return end(unusable('its endpoint event names another origin'));
      signal.removeEventListener('abort', onAbort);
      isOpen = true;
      resolve({ ok: true, stream: createStream(postUrl, response, socket, life) });
      return true;
    };
    streamBody(response, life.signal, {
      onChunk(chunk) {
        const decoded = decoder.push(chunk);
        if (!decoded.ok) return end(unusable(decoded.reason));
        for (const { event, data } of decoded.events) {
          if (isOpen && event === 'message') handlers.onMessage(data);
          if (!isOpen && event === 'endpoint' && !open(data)) return false;
        }
        return true;
      },
      onEnd: () =>
        end(isOpen ? lost(endpoint) : unusable('the stream ended before its endpoint event')),
      onProblem(problem: ReadProblem) {
        if (problem.kind === 'aborted') isOpen = false;
        else end(explainProblem(problem, 'GET', endpoint, waitedMs()));
      },
    });
  });
}

function createStream(
  postUrl: URL,
  response: IncomingMessage,
  socket: Socket,
  life: AbortController,
): SseStream {
  const readBefore = socket.bytesRead;
  return {
    postUrl,
    bytesReceived: () => socket.bytesRead - readBefore,
    close() {
      life.abort();
      response.destroy();
    },
  };
}

function lost(endpoint: HttpEndpoint): FailureFacts {
  const { authority, isTls } = endpoint;
  return { kind: 'network', codes: ['ECONNRESET'], authority, isTls, isConnected: true };
}

function unusable(reason: string): FailureFacts {
  return { kind: 'unusable', method: 'GET', reason };
}
