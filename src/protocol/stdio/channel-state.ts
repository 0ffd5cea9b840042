import type { JsonObject } from '../../facts/json-object.ts';
import type { FailureFacts } from '../classify-failure.ts';
import {
  type RpcAnswer,
  METHOD_NOT_FOUND,
  numberOfId,
  parseMessages,
  type RpcId,
  type RpcMessage,
} from '../json-rpc.ts';
import { type ChildEnd, exitFacts } from './child-end.ts';
import type { Oddity } from './child-odd-lines.ts';

/** Checks of one server never overlap, and a check has one request in flight; the rest are late answers. */
const WAITING_MAX = 64;

export type ChildReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly facts: FailureFacts };

/** JSON-RPC with one child: `channelEffects` is the only function that changes it. `child-channel.ts` performs what it returns. */
export interface ChannelState {
  /** Methods of the requests that wait for an answer, by id, in the order in which they were sent. */
  readonly waiting: Map<number, string>;
  /** The same for requests that nobody waits for, whose answers are passed on all the same. */
  readonly late: Map<number, string>;
  lastId: number;
  hasAnswered: boolean;
  end?: ChildEnd;
}

export type ChannelEvent =
  | {
      readonly kind: 'request';
      /** Larger than those before it. */
      readonly id: number;
      readonly method: string;
      readonly params: JsonObject | undefined;
    }
  /** Nobody waits for the answer any more. */
  | { readonly kind: 'forget'; readonly id: number; readonly isLateAnswerWanted: boolean }
  | { readonly kind: 'line'; readonly text: string }
  /** A line longer than `bytesMax` was thrown away. */
  | { readonly kind: 'oversized_line'; readonly bytesMax: number }
  | { readonly kind: 'ended'; readonly end: ChildEnd };

/** To be performed in this order. */
export type ChannelEffect =
  | { readonly kind: 'write'; readonly text: string }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: ChildReply }
  /** A reply to a request that was not sent. */
  | { readonly kind: 'refuse'; readonly id: number; readonly facts: FailureFacts }
  | { readonly kind: 'first_message' }
  | { readonly kind: 'notification'; readonly message: JsonObject }
  /** A line that is skipped. */
  | { readonly kind: 'odd_line'; readonly oddity: Oddity; readonly line: string };

const NO_EFFECTS: readonly ChannelEffect[] = Object.freeze([]);

export function createChannelState(): ChannelState {
  return { waiting: new Map(), late: new Map(), lastId: 0, hasAnswered: false };
}

export function channelEffects(state: ChannelState, event: ChannelEvent): readonly ChannelEffect[] {
  switch (event.kind) {
    case 'request':
      return request(state, event);
    case 'forget':
      forget(state, event.id, event.isLateAnswerWanted);
      return NO_EFFECTS;
    case 'line':
      return readLine(state, event.text);
    case 'oversized_line': {
      const reason = `the server sent a line of more than ${event.bytesMax / 1024 / 1024} MiB`;
      return failAll(state, (method) => ({ kind: 'unusable', method, reason }));
    }
    case 'ended': {
      state.end = event.end;
      const facts = exitFacts(event.end);
      return failAll(state, () => facts);
    }
  }
}

function request(
  state: ChannelState,
  { id, method, params }: Extract<ChannelEvent, { readonly kind: 'request' }>,
): readonly ChannelEffect[] {
  state.lastId = id;
  if (state.end) return [{ kind: 'refuse', id, facts: exitFacts(state.end) }];
  if (state.waiting.size >= WAITING_MAX) {
    const reason = `${WAITING_MAX} requests wait for an answer`;
    return [{ kind: 'refuse', id, facts: { kind: 'unusable', method, reason } }];
  }
  state.waiting.set(id, method);
  const text = JSON.stringify({ jsonrpc: '2.0', id, method, ...(params && { params }) });
  return [{ kind: 'write', text }];
}

function forget(state: ChannelState, id: number, isLateAnswerWanted: boolean): void {
  const method = state.waiting.get(id);
  state.waiting.delete(id);
  state.late.delete(id);
  if (isLateAnswerWanted && method !== undefined && state.late.size < WAITING_MAX)
    state.late.set(id, method);
}

function failAll(
  state: ChannelState,
  factsFor: (method: string) => FailureFacts,
): readonly ChannelEffect[] {
  const effects = [...state.waiting].map(([id, method]): ChannelEffect =>
    reply(id, { ok: false, facts: factsFor(method) }),
  );
  state.waiting.clear();
  return effects;
}

function readLine(state: ChannelState, line: string): readonly ChannelEffect[] {
  // Checked first, since an exception for each line of a chatty server costs too much.
  const parsed = /^[[{]/u.test(line) ? parseMessages(line) : undefined;
  if (!parsed?.ok) return [{ kind: 'odd_line', oddity: 'is no JSON', line }];
  const [first, ...others] = parsed.messages;
  // Nearly every line is one message, and a check is one line.
  if (first && others.length === 0) return readMessage(state, first, line);
  return parsed.messages.flatMap((message) => readMessage(state, message, line));
}

function readMessage(
  state: ChannelState,
  message: RpcMessage,
  line: string,
): readonly ChannelEffect[] {
  if (message.kind === 'invalid') return [{ kind: 'odd_line', oddity: 'is no JSON-RPC', line }];
  const effect = effectOf(state, message, line);
  const effects = effect ? [effect] : NO_EFFECTS;
  if (state.hasAnswered) return effects;
  state.hasAnswered = true;
  return [{ kind: 'first_message' }, ...effects];
}

function effectOf(
  state: ChannelState,
  message: Exclude<RpcMessage, { readonly kind: 'invalid' }>,
  line: string,
): ChannelEffect | undefined {
  switch (message.kind) {
    case 'request':
      return { kind: 'write', text: answerToServer(message.id, message.method) };
    case 'notification':
      return { kind: 'notification', message: message.body };
    case 'result':
    case 'error':
      return takeAnswer(state, message, line);
  }
}

/** We have no capabilities, but a server that asks all the same must not wait forever. */
function answerToServer(id: RpcId, method: string): string {
  const error = { code: METHOD_NOT_FOUND, message: `Method not found: ${method}` };
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    ...(method === 'ping' ? { result: {} } : { error }),
  });
}

function takeAnswer(
  state: ChannelState,
  answer: RpcAnswer,
  line: string,
): ChannelEffect | undefined {
  const id = waitingIdOf(state, answer);
  const method = id === undefined ? undefined : (state.waiting.get(id) ?? state.late.get(id));
  if (id === undefined || method === undefined) {
    // An answer that comes after its time limit is expected.
    if (wasIssued(state, numberOfId(answer.id))) return undefined;
    return { kind: 'odd_line', oddity: 'answers nothing', line };
  }
  state.waiting.delete(id);
  state.late.delete(id);
  if (answer.kind === 'result') return reply(id, { ok: true, result: answer.result });
  return reply(id, { ok: false, facts: { kind: 'rpc', error: answer.error, method } });
}

/** An error under an id that was never used answers the request that has waited longest. */
function waitingIdOf(state: ChannelState, answer: RpcAnswer): number | undefined {
  const id = numberOfId(answer.id);
  if (state.waiting.has(id) || state.late.has(id)) return id;
  if (answer.kind !== 'error' || wasIssued(state, id)) return undefined;
  const [oldestId] = state.waiting.keys();
  return oldestId;
}

function wasIssued({ lastId }: ChannelState, id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= lastId;
}

function reply(id: number, received: ChildReply): ChannelEffect {
  return { kind: 'reply', id, reply: received };
}
