import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FailureFacts } from '../classify-failure.ts';
import { type RpcAnswer, parseMessages, type RpcError, type RpcId } from '../json-rpc.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { httpFacts, problemFacts } from './http-facts.ts';
import { readAnswer } from './read-answer.ts';
import { ERROR_LIMITS, readBody, type ReadProblem } from './read-body.ts';
import type { SendOptions } from '../probe-client.ts';

export interface OutgoingMessage {
  /** Absent for a notification or an answer: then no answer is waited for. */
  readonly id?: RpcId;
  /** Method of the message, for headers and sentences. */
  readonly method: string;
  /** The message as JSON. */
  readonly text: string;
  /** Session and version headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** The address that an `endpoint` event named: it carries the session. */
  readonly url?: URL;
  /** See `HttpRequest`. */
  readonly awaitsLateHead?: boolean;
}

export type PostResult =
  | { readonly ok: true; readonly answer?: RpcAnswer; readonly headers: IncomingHttpHeaders }
  | {
      readonly ok: false;
      readonly facts: FailureFacts;
      /** Headers of a success whose body was of no use, or came too late. */
      readonly late?: Promise<IncomingHttpHeaders | undefined>;
    };

const CONTENT_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
};

/** Posts one JSON-RPC message and reads its answer, if it is a request. Never rejects. */
export async function postMessage(
  endpoint: HttpEndpoint,
  message: OutgoingMessage,
  { signal, measurement }: SendOptions,
  clock: Clock,
): Promise<PostResult> {
  const startedAt = clock.monotonicMs();
  const waitedFor = `answer to ${message.method}`;
  const sent = await endpoint.send({
    method: 'POST',
    ...(message.url !== undefined && { url: message.url }),
    headers: { ...CONTENT_HEADERS, ...message.headers },
    body: message.text,
    waitedFor,
    signal,
    ...(measurement && { measurement }),
    ...(message.awaitsLateHead !== undefined && { awaitsLateHead: message.awaitsLateHead }),
  });
  if (!sent.ok) return sent;
  try {
    const explain = (problem: ReadProblem): FailureFacts =>
      problemFacts(problem, message.method, endpoint, {
        signal,
        waitedMs: clock.monotonicMs() - startedAt,
      });
    const { response } = sent;
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299)
      return { ok: false, facts: await explainStatus(response, endpoint, message, signal, clock) };
    if (message.id === undefined) {
      const drained = await readBody(response, signal);
      return drained.ok || drained.problem.kind === 'unusable'
        ? { ok: true, headers: response.headers }
        : { ok: false, facts: explain(drained.problem) };
    }
    if (status !== 200) {
      response.destroy();
      return {
        ok: false,
        facts: {
          kind: 'unusable',
          method: message.method,
          reason: `HTTP ${status} brings no message`,
        },
      };
    }
    const read = await readAnswer(response, message.id, signal);
    return read.ok
      ? { ok: true, answer: read.answer, headers: response.headers }
      : {
          ok: false,
          facts: explain(read.problem),
          late: Promise.resolve(response.headers),
        };
  } finally {
    sent.finished();
  }
}

/** The facts of a status that is no success, with the JSON-RPC error of its body if there is one. */
export async function explainStatus(
  response: IncomingMessage,
  endpoint: HttpEndpoint,
  message: Pick<OutgoingMessage, 'method' | 'headers' | 'url'>,
  signal: AbortSignal,
  clock: Clock,
): Promise<FailureFacts> {
  const body = await readBody(response, signal, ERROR_LIMITS);
  return httpFacts(
    { status: response.statusCode ?? 0, headers: response.headers },
    {
      method: message.method,
      url: endpoint.url.href,
      hasSession: message.headers['mcp-session-id'] !== undefined || message.url !== undefined,
      nowMs: clock.nowMs(),
    },
    body.ok ? rpcErrorOf(body.text) : undefined,
  );
}

/** The error of a body, whatever id it has: servers that refuse a request have not always read its id. */
export function rpcErrorOf(text: string): RpcError | undefined {
  const parsed = parseMessages(text);
  if (!parsed.ok) return undefined;
  for (const message of parsed.messages) if (message.kind === 'error') return message.error;
  return undefined;
}
