import { type JsonObject, jsonObjectOf } from '../facts/json-object.ts';

/**
 * What the gateway needs to know of one JSON-RPC message, whichever way it was read.
 * Ids are kept as JSON text: `0`, `""` and `"0"` are three different, real ids.
 */
export interface MessageFacts {
  readonly id?: string;
  /** The id as it is written, where that differs and the message was not parsed whole; see `written-ids.ts`. */
  readonly writtenId?: string;
  readonly method?: string;
  /** `params.name` (tool, prompt) or `params.uri`. */
  readonly target?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly protocolVersion?: string;
  /** `clientInfo` of `initialize`, or of `_meta` since 2026-07-28. */
  readonly client?: { readonly name: string; readonly version: string };
  /** `params.requestId` of `notifications/cancelled`, as JSON text. */
  readonly cancelledId?: string;
  /** `params.progressToken` of `notifications/progress`. */
  readonly progressToken?: string | number;
  readonly hasResult: boolean;
  readonly error?: { readonly code: number; readonly message: string; readonly stack?: string };
  readonly isError: boolean;
  /** Start of the first text of a result with `isError`; absent if the message was too large to be parsed whole. */
  readonly errorText?: string;
  readonly resultType?: string;
  readonly requestState?: string;
  /** `_meta` of the result. */
  readonly resultMeta?: Readonly<Record<string, unknown>>;
  /** Names in `result.tools`, as a page of `tools/list` has them; the first `TOOL_NAMES_MAX`. */
  readonly toolNames?: readonly string[];
  /** `arguments` of a tool call; absent where the message was too large to be parsed whole. */
  readonly arguments?: unknown;
}

export function isRequest(facts: MessageFacts): boolean {
  return facts.method !== undefined && facts.id !== undefined;
}

export function isResponse(facts: MessageFacts): boolean {
  return facts.method === undefined && (facts.hasResult || facts.error !== undefined);
}

/** Whether it is a request, a notification or a response: other JSON objects are no messages of JSON-RPC 2.0. */
export function isMessage(facts: MessageFacts): boolean {
  return facts.method !== undefined || isResponse(facts);
}

/**
 * Finds the request that an answer is for: by its id, else by the number that this id has as text, since servers send `"1"`
 * back for `1` and the official clients take it.
 *
 * @param requests by id as JSON text
 * @param id of the answer, as JSON text
 */
export function findAnswered<Request>(
  requests: { get(id: string): Request | undefined } | undefined,
  id = '',
): Request | undefined {
  return requests?.get(id) ?? (id.startsWith('"') ? requests?.get(numberTextOf(id)) : undefined);
}

/** The same, where nothing but the ids of the requests is kept. */
export function findAnsweredId(waiting: ReadonlySet<string>, id?: string): string | undefined {
  return findAnswered({ get: (each) => (waiting.has(each) ? each : undefined) }, id);
}

function numberTextOf(id: string): string {
  const text = JSON.parse(id) as string;
  return text.trim() === '' ? '' : String(Number(text));
}

/** Enough to recognize a message of an SDK, and to show what went wrong. */
const ERROR_TEXT_CHARS_MAX = 1_024;
/** Tools of one answer whose names are read. */
export const TOOL_NAMES_MAX = 1_000;
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** The parts of a message by the paths that matter, as found by a parser or by the skimmer. */
export interface MessageParts {
  readonly id?: unknown;
  readonly writtenId?: string | undefined;
  readonly method?: unknown;
  readonly params?: JsonObject | undefined;
  readonly error?: JsonObject | undefined;
  readonly result?: JsonObject | undefined;
  readonly toolNames?: readonly string[] | undefined;
  readonly hasResult: boolean;
}

/**
 * Facts of one parsed message; nothing where it is no object.
 * @param message one element of a body, as `JSON.parse` gives it
 */
export function factsOfMessage(message: unknown): MessageFacts | undefined {
  const bag = jsonObjectOf(message);
  if (!bag) return undefined;
  const result = jsonObjectOf(bag['result']);
  return factsOfParts({
    id: bag['id'],
    method: bag['method'],
    params: jsonObjectOf(bag['params']),
    error: jsonObjectOf(bag['error']),
    result,
    toolNames: toolNamesOf(result?.['tools']),
    hasResult: 'result' in bag,
  });
}

