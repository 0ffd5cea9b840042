import { OPERATIONS } from '../facts/rules/call-labels.ts';

/** What each label says; `docs/metrics.md` prints it, and a test finds labels that miss here. */
export const LABELS: Readonly<Record<string, string>> = {
  alertname:
    'Name of an alert of the rules that come with the exporter, or of one in its configuration, else `_OTHER`.',
  change: 'What happened to a definition since the last snapshot.',
  client: 'Name that the client gives itself, at most 128 bytes.',
  direction: 'Of tokens, as seen from the caller of a tool.',
  endpoint:
    'Of a server: scheme, host and path of the URL, or the base name of the command; never a query, user or argument. Of requests: `/` and the operation.',
  error_type:
    'What went wrong. In the OpenTelemetry histograms: the JSON-RPC code, `tool_error`, or the kind of the failure; empty on success.',
  gen_ai_prompt_name: 'Prompt that the last capability snapshot of the server has, else `_OTHER`.',
  gen_ai_tool_name: 'As `tool`.',
  era: '`legacy` starts with `initialize`, `modern` with `server/discover`; empty until the first handshake.',
  implementation:
    'Name that the server gives itself, at most 128 bytes; empty until the first handshake.',
  kind: 'What is listed (server families), what happened (markers), what is kept (journal), or the collector (garbage collection).',
  label: 'Label whose value was folded.',
  major: 'Part of the Node.js version.',
  mcp_method_name: 'As `operation`.',
  mcp_protocol_version: 'As `protocol_version` of requests.',
  method:
    'Of requests: the transport verb, never the JSON-RPC method, which is `operation`. Of authentication: the kind of credentials.',
  metric: 'Metric whose label value was folded.',
  minor: 'Part of the Node.js version.',
  network_transport: '`pipe` for stdio, else `tcp`.',
  nodejs: 'Node.js version that runs the exporter.',
  operation: `JSON-RPC method: ${OPERATIONS.join(', ')}; else \`_OTHER\`.`,
  outcome:
    'Of requests: what became of them over transport, JSON-RPC and tool. Failures of the server are `tool_error`, `rpc_error`, `transport_error` and `timeout`. Of `/probe`: what the checks ended in; exactly one of the series is 1.',
  patch: 'Part of the Node.js version.',
  phase: 'Part of a check that is timed apart; `spawn` is the cold start of a stdio child.',
  protocol_version:
    'Negotiated MCP revision. Of a server: at most 128 bytes, empty until the first handshake.',
  reason: 'Why the check failed, or why the stdio child ended.',
  rpc_response_status_code:
    'JSON-RPC error code, the first 30 of a server, then `_OTHER`; empty without an error.',
  server: 'The configured name, never the self-reported one.',
  signal: 'Kind of telemetry.',
  source: 'Whether the server reported the tokens or the exporter estimated them.',
  space: 'Heap space of V8.',
  status:
    'Of a server: its state; exactly one of the series is 1. Of requests: the HTTP-like code on the wire, or the first of its class. Of authentication: how it went. Of alerts: `firing` or `resolved`.',
  to: 'The status after the change.',
  tool: 'Tool of a `tools/call` if the last capability snapshot of the server has it, for the first 200 of a server, else `_OTHER`; empty for other operations.',
  transport:
    'How the server is reached, or how clients reach the gateway: `http`, `sse` or `stdio`.',
  type: 'Class of handle, request or resource in Node.js.',
  user: 'Pseudonym of an authenticated user: a hash, the same in every exporter.',
  user_id: 'One of 16 buckets by hash.',
  version:
    'Version of the exporter, of Node.js, or the one that the server gives itself (at most 128 bytes).',
  window: 'How far back.',
};
