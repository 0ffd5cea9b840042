import type { IncomingMessage } from 'node:http';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Secret } from '../../facts/secret.ts';
import { forwardHeaders, hasHeader } from './http-headers.ts';
import { formatTraceParent } from './trace-context.ts';

export interface RequestHeaderOptions {
  readonly host: string;
  readonly preserveHost: boolean;
  /** For requests that carry none of that name: those of the configuration, and the mark of this process. */
  readonly added: Readonly<Record<string, Secret>>;
  /** Replaces the client's own; absent without tracing. */
  readonly trace?: CallRecord['trace'];
  /** Whether the body is sent whole, so that its length is set anew. */
  readonly isBodyWhole: boolean;
  /** Whether the answer has to be readable on its way, so that none in compressed form is asked for. */
  readonly isPlainWanted?: boolean;
}

/** The headers of the upstream request: the client's, less those of its own hop, plus `host`, trace context and what is added. */
export function requestHeaders(request: IncomingMessage, options: RequestHeaderOptions): string[] {
  const replaced = ['host'];
  if (options.isBodyWhole) replaced.push('content-length');
  if (options.isPlainWanted) replaced.push('accept-encoding');
  if (options.trace) replaced.push('traceparent', 'tracestate');
  const headers = forwardHeaders(request.rawHeaders, request.headers.connection, replaced);
  headers.push(
    'host',
    options.preserveHost && request.headers.host ? request.headers.host : options.host,
  );
  const { trace } = options;
  if (trace) headers.push('traceparent', formatTraceParent(trace));
  if (trace?.traceState !== undefined) headers.push('tracestate', trace.traceState);
  for (const name in options.added) {
    const secret = options.added[name];
    if (secret && !hasHeader(headers, name.toLowerCase())) headers.push(name, secret.reveal());
  }
  return headers;
}
