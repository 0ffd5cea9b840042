import { type Attributes, SpanKind } from '@opentelemetry/api';
import { operationLabel } from '../../facts/rules/call-labels.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import { createLabelBound, OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';

/**
 * The attributes of a span, after the OpenTelemetry semantic conventions for MCP
 * (open-telemetry/semantic-conventions-genai, docs/gen-ai/mcp.md; status: development).
 *
 * The span is of kind SERVER: the gateway receives the request, and the span lasts until the requester has its answer. That
 * holds for requests that are refused and go no further, and for requests of the server to its client, too. The names that
 * the conventions lack begin with `mcp_exporter.`.
 */
export const SPAN_KIND = SpanKind.SERVER;

const NAMES_MAX = 1_000;
const NAME_BYTES_MAX = 256;
const VALUE_CHARS_MAX = 1_024;
const STACK_CHARS_MAX = 8_192;

/**
 * Names are `{method} {tool or prompt}`. Collectors keep a list of them, so strange methods and what comes after the first
 * thousand names do not enter it; the attributes still say what was called.
 */
export function createSpanNamer(): (call: CallRecord) => string {
  const names = createLabelBound({ valuesMax: NAMES_MAX, bytesMax: NAME_BYTES_MAX });
  return ({ operation, target }) => {
    const method = operationLabel(operation);
    if (target === undefined || !isNamed(operation)) return method;
    const name = names.fold(`${method} ${target}`);
    return name === OVERFLOW_LABEL ? method : name;
  };
}

/** A resource's URI is not part of the name: there are too many. */
function isNamed(operation: string): boolean {
  return operation === 'tools/call' || operation === 'prompts/get';
}

export function attributesOf(call: CallRecord): Attributes {
  const attributes: Attributes = {
    'mcp.method.name': shorten(call.operation),
    'network.transport': call.transport === 'stdio' ? 'pipe' : 'tcp',
    'mcp_exporter.server': call.server,
    'mcp_exporter.transport': call.transport,
    'mcp_exporter.direction': call.direction,
    'mcp_exporter.outcome': call.outcome,
    'mcp_exporter.request_bytes': call.requestBytes,
    'mcp_exporter.response_bytes': call.responseBytes,
    'mcp_exporter.overhead_ms': call.overheadMs,
  };
  const error = errorTypeOf(call);
  if (call.transport !== 'stdio') attributes['network.protocol.name'] = 'http';
  if (call.requestId !== '') attributes['jsonrpc.request.id'] = shorten(idText(call.requestId));
  if (call.session !== undefined) attributes['mcp.session.id'] = shorten(call.session);
  if (call.protocolVersion !== undefined)
    attributes['mcp.protocol.version'] = shorten(call.protocolVersion);
  if (call.rpcCode !== undefined) attributes['rpc.response.status_code'] = String(call.rpcCode);
  if (error !== undefined) attributes['error.type'] = error;
  if (call.user !== undefined) attributes['enduser.id'] = shorten(call.user);
  noteTarget(attributes, call);
  noteClient(attributes, call);
  noteUsage(attributes, call);
  return attributes;
}

/**
 * The value of `error.type`; `undefined` if the span is not an error. A mistake of the caller is no error on the receiving
 * side, as in `mcp_server_operation_duration_seconds`.
 */
export function errorTypeOf({ outcome, errorType, rpcCode }: CallRecord): string | undefined {
  if (errorType === undefined || outcome === 'client_error') return undefined;
  return rpcCode === undefined ? errorType : String(rpcCode);
}

/** The attributes of an `exception` event, where the server gave a stack. */
export function exceptionOf({ errorMessage, errorStack }: CallRecord): Attributes | undefined {
  if (errorStack === undefined) return undefined;
  return {
    'exception.message': shorten(errorMessage ?? ''),
    'exception.stacktrace': shorten(errorStack, STACK_CHARS_MAX),
  };
}

/** Truncates and releases the long original: a slice would keep it in memory while the span is queued. */
export function shorten(text: string, charsMax = VALUE_CHARS_MAX): string {
  if (text.length <= charsMax) return text;
  return Buffer.from(text.slice(0, charsMax)).toString();
}

function noteTarget(attributes: Attributes, { operation, target }: CallRecord): void {
  if (operation === 'tools/call') attributes['gen_ai.operation.name'] = 'execute_tool';
  if (target === undefined) return;
  if (operation === 'tools/call') attributes['gen_ai.tool.name'] = shorten(target);
  else if (operation === 'prompts/get') attributes['gen_ai.prompt.name'] = shorten(target);
  else if (operation.startsWith('resources/')) attributes['mcp.resource.uri'] = shorten(target);
}

function noteClient(attributes: Attributes, { client }: CallRecord): void {
  if (client === undefined) return;
  attributes['mcp_exporter.client.name'] = shorten(client.name);
  attributes['mcp_exporter.client.version'] = shorten(client.version);
}

function noteUsage(attributes: Attributes, { tokens, costUsd, progressCount }: CallRecord): void {
  if (tokens !== undefined) {
    attributes['mcp_exporter.tokens.input'] = tokens.input;
    attributes['mcp_exporter.tokens.output'] = tokens.output;
    attributes['mcp_exporter.tokens.source'] = tokens.source;
  }
  if (costUsd !== undefined) attributes['mcp_exporter.cost_usd'] = costUsd;
  if (progressCount > 0) attributes['mcp_exporter.progress_count'] = progressCount;
}

/** The conventions require ids as plain text: `"a"` becomes `a`. */
function idText(jsonText: string): string {
  return jsonText.startsWith('"') ? String(JSON.parse(jsonText)) : jsonText;
}
