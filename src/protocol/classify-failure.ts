import type { RpcError } from './json-rpc.ts';
import { supportedVersionsOf, UNSUPPORTED_PROTOCOL_VERSION } from './assess-discover.ts';
import type { ProbeFailure } from '../facts/probe-outcome.ts';
import { classifyNetwork, describeNetwork, type NetworkFacts } from './network-failure.ts';

/** What a client observed, as plain data, without judgement. */
export type FailureFacts =
  | NetworkFacts
  /** `waitedFor` completes "No … within": for example `answer to ping`. */
  | { readonly kind: 'timeout'; readonly waitedFor: string; readonly limitMs: number }
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly contentType?: string;
      /** Where a 3xx points, without query. */
      readonly location?: string;
      /** Why a redirect was not followed. */
      readonly notFollowed?: keyof typeof WHY_NOT_FOLLOWED;
      /** Whether `WWW-Authenticate` named a scheme, and which. */
      readonly authScheme?: string;
      readonly retryAfterMs?: number;
      /** The request carried a session id. */
      readonly hasSession: boolean;
      /** The body, if it was a JSON-RPC error. */
      readonly rpcError?: RpcError;
      readonly method: string;
    }
  /** The server wants an access token, and there is none. `reason` completes "No access token: …". */
  | { readonly kind: 'token'; readonly reason: string }
  | { readonly kind: 'rpc'; readonly error: RpcError; readonly method: string }
  /** `reason` completes "The answer to METHOD cannot be used: …"; `brief`, if present, replaces it in short messages. */
  | {
      readonly kind: 'unusable';
      readonly method: string;
      readonly reason: string;
      readonly brief?: string;
    }
  | { readonly kind: 'tool_error'; readonly tool: string; readonly text: string }
  | {
      readonly kind: 'assertion';
      readonly tool: string;
      readonly expectation: string;
      readonly text: string;
    }
  | { readonly kind: 'spawn'; readonly command: string; readonly code: string }
  | {
      readonly kind: 'exit';
      readonly code: number | null;
      readonly signal: string | null;
      readonly lastLine?: string;
    };

/** The verdict on a failure: an outcome of the closed list and one sentence for a person. */
export interface ClassifiedFailure {
  readonly outcome: ProbeFailure;
  readonly detail: string;
  readonly httpStatus?: number;
  readonly rpcCode?: number;
  readonly retryAfterMs?: number;
}

/** Decides which failure it was, by code and structure. Never looks at the text of an error. */
export function classifyFailure(facts: FailureFacts): ClassifiedFailure {
  switch (facts.kind) {
    case 'network':
      return classifyNetwork(facts);
    case 'timeout':
      return {
        outcome: 'timeout',
        detail: `No ${facts.waitedFor} within ${formatLimit(facts.limitMs)}.`,
      };
    case 'http':
      return classifyHttp(facts);
    case 'token':
      return {
        outcome: 'auth_required',
        detail: `No access token: ${facts.reason}.`,
        httpStatus: 401,
      };
    case 'rpc':
      return classifyRpc(facts.error, facts.method);
    case 'unusable':
      return {
        outcome: 'protocol',
        detail: `The answer to ${facts.method} cannot be used: ${facts.reason}.`,
      };
    case 'tool_error':
      return {
        outcome: 'tool_error',
        detail: `Tool ${facts.tool} reported an error: ${excerpt(facts.text)}`,
      };
    case 'assertion':
      return {
        outcome: 'assertion',
        detail: `The answer of tool ${facts.tool} ${facts.expectation}. It began: ${excerpt(facts.text)}`,
      };
    case 'spawn':
      return {
        outcome: 'spawn',
        detail: `${facts.command} could not be started: ${spawnReason(facts.code)}.`,
      };
    case 'exit':
      return { outcome: 'exit', detail: describeExit(facts) };
  }
}

/** Completes "The server could not be reached: …". Names no address. */
export function describeBriefly(facts: FailureFacts): string {
  switch (facts.kind) {
    case 'network':
      return describeNetwork(facts);
    case 'timeout':
      return `no ${facts.waitedFor} in time`;
    case 'http':
      return facts.status === 401 ? 'it wants authorization' : `it answered ${facts.status}`;
    case 'token':
      return `it wants authorization, and there is no access token: ${facts.reason}`;
    case 'unusable':
      return facts.brief ?? facts.reason;
    default:
      return classifyFailure(facts).detail;
  }
}

type HttpFacts = Extract<FailureFacts, { kind: 'http' }>;

