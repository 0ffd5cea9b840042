import type { MessageFacts } from '../../protocol/message-facts.ts';
import { operationLabel } from '../../facts/rules/call-labels.ts';
import type { ConnectionFacts, EndedCall } from '../server/call.ts';
import type { CallSpan } from './call-span.ts';
import { failSpan, findOtel, spanOf, type TraceCarrier } from './otel.ts';

/** `SERVER` and `CLIENT` of the API. */
const KIND_SERVER = 1;
const KIND_CLIENT = 2;
const VALUE_CHARS_MAX = 1_024;

export interface CallOrigin {
  readonly isToClient: boolean;
  readonly isKnownTool: boolean;
  /** Of the HTTP request that brought the message. */
  readonly headers: TraceCarrier | undefined;
}

/**
 * Starts the span of a call, after the OpenTelemetry semantic conventions for MCP. Its parent is the trace in `_meta` of the
 * request, else that of the HTTP request: the active span, or the one in the headers. With both, it links to the latter.
 */
export function startCallSpan(
  facts: MessageFacts,
  connection: ConnectionFacts,
  { isToClient, isKnownTool, headers }: CallOrigin,
): CallSpan | undefined {
  const otel = findOtel();
  if (!otel) return undefined;
  const isActive = spanOf(otel.active) !== undefined;
  const outer = isActive || !headers ? otel.active : otel.extract(headers, otel.active);
  const http = spanOf(outer)?.spanContext();
  const parent = facts.meta && !isToClient ? otel.extract(facts.meta, outer) : outer;
  const isFromMeta = spanOf(parent)?.spanContext().spanId !== http?.spanId;
  const span = otel.tracer.startSpan(
    nameOf(facts, isKnownTool),
    {
      kind: isToClient ? KIND_CLIENT : KIND_SERVER,
      attributes: attributesOf(facts, connection),
      ...(isFromMeta && http && { links: [{ context: http }] }),
    },
    parent,
  );
  return { span, runIn: (run) => otel.runIn(span, parent, run) };
}

/** A mistake of the caller is no error on the receiving side. */
export function endCallSpan({ traced, verdict, answer, connection }: EndedCall): void {
  if (!traced) return;
  const { span } = traced;
  const { outcome, errorType } = verdict;
  span.setAttribute('mcp_exporter.outcome', outcome);
  if (connection.protocolVersion !== undefined)
    span.setAttribute('mcp.protocol.version', shorten(connection.protocolVersion));
  const code = answer?.error?.code;
  if (code !== undefined) span.setAttribute('rpc.response.status_code', String(code));
  if (errorType !== undefined && outcome !== 'client_error') {
    span.setAttribute('error.type', code === undefined ? errorType : String(code));
    failSpan(span, shorten(answer?.error?.message ?? answer?.errorText ?? errorType));
  }
  span.end();
}

/** The name of a tool that the server does not have could be anything. */
function nameOf({ method = '', target }: MessageFacts, isKnownTool: boolean): string {
  const operation = operationLabel(method);
  const isNamed = (method === 'tools/call' && isKnownTool) || method === 'prompts/get';
  return isNamed && target !== undefined ? `${operation} ${shorten(target)}` : operation;
}

function attributesOf(
  { id, method = '', target }: MessageFacts,
  { transport, sessionId, client }: ConnectionFacts,
): Record<string, string> {
  const attributes: Record<string, string> = {
    'mcp.method.name': shorten(method),
    'network.transport': transport === 'stdio' ? 'pipe' : 'tcp',
  };
  if (transport !== 'stdio') attributes['network.protocol.name'] = 'http';
  if (id !== undefined) attributes['jsonrpc.request.id'] = shorten(idText(id));
  if (sessionId !== undefined) attributes['mcp.session.id'] = shorten(sessionId);
  if (client) attributes['mcp_exporter.client.name'] = shorten(client.name);
  if (method === 'tools/call') attributes['gen_ai.operation.name'] = 'execute_tool';
  if (target === undefined) return attributes;
  if (method === 'tools/call') attributes['gen_ai.tool.name'] = shorten(target);
  else if (method === 'prompts/get') attributes['gen_ai.prompt.name'] = shorten(target);
  else if (method.startsWith('resources/')) attributes['mcp.resource.uri'] = shorten(target);
  return attributes;
}

function shorten(text: string): string {
  return text.slice(0, VALUE_CHARS_MAX);
}

/** The conventions require ids as plain text: `"a"` becomes `a`. */
function idText(jsonText: string): string {
  return jsonText.startsWith('"') ? String(JSON.parse(jsonText)) : jsonText;
}
