import type { IncomingMessage } from 'node:http';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import type { Era, Transport } from '../../facts/server.ts';
import type { Carrier } from './exchange.ts';
import type { AdmittedRequest } from './upstream.ts';

const MODERN = '2026-07-28';

/** What an HTTP request says of the messages that it carries. */
export function carrierOf(
  admitted: AdmittedRequest,
  transport: Transport,
  session: string | undefined,
): Carrier {
  const { request, read } = admitted;
  const { headers, method } = request;
  const path = pathOf(request);
  const protocolVersion =
    textOf(headers['mcp-protocol-version']) ?? read.messages[0]?.protocolVersion;
  const traceparent = textOf(headers['traceparent']);
  const tracestate = textOf(headers['tracestate']);
  return {
    transport,
    verb: verbOf(method),
    era: eraOf(protocolVersion),
    receivedAtMs: admitted.receivedAtMs,
    receivedMs: admitted.receivedMs,
    // Each message of a batch has its share of the body.
    bytes: Math.round(admitted.body.length / Math.max(1, read.messages.length)),
    ...(path === undefined ? {} : { path }),
    ...(session === undefined ? { request } : { session }),
    ...(admitted.user === undefined ? {} : { user: admitted.user }),
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

/** @param method of an HTTP request */
export function verbOf(method: string | undefined): Carrier['verb'] {
  return method === 'POST' || method === 'GET' || method === 'DELETE' ? method : OVERFLOW_LABEL;
}

/** Without the query, which may hold credentials. */
export function pathOf({ url }: Pick<IncomingMessage, 'url'>): string | undefined {
  const end = url?.indexOf('?') ?? -1;
  return end === -1 ? url : url?.slice(0, end);
}

/** Revisions are dates, so that they compare as text. */
function eraOf(protocolVersion: string | undefined): Era {
  return protocolVersion !== undefined && protocolVersion >= MODERN ? 'modern' : 'legacy';
}

export function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
