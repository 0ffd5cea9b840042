import type { CallVerdict } from './call-outcome.ts';

/**
 * Every error that the gateway answers instead of a server, with its JSON-RPC code; docs/errors.md lists them.
 * The codes are in the range that JSON-RPC 2.0 §5.1 leaves to servers, except those that MCP itself uses.
 */
export const REFUSALS = {
  forbidden_host: {
    code: -32040,
    status: 403,
    verdict: { outcome: 'denied', status: 403, errorType: 'forbidden' },
    message: 'This Host or Origin is not allowed',
  },
  unauthorized: {
    code: -32041,
    status: 401,
    verdict: { outcome: 'denied', status: 401, errorType: 'unauthorized' },
    message: 'Authentication required',
  },
  unknown_server: {
    code: -32042,
    status: 404,
    verdict: { outcome: 'denied', status: 404, errorType: 'unknown_server' },
    message: 'No server of this name is configured',
  },
  disabled: {
    code: -32043,
    status: 503,
    verdict: { outcome: 'denied', status: 503, errorType: 'disabled' },
    message: 'This server is disabled',
  },
  rate_limited: {
    code: -32044,
    status: 429,
    verdict: { outcome: 'rate_limited', status: 429, errorType: 'rate_limited' },
    message: 'Too many requests',
  },
  overloaded: {
    code: -32045,
    status: 503,
    verdict: { outcome: 'rate_limited', status: 503, errorType: 'overloaded' },
    message: 'Too many requests in flight',
  },
  stopping: {
    code: -32059,
    status: 503,
    verdict: { outcome: 'rate_limited', status: 503, errorType: 'overloaded' },
    message: 'The gateway stops',
  },
  body_too_large: {
    code: -32046,
    status: 413,
    verdict: { outcome: 'denied', status: 413, errorType: 'body_too_large' },
    message: 'The request body is too large',
  },
  request_timeout: {
    code: -32047,
    status: 408,
    verdict: { outcome: 'client_error', status: 408, errorType: 'http_4xx' },
    message: 'The request did not arrive in time',
  },
  invalid_http: {
    code: -32048,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'http_4xx' },
    message: 'The request is not valid HTTP',
  },
  headers_too_large: {
    code: -32049,
    status: 431,
    verdict: { outcome: 'client_error', status: 431, errorType: 'http_4xx' },
    message: 'The headers of the request are too large',
  },
  unreachable: {
    code: -32050,
    status: 502,
    verdict: { outcome: 'transport_error', status: 502, errorType: 'connection' },
    message: 'The server could not be reached',
  },
  message_too_large: {
    code: -32060,
    status: 502,
    verdict: { outcome: 'transport_error', status: 502, errorType: 'invalid_response' },
    message: 'The message is larger than a bridge can hold',
  },
  timeout: {
    code: -32051,
    status: 504,
    verdict: { outcome: 'timeout', status: 504, errorType: 'timeout' },
    message: 'The server did not answer in time',
  },
  child_exit: {
    code: -32052,
    status: 502,
    verdict: { outcome: 'transport_error', status: 502, errorType: 'child_exit' },
    message: 'The server process ended',
  },
  internal_error: {
    code: -32603,
    status: 502,
    verdict: { outcome: 'transport_error', status: 502, errorType: 'internal_error' },
    message: 'Internal error',
  },
  session_not_found: {
    code: -32001,
    status: 404,
    verdict: { outcome: 'client_error', status: 404, errorType: 'session_lost' },
    message: 'Session not found',
  },
  not_initialized: {
    code: -32000,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'http_4xx' },
    message: 'Bad Request: initialize first',
  },
  legacy_server: {
    code: -32000,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'unsupported_version' },
    message: 'Bad Request: this server has no protocol revision without a session',
  },
  invalid_envelope: {
    code: -32602,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'invalid_params' },
    message: 'Invalid params',
  },
  header_mismatch: {
    code: -32020,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'invalid_request' },
    message: 'Header mismatch',
  },
  invalid_request: {
    code: -32600,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'invalid_request' },
    message: 'Invalid Request',
  },
  id_in_use: {
    code: -32600,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'invalid_request' },
    message: 'Invalid Request: a request with this id waits for its answer',
  },
  stream_taken: {
    code: -32054,
    status: 409,
    verdict: { outcome: 'client_error', status: 409, errorType: 'http_4xx' },
    message: 'This session has an open stream',
  },
  method_not_allowed: {
    code: -32055,
    status: 405,
    verdict: { outcome: 'client_error', status: 405, errorType: 'http_4xx' },
    message: 'This method is not used here',
  },
  unverifiable: {
    code: -32058,
    status: 503,
    verdict: { outcome: 'denied', status: 503, errorType: 'unauthorized' },
    message: 'Tokens cannot be verified now',
  },
  own_request: {
    code: -32056,
    status: 508,
    verdict: { outcome: 'denied', status: 508, errorType: 'forbidden' },
    message: 'The gateway does not serve requests of its own exporter',
  },
  invalid_json: {
    code: -32700,
    status: 400,
    verdict: { outcome: 'client_error', status: 400, errorType: 'parse_error' },
    message: 'Parse error',
  },
  wrong_transport: {
    code: -32053,
    status: 404,
    verdict: { outcome: 'denied', status: 404, errorType: 'unknown_server' },
    message: 'This path does not fit the transport of the server',
  },
  no_resource_metadata: {
    code: -32057,
    status: 404,
    verdict: { outcome: 'denied', status: 404, errorType: 'unknown_server' },
    message: 'The server has no metadata about its authorization',
  },
} as const satisfies Record<string, Refusal>;

export interface Refusal {
  readonly code: number;
  /** HTTP status. */
  readonly status: number;
  readonly verdict: CallVerdict;
  readonly message: string;
}

export type RefusalName = keyof typeof REFUSALS;

/**
 * A well-formed JSON-RPC error.
 * @param id JSON text of the request's id, if known
 * @param detail what happened, readable; no secrets
 */
export function renderRefusal(name: RefusalName, id: string | undefined, detail?: string): string {
  const { code, message } = REFUSALS[name];
  const error = JSON.stringify({
    code,
    message: detail ? `${message}: ${detail}` : message,
    data: { reason: name, source: 'mcp-exporter' },
  });
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${error}}`;
}
