import type { IncomingMessage } from 'node:http';
import {
  type RpcAnswer,
  isAnswerTo,
  parseMessages,
  type RpcId,
  type RpcMessage,
} from '../json-rpc.ts';
import { readEvents } from '../sse/read-events.ts';
import { createSseDecoder, type SseEvent } from '../sse/sse-decoder.ts';
import { readBody, type ReadProblem } from './read-body.ts';

export type AnswerReading =
  | { readonly ok: true; readonly answer: RpcAnswer }
  | { readonly ok: false; readonly problem: ReadProblem };

/** All that is read of a stream that never comes to the point. */
const STREAM_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Finds the answer with `id` in a 200 response to a POST: one JSON message, a batch, or a stream of events. In a stream
 * everything before the answer is skipped, requests of the server included: it may not make a ping or a handshake wait
 * for them. Reading stops at the answer.
 */
export async function readAnswer(
  response: IncomingMessage,
  id: RpcId,
  signal: AbortSignal,
): Promise<AnswerReading> {
  const encoding = response.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse(response, 'it is compressed, though this client did not offer to read that');
  }
  switch (mediaTypeOf(response)) {
    case 'application/json': {
      const body = await readBody(response, signal);
      return body.ok ? findAnswer(body.text, id) : body;
    }
    case 'text/event-stream':
      return readFromEvents(response, id, signal);
    case 'text/html':
      return refuse(response, 'it is an HTML page, perhaps a login or an error page');
    case '':
      return refuse(response, 'it has no content type');
    default:
      return refuse(response, 'its content type is neither application/json nor text/event-stream');
  }
}

export function mediaTypeOf(response: IncomingMessage): string {
  return (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function refuse(response: IncomingMessage, reason: string): AnswerReading {
  response.destroy();
  return unusable(reason);
}

function unusable(reason: string): AnswerReading {
  return { ok: false, problem: { kind: 'unusable', reason } };
}

function findAnswer(text: string, id: RpcId): AnswerReading {
  const parsed = parseMessages(text);
  if (!parsed.ok) return unusable(parsed.reason);
  const answer = parsed.messages.find((message) => isAnswerTo(message, id, true));
  if (answer !== undefined && isAnswerTo(answer, id, true)) return { ok: true, answer };
  return unusable(describeMisfit(parsed.messages[0]) ?? 'it holds no answer');
}

/** What is wrong with a message in the place of the answer; nothing where it may simply be skipped. */
function describeMisfit(message: RpcMessage | undefined): string | undefined {
  if (message?.kind === 'invalid') return message.reason;
  if (message?.kind === 'result') return 'it carries the id of another request';
  return undefined;
}

async function readFromEvents(
  response: IncomingMessage,
  id: RpcId,
  signal: AbortSignal,
): Promise<AnswerReading> {
  let reading: AnswerReading | undefined;
  const onEvent = ({ event, data }: SseEvent): boolean => {
    if (event === 'message') reading = findInEvent(data, id);
    return reading === undefined;
  };
  const end = await readEvents(response, signal, createSseDecoder(), onEvent, STREAM_BYTES_MAX);
  if (end.kind === 'problem') return { ok: false, problem: end.problem };
  if (reading?.ok === false) response.destroy();
  return reading ?? unusable('the stream of events ended without it');
}

function findInEvent(data: string, id: RpcId): AnswerReading | undefined {
  const parsed = parseMessages(data);
  if (!parsed.ok) return unusable(parsed.reason);
  for (const message of parsed.messages) {
    if (isAnswerTo(message, id, true)) return { ok: true, answer: message };
    const misfit = describeMisfit(message);
    if (misfit !== undefined) return unusable(misfit);
  }
  return undefined;
}
