import { type CallVerdict, judgeRpcError } from '../facts/call-outcome.ts';
import {
  CALLERS_MISTAKE,
  isCallersMistake,
  type ListedDefinition,
} from '../facts/rules/caller-mistake.ts';
import type { MessageFacts } from './message-facts.ts';

/** A request and its size. */
export interface JudgedRequest {
  readonly facts: MessageFacts;
  readonly carrier: { readonly bytes: number };
}

/** What the server lists under a name; `undefined` if its list is not known. */
export type FindListed = (kind: 'tools' | 'prompts', name: string) => ListedDefinition;

/** Names that answered a call, or were listed to a client, although our list does not have them, as when a client sees tools that our checks do not. */
export type ProvenNames = Set<string>;

/** Per server; once there are more, no name is unlisted any more. */
const PROVEN_NAMES_MAX = 1_000;
const PROVEN_CHARS_MAX = 200;
/** A request up to this size is always parsed whole, so that it has its arguments. */
const PARSED_BYTES_MAX = 16 * 1024;
const SUCCESS: CallVerdict = { outcome: 'success', status: 200 };
const INPUT_REQUIRED: CallVerdict = { outcome: 'input_required', status: 200 };
const TOOL_ERROR: CallVerdict = { outcome: 'tool_error', status: 500, errorType: 'tool_error' };

/** The verdict over a response, by its JSON-RPC and tool layers alone. */
export function judgeResponse({ error, isError, resultType }: MessageFacts): CallVerdict {
  if (error) return judgeRpcError(error.code);
  if (isError) return TOOL_ERROR;
  return resultType === 'input_required' ? INPUT_REQUIRED : SUCCESS;
}

/**
 * The verdict over the answer to a client's request. What looks like a failure of the server may be the mistake of its
 * caller. Changes `proven`.
 */
export function judgeAnswer(
  { facts: request, carrier }: JudgedRequest,
  answer: MessageFacts,
  proven: ProvenNames,
  findListed: FindListed | undefined,
): CallVerdict {
  const verdict = judgeResponse(answer);
  const { method: operation, target } = request;
  const kind = kindOf(operation);
  if (verdict.outcome === 'success') {
    if (kind && target !== undefined) noteProven(proven, `${kind} ${target}`);
    return verdict;
  }
  if (verdict.outcome !== 'tool_error' && verdict.outcome !== 'rpc_error') return verdict;
  if (operation === undefined) return verdict;
  const call = {
    operation,
    arguments: request.arguments,
    areArgumentsUnknown: request.arguments === undefined && carrier.bytes > PARSED_BYTES_MAX,
    text: answer.errorText ?? answer.error?.message ?? '',
  };
  const listed =
    kind && target !== undefined ? lookUp(kind, target, proven, findListed) : undefined;
  return isCallersMistake(call, listed) ? CALLERS_MISTAKE : verdict;
}

/** A tool that a client was offered exists for this client, whatever our checks see. Changes `proven`. */
export function noteListed(proven: ProvenNames, tools: readonly string[]): void {
  for (const name of tools) noteProven(proven, `tools ${name}`);
}

/** A name that has answered exists, whatever the list says. */
function lookUp(
  kind: 'tools' | 'prompts',
  name: string,
  proven: ProvenNames,
  findListed: FindListed | undefined,
): ListedDefinition {
  const listed = findListed?.(kind, name);
  return listed === 'unlisted' && mayExist(proven, `${kind} ${name}`) ? undefined : listed;
}

function kindOf(operation: string | undefined): 'tools' | 'prompts' | undefined {
  if (operation === 'tools/call') return 'tools';
  return operation === 'prompts/get' ? 'prompts' : undefined;
}

function noteProven(proven: ProvenNames, key: string): void {
  if (proven.size < PROVEN_NAMES_MAX && key.length <= PROVEN_CHARS_MAX) proven.add(key);
}

/** If the set is full, any name may have answered. */
function mayExist(proven: ProvenNames, key: string): boolean {
  return proven.size >= PROVEN_NAMES_MAX || key.length > PROVEN_CHARS_MAX || proven.has(key);
}
