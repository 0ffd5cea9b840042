import { FAILED_OUTCOMES } from '../facts/call-outcome.ts';
import { OPERATIONS } from '../facts/rules/call-labels.ts';

/** The meaning of each label. `docs/metrics.md` prints it; a test fails for a label that is missing here. */
export const LABELS: Readonly<Record<string, string>> = {
  alertname:
    'Name of an alert in the rules that come with the exporter or in its configuration, else `_OTHER`.',
  change: 'What happened to a definition since the last snapshot.',
  client: 'Name that the client reports, at most 128 bytes; `unknown` without one.',
  direction: 'Direction of tokens, as seen by the caller of a tool.',
  endpoint:
    'Of a server: scheme, host and path of the URL, or the base name of the command; never a query, user or argument. Of requests: `/` and the operation.',
  error_type:
    'What went wrong. In the OpenTelemetry histograms: the JSON-RPC code, `tool_error`, or the kind of the failure; empty on success.',
  gen_ai_prompt_name:
    'Prompt if it is in the last capability snapshot of the server, else `_OTHER`.',
  gen_ai_tool_name: 'Same as `tool`.',
  era: '`legacy` servers start with `initialize`, `modern` ones with `server/discover`; empty until the first handshake.',
  implementation:
    'Name that the server reports, at most 128 bytes; empty until the first handshake.',
  kind: 'Kind of definition (server metrics), event (markers), journal entry (journal) or garbage collection (Node.js).',
  label: 'Label whose value was replaced or shortened.',
  major: 'Part of the Node.js version.',
  mcp_method_name: 'Same as `operation`.',
  mcp_protocol_version: 'Same as `protocol_version` of requests.',
  method:
    'Of requests: the transport verb, never the JSON-RPC method, which is `operation`; `_OTHER` for other HTTP methods. Of authentication: the kind of credentials.',
  metric: 'Metric whose label value was replaced or shortened.',
  minor: 'Part of the Node.js version.',
  network_transport: '`pipe` for stdio, else `tcp`.',
  nodejs: 'Node.js version that runs the exporter.',
  operation: `JSON-RPC method: ${OPERATIONS.join(', ')}; else \`_OTHER\`.`,
  outcome: `Of requests: the result across transport, JSON-RPC and tool; \`${FAILED_OUTCOMES.join('`, `')}\` are failures of the server; \`client_error\` is a mistake of the caller, also where the server reports it with \`isError\`. Of \`/probe\`: the result of the checks; exactly one of the series is 1.`,
  patch: 'Part of the Node.js version.',
  phase: 'Separately timed part of a check; `spawn` is the cold start of a stdio child process.',
  protocol_version:
    'Negotiated MCP revision. Of a server: at most 128 bytes, empty until the first handshake.',
  reason:
    'Why the check failed, why the stdio child process exited, why a server has its status (one series per server), or why an agent failed (the first 50, then `_OTHER`).',
  rpc_response_status_code:
    'JSON-RPC error code, the first 30 of a server, then `_OTHER`; empty without an error.',
  server: 'The configured name, never the one that the server reports.',
  signal: 'Kind of telemetry.',
  source: 'Whether the server reported the tokens or the exporter estimated them.',
  space: 'Heap space of V8.',
  status:
    'Of a server: its status; exactly one of the series is 1. Of requests: the HTTP-like status code, or the first code of its class. Of authentication: the result. Of alerts: `firing` or `resolved`. Of agents, tasks, memory and plugins of an instrumented server: state or result.',
  to: 'The new status.',
  tool: 'Tool of a `tools/call` if the server lists it, in the last capability snapshot or in an answer to `tools/list` that passed the gateway, and it is among the first 200 tools that were called, else `_OTHER`; empty for other operations.',
  transport:
    'How the server is reached, or how clients reach the gateway: `http`, `sse` or `stdio`.',
  type: 'Class of handle, request or resource in Node.js. In an instrumented server: kind of agent or memory; the first 50, then `_OTHER`.',
  user: 'Pseudonym of an authenticated user: a hash that is the same in every exporter.',
  user_id: 'One of 16 hash buckets.',
  version: 'Version of the exporter, of Node.js, or as the server reports it (at most 128 bytes).',
  command: 'Command of a plugin, as its author names it; the first 50, then `_OTHER`.',
  model: 'Model, as the author of a server names it; the first 50, then `_OTHER`.',
  plugin:
    'Plugin, or the owner of a queue, as the author of a server names it; the first 50, then `_OTHER`.',
  priority: 'Priority of a task.',
  task_type: 'Kind of task, as the author of a server names it; the first 50, then `_OTHER`.',
  window: 'Length of the time window.',
};
