import type { IncomingMessage } from 'node:http';
import { pause } from '../../facts/deadline.ts';
import type { FailureFacts } from '../classify-failure.ts';
import { readEvents } from '../sse/read-events.ts';
import { createSseDecoder } from '../sse/sse-decoder.ts';
import { endedStream, problemFacts } from './http-facts.ts';
import { isSuccess } from './http-status.ts';
import { type MessageExchange, type OpenAnswer, openEvents } from './message-exchange.ts';
import { sessionIdOf } from './message-headers.ts';
import { readBody, type ReadProblem, type TextLimits } from './read-body.ts';
import { FIRST_STREAM, resumeAnswer } from './resumption.ts';

/** Takes the texts of an answer as they were sent. */
export interface AnswerReader {
  /** Of one text: of a body, or of one event. */
  readonly limits: TextLimits;
  /** Of all events of one stream; absent if it may be endless. */
  readonly streamBytesMax?: number;
  /** The whole body of an answer that is no stream. */
  onBody(text: string): void;
  /** The data of one event. Returns whether to go on reading. */
  onEvent(data: string): boolean;
  /** Whether an answer is still missing, so that the rest of a stream that ended is asked for. */
  isWaiting(): boolean;
}

/**
 * Reads an answer: one body, or a stream of events, which is resumed if it ends too early (Streamable HTTP, Resumability
 * and Redelivery). Never rejects.
 *
 * @returns what broke the answer off; undefined if it was read to its end, or as far as the reader wanted
 */
export async function readAnswer(
  exchange: MessageExchange,
  answer: OpenAnswer,
  reader: AnswerReader,
): Promise<FailureFacts | undefined> {
  if (mediaTypeOf(answer.response) === 'text/event-stream')
    return readEventAnswer(exchange, answer, reader);
  const body = await readBody(answer.response, exchange.signal, reader.limits);
  answer.finished();
  if (!body.ok) return explainProblem(exchange, body.problem);
  reader.onBody(body.text);
  return undefined;
}

async function readEventAnswer(
  exchange: MessageExchange,
  answer: OpenAnswer,
  reader: AnswerReader,
): Promise<FailureFacts | undefined> {
  const { endpoint, clock, message, signal } = exchange;
  // The answer to `initialize` begins the session in which its rest is asked for.
  const sessionId = message.context.sessionId ?? sessionIdOf(answer.response.headers);
  const context = { ...message.context, ...(sessionId !== undefined && { sessionId }) };
  let stream = answer;
  let resumption = FIRST_STREAM;
  for (;;) {
    const decoder = createSseDecoder(reader.limits);
    const end = await readEvents(
      stream.response,
      signal,
      decoder,
      ({ event, data }) => event !== 'message' || reader.onEvent(data),
      reader.streamBytesMax,
    );
    stream.finished();
    if (end.kind === 'stopped' || !reader.isWaiting()) return undefined;
    const isBroken = end.kind === 'problem';
    if (isBroken && end.problem.kind !== 'lost') return explainProblem(exchange, end.problem);
    const next = resumeAnswer(resumption, {
      lastEventId: decoder.lastEventId(),
      retryMs: decoder.retryMs(),
    });
    if (next === undefined)
      return isBroken ? explainProblem(exchange, end.problem) : endedStream(message.method);
    resumption = next;
    await pause(clock, next.pauseMs, signal);
    const reopened = await openEvents(endpoint, context, exchange, next.lastEventId);
    // The message is what was waited for, not the GET.
    if (signal.aborted) return explainProblem(exchange, { kind: 'aborted' });
    if (!reopened.ok) return reopened.facts;
    stream = reopened;
    if (!isEventStream(stream.response)) {
      stream.response.destroy();
      stream.finished();
      return endedStream(message.method);
    }
  }
}

export function isEventStream(response: IncomingMessage): boolean {
  return isSuccess(response.statusCode ?? 0) && mediaTypeOf(response) === 'text/event-stream';
}

export function mediaTypeOf(response: IncomingMessage): string {
  return (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** What a body that ended early says about the server. */
export function explainProblem(
  { endpoint, clock, message, signal, startedAtMs }: MessageExchange,
  problem: ReadProblem,
): FailureFacts {
  const waitedMs = clock.monotonicMs() - startedAtMs;
  return problemFacts(problem, message.method, endpoint, { signal, waitedMs });
}