export function factsOfParts(parts: MessageParts): MessageFacts {
  const { params, result } = parts;
  // Built field by field: this runs for every message, and spreads or key loops cost more than parsing it.
  const facts: Writable<MessageFacts> = {
    hasResult: parts.hasResult,
    isError: result?.['isError'] === true,
  };
  if (isId(parts.id))
    facts.id = typeof parts.id === 'number' ? String(parts.id) : JSON.stringify(parts.id);
  if (parts.writtenId !== undefined && facts.id !== undefined && parts.writtenId !== facts.id)
    facts.writtenId = parts.writtenId;
  if (typeof parts.method === 'string') facts.method = parts.method;
  if (params) noteParams(facts, params);
  if (parts.error) facts.error = errorOf(parts.error);
  if (result) noteResult(facts, result);
  if (parts.toolNames) facts.toolNames = parts.toolNames;
  return facts;
}

/** @returns `undefined` if there are none */
function toolNamesOf(tools: unknown): readonly string[] | undefined {
  if (!Array.isArray(tools)) return undefined;
  const names: string[] = [];
  for (const tool of tools) {
    const name = textOf(jsonObjectOf(tool)?.['name']);
    if (name !== undefined) names.push(name);
    if (names.length === TOOL_NAMES_MAX) break;
  }
  return names.length === 0 ? undefined : names;
}

function noteParams(facts: Writable<MessageFacts>, params: JsonObject): void {
  const meta = jsonObjectOf(params['_meta']);
  const target = textOf(params['name']) ?? textOf(params['uri']);
  const protocolVersion = textOf(params['protocolVersion']) ?? textOf(meta?.[PROTOCOL_VERSION_KEY]);
  const client = clientOf(params['clientInfo']) ?? clientOf(meta?.[CLIENT_INFO_KEY]);
  const cancelled = params['requestId'];
  const progressToken = params['progressToken'];
  const requestState = textOf(params['requestState']);
  if (isId(progressToken)) facts.progressToken = progressToken;
  if (meta) facts.meta = meta;
  if (target !== undefined) facts.target = target;
  if (protocolVersion !== undefined) facts.protocolVersion = protocolVersion;
  if (client) facts.client = client;
  if (isId(cancelled)) facts.cancelledId = JSON.stringify(cancelled);
  if (requestState !== undefined) facts.requestState = requestState;
  if (params['arguments'] !== undefined) facts.arguments = params['arguments'];
}

function noteResult(facts: Writable<MessageFacts>, result: JsonObject): void {
  const resultType = textOf(result['resultType']);
  const requestState = textOf(result['requestState']);
  const protocolVersion = textOf(result['protocolVersion']);
  const meta = jsonObjectOf(result['_meta']);
  if (resultType !== undefined) facts.resultType = resultType;
  if (requestState !== undefined) facts.requestState = requestState;
  if (protocolVersion !== undefined) facts.protocolVersion = protocolVersion;
  if (meta) facts.resultMeta = meta;
  if (facts.isError) noteErrorText(facts, result['content']);
}

function noteErrorText(facts: Writable<MessageFacts>, content: unknown): void {
  if (!Array.isArray(content)) return;
  for (const block of content) {
    const text = textOf(jsonObjectOf(block)?.['text']);
    if (text === undefined) continue;
    facts.errorText = text.slice(0, ERROR_TEXT_CHARS_MAX);
    return;
  }
}

function errorOf(error: JsonObject): NonNullable<MessageFacts['error']> {
  const data = jsonObjectOf(error['data']);
  const stack = textOf(data?.['stack']) ?? textOf(data?.['traceback']);
  const code = typeof error['code'] === 'number' ? error['code'] : 0;
  const message = textOf(error['message']) ?? '';
  return stack === undefined ? { code, message } : { code, message, stack };
}

function clientOf(value: unknown): MessageFacts['client'] {
  const bag = jsonObjectOf(value);
  const name = textOf(bag?.['name']);
  return name === undefined ? undefined : { name, version: textOf(bag?.['version']) ?? '' };
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export type Writable<T> = { -readonly [K in keyof T]: T[K] };
