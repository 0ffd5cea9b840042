/**
 * How one JSON-RPC exchange ended, over its three layers: transport, JSON-RPC, tool (`outcome` label).
 * docs/metrics.md explains the words; `status` is the HTTP-like code that goes with them.
 */
export const CALL_OUTCOMES = [
  'success',
  'input_required',
  'client_error',
  'rpc_error',
  'tool_error',
  'transport_error',
  'timeout',
  'cancelled',
  'denied',
  'rate_limited',
] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** The outcomes that count as failures of the server in error rates; never errors of the caller or refusals by the gateway. */
export const FAILED_OUTCOMES = [
  'tool_error',
  'rpc_error',
  'transport_error',
  'timeout',
] as const satisfies readonly CallOutcome[];

/** The outcomes that say nothing about the server: error rates leave such requests out entirely. */
export const UNCOUNTED_OUTCOMES = [
  'cancelled',
  'denied',
  'rate_limited',
] as const satisfies readonly CallOutcome[];

export type FailedOutcome = (typeof FAILED_OUTCOMES)[number];

export function isFailure(outcome: CallOutcome): boolean {
  return (FAILED_OUTCOMES as readonly CallOutcome[]).includes(outcome);
}

/** What went wrong in an exchange, on the caller's or the server's side: a closed list (`error_type` label). */
export const ERROR_TYPES = [
  'parse_error',
  'invalid_request',
  'method_not_found',
  'invalid_params',
  'internal_error',
  'resource_not_found',
  'unsupported_version',
  'rpc_error',
  'tool_error',
  'http_4xx',
  'http_5xx',
  'invalid_response',
  'no_response',
  'connection',
  'child_exit',
  'session_lost',
  'timeout',
  'cancelled',
  'unauthorized',
  'forbidden',
  'unknown_server',
  'disabled',
  'rate_limited',
  'overloaded',
  'body_too_large',
] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/** How an exchange ended. */
export interface CallVerdict {
  readonly outcome: CallOutcome;
  /** HTTP-like code. */
  readonly status: number;
  readonly errorType?: ErrorType;
}

/** The caller gave up, or the gateway stops. */
export const CANCELLED: CallVerdict = {
  outcome: 'cancelled',
  status: 499,
  errorType: 'cancelled',
};

/** A client declined a request of the server, which is no failure of the server. */
export const DECLINED: CallVerdict = {
  outcome: 'client_error',
  status: 400,
  errorType: 'rpc_error',
};

/** The server no longer has the session; the client has to begin a new one. */
export const SESSION_LOST: CallVerdict = {
  outcome: 'client_error',
  status: 404,
  errorType: 'session_lost',
};

/** The connection to the server broke. */
export const BROKEN: CallVerdict = {
  outcome: 'transport_error',
  status: 502,
  errorType: 'connection',
};

/** The server ended its answer in order, without a response. */
export const NO_RESPONSE: CallVerdict = {
  outcome: 'transport_error',
  status: 502,
  errorType: 'no_response',
};

const CALLER_ERRORS: Readonly<
  Record<number, { readonly status: number; readonly errorType: ErrorType }>
> = {
  [-32700]: { status: 400, errorType: 'parse_error' },
  [-32600]: { status: 400, errorType: 'invalid_request' },
  [-32602]: { status: 400, errorType: 'invalid_params' },
  [-32601]: { status: 404, errorType: 'method_not_found' },
  [-32002]: { status: 404, errorType: 'resource_not_found' },
  // Header mismatch, missing capability and unsupported version of revision 2026-07-28.
  [-32020]: { status: 400, errorType: 'invalid_request' },
  [-32021]: { status: 400, errorType: 'invalid_request' },
  [-32022]: { status: 400, errorType: 'unsupported_version' },
};

/** Whether a JSON-RPC error is the caller's fault or the server's. */
export function judgeRpcError(code: number): CallVerdict {
  const caller = CALLER_ERRORS[code];
  if (caller) return { outcome: 'client_error', ...caller };
  return {
    outcome: 'rpc_error',
    status: 500,
    errorType: code === -32603 ? 'internal_error' : 'rpc_error',
  };
}

/**
 * The verdict on an HTTP response of an upstream that carried no JSON-RPC message.
 * Its own 401, 403 and 429 are refusals of the caller.
 */
export function judgeHttpStatus(status: number): CallVerdict {
  if (status === 401) return { outcome: 'denied', status, errorType: 'unauthorized' };
  if (status === 403) return { outcome: 'denied', status, errorType: 'forbidden' };
  if (status === 429) return { outcome: 'rate_limited', status, errorType: 'rate_limited' };
  if (status >= 500) return { outcome: 'transport_error', status, errorType: 'http_5xx' };
  if (status >= 400) return { outcome: 'client_error', status, errorType: 'http_4xx' };
  return NO_RESPONSE;
}