const WHY_NOT_FOLLOWED = {
  other_origin: 'it leads to another origin: if the server is there, configure that URL',
  changes_method: 'clients would repeat it as GET: if the server is there, configure that URL',
  endless: 'the redirects do not end',
} as const;

function describeRedirect({ location, notFollowed }: HttpFacts): string {
  const where = location === undefined ? '' : ` to ${location}`;
  const why = notFollowed === undefined ? '' : `, because ${WHY_NOT_FOLLOWED[notFollowed]}`;
  return `a redirect${where}, which is not followed${why}`;
}

function classifyHttp(facts: HttpFacts): ClassifiedFailure {
  const { status, retryAfterMs, rpcError } = facts;
  const common = {
    httpStatus: status,
    ...(rpcError !== undefined && { rpcCode: rpcError.code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  const said = rpcError === undefined ? '' : `: ${describeRpcError(rpcError)}`;
  const answered = `${facts.method} was answered with HTTP ${status}`;
  if (status === 401) {
    const scheme = facts.authScheme === undefined ? '' : ` (it asks for ${facts.authScheme})`;
    return {
      outcome: 'auth_required',
      detail: `The server is there and asks for authentication: HTTP 401${scheme}.`,
      ...common,
    };
  }
  if (status === 403)
    return {
      outcome: 'forbidden',
      detail: `The server is there and refuses access: HTTP 403${said}.`,
      ...common,
    };
  if (status === 429) {
    const wait = retryAfterMs === undefined ? '' : `; it asks to wait ${formatLimit(retryAfterMs)}`;
    return {
      outcome: 'rate_limited',
      detail: `The server is there and limits our rate: HTTP 429${wait}.`,
      ...common,
    };
  }
  if (status === 404 && facts.hasSession) {
    return {
      outcome: 'session_lost',
      detail: `The server no longer knows our session: HTTP 404${said}.`,
      ...common,
    };
  }
  if (rpcError?.code === UNSUPPORTED_PROTOCOL_VERSION)
    return { ...classifyRpc(rpcError, facts.method), ...common };
  // 400 and 404 are how a server of either era says that it read the request and has an error for it.
  const isSpoken = status === 400 || (status === 404 && rpcError?.code === -32601);
  if (rpcError !== undefined && isSpoken)
    return { ...classifyRpc(rpcError, facts.method), ...common };
  if (status >= 300 && status < 400)
    return { outcome: 'http_3xx', detail: `${answered}, ${describeRedirect(facts)}.`, ...common };
  if (status >= 500) return { outcome: 'http_5xx', detail: `${answered}${said}.`, ...common };
  if (status >= 400) return { outcome: 'http_4xx', detail: `${answered}${said}.`, ...common };
  return {
    outcome: 'protocol',
    detail: `${answered}, which the protocol does not foresee.`,
    ...common,
  };
}

function classifyRpc(error: RpcError, method: string): ClassifiedFailure {
  if (error.code !== UNSUPPORTED_PROTOCOL_VERSION) {
    return {
      outcome: 'rpc_error',
      detail: `${method} was answered with an error: ${describeRpcError(error)}.`,
      rpcCode: error.code,
    };
  }
  const supported = supportedVersionsOf(error.data)?.slice(0, 10).join(', ');
  const offers = supported
    ? ` it offers ${excerpt(supported)}`
    : ' it does not say which it offers';
  return {
    outcome: 'protocol_version',
    detail: `No protocol version in common:${offers}.`,
    rpcCode: error.code,
  };
}

function describeRpcError(error: RpcError): string {
  const text = excerpt(error.message);
  return text === '' ? `${error.code}` : `${error.code} ${text.replace(/\.$/, '')}`;
}

function spawnReason(code: string): string {
  if (code === 'ENOENT')
    return 'there is no such file in PATH, or its working directory does not exist (ENOENT)';
  if (code === 'EACCES') return 'it may not be executed (EACCES)';
  return code;
}

function describeExit(facts: Extract<FailureFacts, { kind: 'exit' }>): string {
  const how =
    facts.signal === null ? `with code ${facts.code ?? 'unknown'}` : `on signal ${facts.signal}`;
  const last =
    facts.lastLine === undefined || facts.lastLine === ''
      ? ''
      : ` It last wrote: ${excerpt(facts.lastLine)}`;
  return `The process ended ${how}.${last}`;
}

/** Foreign text for a sentence: one line, without control characters, at most 200 characters. */
export function excerpt(text: string): string {
  const line = text
    .slice(0, 400)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** `800 ms`, `5 s`, `2.5 s`. */
export function formatLimit(limitMs: number): string {
  return limitMs < 1000 ? `${Math.round(limitMs)} ms` : `${Math.round(limitMs / 100) / 10} s`;
}
