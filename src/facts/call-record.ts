import type { CallOutcome } from './call-outcome.ts';
import type { Era, Transport } from './server.ts';
import type { EpochMs } from './time.ts';

/** A trace context according to W3C Trace Context: hexadecimal ids, lower case. */
export interface TraceContext {
  readonly traceId: string;
  /** Of the span that the gateway created for this exchange. */
  readonly spanId: string;
  /** The caller's span, from `params._meta.traceparent` or else the HTTP header. */
  readonly parentSpanId?: string;
  /** The context of the HTTP header if `_meta` had a different one; becomes a span link. */
  readonly link?: { readonly traceId: string; readonly spanId: string };
  readonly sampled: boolean;
  readonly traceState?: string;
}

/** Tokens of one call; `reported` by the server in `_meta`, else `estimated` from the sizes. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
  readonly source: 'reported' | 'estimated';
}

/**
 * Everything observed about one JSON-RPC exchange through the gateway; published once, when it has ended. An HTTP request
 * without a JSON-RPC request may stand for an exchange of its own, without `operation` and `requestId`.
 */
export interface CallRecord {
  readonly fact: 'call';
  readonly server: string;
  /** `server_to_client`: sampling, elicitation, roots, and pings from the server. */
  readonly direction: 'client_to_server' | 'server_to_client';
  /** Of the client's side. */
  readonly transport: Transport;
  /** Transport verb (`method` label); `_OTHER` is any other HTTP method. */
  readonly verb: 'POST' | 'GET' | 'DELETE' | 'stdio' | '_OTHER';
  /** Of the HTTP request at the gateway, without its query; absent for requests of the server. */
  readonly path?: string;
  /** JSON-RPC method as sent; unbounded, recorders derive a bounded label from it. */
  readonly operation: string;
  /** Tool or prompt name or resource URI as sent; unbounded. */
  readonly target?: string;
  /** JSON text of the id. */
  readonly requestId: string;
  readonly session?: string;
  readonly client?: { readonly name: string; readonly version: string };
  /** Authenticated subject; only in logs and spans, and hashed in a bounded label. */
  readonly user?: string;
  readonly era: Era;
  readonly protocolVersion?: string;
  readonly outcome: CallOutcome;
  /** HTTP-like code of the outcome (`status` label). */
  readonly status: number;
  /** Closed list; absent on success (`error_type` label). */
  readonly errorType?: string;
  readonly rpcCode?: number;
  /** Of the JSON-RPC error, of the result with `isError` (its beginning), or of the gateway. */
  readonly errorMessage?: string;
  /** If the server gives one in `error.data`. */
  readonly errorStack?: string;
  /** Unix epoch. */
  readonly startedAtMs: EpochMs;
  /** Request received to result message; milliseconds. */
  readonly durationMs: number;
  /** Processing time of the gateway itself, in both directions; milliseconds. */
  readonly overheadMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly tokens?: TokenUsage;
  readonly costUsd?: number;
  readonly trace: TraceContext;
  readonly progressCount: number;
  /** Pairs an input-required answer with its retry, if the server sent one. */
  readonly requestState?: string;
  /** The `requestState` that the request itself brought back. */
  readonly broughtState?: string;
  /** The tool's arguments as JSON text, only if the configuration asks for them; redacted and shortened. */
  readonly argumentsText?: string;
}

/** Gauges of the gateway for one server and client transport, read at scrape time. */
export interface GatewayLoad {
  readonly server: string;
  readonly transport: Transport;
  readonly sessions: number;
  readonly streams: number;
  readonly inFlight: number;
  /** Sessions, open streams and sessionless requests in flight of clients. */
  readonly connections: number;
}
