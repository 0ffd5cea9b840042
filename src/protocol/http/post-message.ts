import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import type { FailureFacts } from '../classify-failure.ts';
import { parseMessages, type RpcAnswer, type RpcError } from '../json-rpc.ts';
import type { SendOptions } from '../probe-client.ts';
import { AnswerFinder, findMisfit } from './find-answer.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { httpFacts, missingAnswer } from './http-facts.ts';
import { isSuccess } from './http-status.ts';
import {
  type MessageExchange,
  type OpenAnswer,
  type OutgoingMessage,
  sendMessage,
} from './message-exchange.ts';
import { explainProblem, readAnswer } from './read-answer.ts';
import { ERROR_LIMITS, readBody } from './read-body.ts';

export type PostResult =
  | {
      readonly ok: true;
      readonly answer?: RpcAnswer;
      readonly headers: IncomingHttpHeaders;
      /** Headers of another answer to the same message. */
      readonly late?: Promise<IncomingHttpHeaders | undefined>;
    }
  | {
      readonly ok: false;
      readonly facts: FailureFacts;
      /** Headers of an answer that was of no use, or came too late: they may name a session that the server began. */
      readonly late?: Promise<IncomingHttpHeaders | undefined>;
    };

export interface PostOptions extends SendOptions {
  /** See `HttpRequest`. */
  readonly onWritten?: () => void;
}

/** Posts one JSON-RPC message and finds its answer, if it is a request, and measures that. Never rejects. */
export async function postMessage(
  endpoint: HttpEndpoint,
  message: OutgoingMessage,
  { signal, measurement, onWritten }: PostOptions,
  clock: Clock,
): Promise<PostResult> {
  const exchange: MessageExchange = {
    endpoint,
    clock,
    message,
    signal,
    ...(measurement !== undefined && { measurement }),
    startedAtMs: clock.monotonicMs(),
    ...(onWritten !== undefined && { onWritten }),
  };
  const sent = await sendMessage(exchange);
  if (!sent.ok) return sent;
  const result = await judgeAnswer(exchange, sent);
  if (measurement && result.ok && result.answer)
    measurement.roundTrip = {
      writtenAtMs: sent.writtenAtMs,
      answeredAtMs: clock.monotonicMs(),
    };
  sent.finished();
  return result.ok && sent.late ? { ...result, late: sent.late } : result;
}

async function judgeAnswer(exchange: MessageExchange, answer: OpenAnswer): Promise<PostResult> {
  const { endpoint, clock, message, signal } = exchange;
  const { id, method } = message;
  const { response } = answer;
  const { statusCode: status = 0, headers } = response;
  const late = Promise.resolve(headers);
  if (!isSuccess(status)) {
    const facts = await explainStatus(response, endpoint, message, signal, clock);
    return { ok: false, facts, late };
  }
  if (id === undefined) {
    const drained = await readBody(response, signal);
    return drained.ok || drained.problem.kind === 'unusable'
      ? { ok: true, headers }
      : { ok: false, facts: explainProblem(exchange, drained.problem) };
  }
  const misfit = findMisfit(response);
  if (misfit !== undefined) {
    response.destroy();
    return { ok: false, facts: unusable(method, misfit), late };
  }
  const finder = new AnswerFinder(id);
  const failure = await readAnswer(exchange, answer, finder);
  const { found, skipped } = finder;
  if (failure) {
    const isExplained = skipped !== undefined && failure.kind !== 'network';
    return { ok: false, facts: isExplained ? unusable(method, skipped) : failure, late };
  }
  if (found?.ok === true) return { ok: true, answer: found.answer, headers };
  const facts = found ? unusable(method, found.reason) : missingAnswer(method);
  return { ok: false, facts, late };
}

function unusable(method: string, reason: string): FailureFacts {
  return { kind: 'unusable', method, reason };
}

/** The facts of a status that is no success, with the JSON-RPC error of its body if there is one. */
export async function explainStatus(
  response: IncomingMessage,
  endpoint: HttpEndpoint,
  message: Pick<OutgoingMessage, 'method' | 'context' | 'url'>,
  signal: AbortSignal,
  clock: Clock,
): Promise<FailureFacts> {
  const body = await readBody(response, signal, ERROR_LIMITS);
  return httpFacts(
    { status: response.statusCode ?? 0, headers: response.headers },
    {
      method: message.method,
      url: endpoint.url.href,
      hasSession: message.context.sessionId !== undefined || message.url !== undefined,
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
