import { isJsonObject, type JsonObject } from '../facts/json-object.ts';
/** Ids are strings or numbers; `0` and `""` are real ids (JSON-RPC 2.0 §4, MCP base protocol). */
export type RpcId = string | number;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** One message, sorted by what it is. `body` is the object as it was received. */
export type RpcMessage =
  | {
      readonly kind: 'request';
      readonly id: RpcId;
      readonly method: string;
      readonly params?: JsonObject;
      readonly body: JsonObject;
    }
  | {
      readonly kind: 'notification';
      readonly method: string;
      readonly params?: JsonObject;
      readonly body: JsonObject;
    }
  | {
      readonly kind: 'result';
      readonly id: RpcId;
      readonly result: unknown;
      readonly body: JsonObject;
    }
  /** Servers answer unreadable requests with `null`, an empty or a made-up id; `null` stands for a missing one too. */
  | {
      readonly kind: 'error';
      readonly id: RpcId | null;
      readonly error: RpcError;
      readonly body: JsonObject;
    }
  | { readonly kind: 'invalid'; readonly reason: string };

export type ParsedText =
  | { readonly ok: true; readonly messages: readonly RpcMessage[]; readonly isBatch: boolean }
  | { readonly ok: false; readonly reason: string };

export const METHOD_NOT_FOUND = -32601;

function isRpcId(value: unknown): value is RpcId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

function invalid(reason: string): RpcMessage {
  return { kind: 'invalid', reason };
}

function classifyCall(body: JsonObject): RpcMessage {
  const method = body['method'];
  if (typeof method !== 'string') return invalid('its method is not a string');
  const params = body['params'];
  if (params !== undefined && typeof params !== 'object')
    return invalid('its params are neither object nor array');
  const rest = { method, ...(isJsonObject(params) && { params }), body };
  if (!('id' in body)) return { kind: 'notification', ...rest };
  const id = body['id'];
  return isRpcId(id)
    ? { kind: 'request', id, ...rest }
    : invalid('its id is neither string nor number');
}

function classifyError(body: JsonObject): RpcMessage {
  const error = body['error'];
  if (!isJsonObject(error) || typeof error['code'] !== 'number')
    return invalid('its error has no numeric code');
  const id = body['id'];
  return {
    kind: 'error',
    id: isRpcId(id) ? id : null,
    error: {
      code: error['code'],
      message: typeof error['message'] === 'string' ? error['message'] : '',
      ...('data' in error && { data: error['data'] }),
    },
    body,
  };
}

/** Sorts one parsed JSON value. Never throws. */
export function classifyMessage(value: unknown): RpcMessage {
  if (!isJsonObject(value)) return invalid('it is not an object');
  if (value['jsonrpc'] !== '2.0') return invalid('it lacks "jsonrpc": "2.0"');
  if ('method' in value) return classifyCall(value);
  // Some servers send `"error": null` beside a result, or the other way round.
  if (value['error'] !== undefined && value['error'] !== null) return classifyError(value);
  if (!('result' in value)) return invalid('it has neither method, result nor error');
  const id = value['id'];
  return isRpcId(id)
    ? { kind: 'result', id, result: value['result'], body: value }
    : invalid('its id is neither string nor number');
}

/** Parses the text of one message or of one batch. Elements of a batch are sorted one by one. */
export function parseMessages(text: string): ParsedText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'it is not JSON' };
  }
  if (!Array.isArray(value))
    return { ok: true, messages: [classifyMessage(value)], isBatch: false };
  if (value.length === 0) return { ok: false, reason: 'it is an empty batch' };
  return { ok: true, messages: value.map(classifyMessage), isBatch: true };
}

/**
 * The number that an id stands for, as the official clients compare it: servers send `"1"` back for `1`.
 *
 * @returns `NaN` if there is none
 */
export function numberOfId(id: RpcId | null): number {
  if (typeof id !== 'string') return id ?? Number.NaN;
  return id.trim() === '' ? Number.NaN : Number(id);
}

export type RpcAnswer = Extract<RpcMessage, { kind: 'result' | 'error' }>;

/**
 * Whether `message` answers the only request in flight. An error with a `null`, empty or made-up id does too where
 * nothing else can be meant (`isOnlyRequest`): real servers send such ids on errors, never on results.
 */
export function isAnswerTo(
  message: RpcMessage,
  id: RpcId,
  isOnlyRequest: boolean,
): message is RpcAnswer {
  if (message.kind === 'result') return isSameId(message.id, id);
  if (message.kind === 'error') return isOnlyRequest || isSameId(message.id, id);
  return false;
}

function isSameId(received: RpcId | null, sent: RpcId): boolean {
  return received === sent || (typeof sent === 'number' && numberOfId(received) === sent);
}
