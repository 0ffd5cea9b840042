import type { CallVerdict } from '../call-outcome.ts';
import type { Definition } from '../capability-snapshot.ts';
import { contradictsShape } from './input-shape.ts';

/** A call that a server answered with an error, as a result with `isError` or as a JSON-RPC error. */
export interface FailedCall {
  readonly operation: string;
  readonly arguments?: unknown;
  /** Whether `arguments` is absent because the request was too large to be parsed whole. */
  readonly areArgumentsUnknown: boolean;
  /** Start of the text of the result, or the message of the error. */
  readonly text: string;
}

/** What the server lists under the name that was called; `undefined` if its list is not known. */
export type ListedDefinition = Definition | 'unlisted' | undefined;

/** As a server that answers with the JSON-RPC error -32602. */
export const CALLERS_MISTAKE: CallVerdict = {
  outcome: 'client_error',
  status: 400,
  errorType: 'invalid_params',
};

/** What an operation names. */
const NOUNS: Readonly<Record<string, string>> = {
  'tools/call': 'tool',
  'prompts/get': 'prompt',
  'resources/read': 'resource',
};

/** TypeScript SDK: the text of an error that was thrown in a handler, with its code. Output validation is the server's own. */
const INVALID_PARAMS = /^(?:Error: )?MCP error -3260[12]: (?!Output validation error)/;
const PREFIX = String.raw`^(?:Error: )?(?:MCP error -\d+: )*`;

const INVALID_ARGUMENTS: readonly RegExp[] = [
  // TypeScript SDK 2, and the low-level server of the Python SDK.
  new RegExp(`${PREFIX}Input validation error\\b`),
  // TypeScript SDK, and servers that check by themselves.
  new RegExp(`${PREFIX}Invalid arguments? for\\b`, 'i'),
  // Python: "Error executing tool add: 2 validation errors for addArguments", FastMCP: "1 validation error for call[add]".
  /^Error executing tool \S+: \d+ validation errors? for \S+Arguments\n/,
  /^\d+ validation errors? for call\[/,
  // Go SDK.
  /^(?:invalid params: )?validating "arguments":/,
  // FastMCP for TypeScript.
  /^Tool '[^\n']+' parameter validation failed:/,
  // Ruby SDK.
  /^Missing required arguments?: /,
];

/**
 * Whether a failed call is the mistake of its caller, as far as can be known: an unknown name, or invalid arguments.
 *
 * Protocol revision 2025-11-25 reports both as results with `isError`, like any failure of the tool itself. Three things
 * tell them apart, the first that applies decides:
 *
 * 1. the server does not list the name;
 * 2. the arguments contradict the listed input schema;
 * 3. the text is one with which an SDK rejects arguments, or a name if no list is known.
 *
 * Whatever else a tool answers remains its own error: a path that does not exist cannot be told from a disk that is broken.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/server/tools#error-handling
 */
export function isCallersMistake(call: FailedCall, listed: ListedDefinition): boolean {
  const noun = NOUNS[call.operation];
  if (noun === undefined) return false;
  if (listed === 'unlisted') return true;
  const shape = listed?.input;
  if (shape && !call.areArgumentsUnknown && contradictsShape(shape, call.arguments)) return true;
  if (INVALID_ARGUMENTS.some((pattern) => pattern.test(call.text))) return true;
  if (rejectsName(call.text, noun)) return listed === undefined;
  return INVALID_PARAMS.test(call.text);
}

/** `Unknown tool: x`, `Tool x not found`, `Tool not found: x`. */
function rejectsName(text: string, noun: string): boolean {
  return new RegExp(
    `${PREFIX}(?:unknown ${noun}\\b|${noun} not found\\b|${noun} [^\\n]{1,200} not found\\b)`,
    'i',
  ).test(text);
}
