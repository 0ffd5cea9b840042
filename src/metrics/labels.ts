/** What each label says; `docs/metrics.md` prints it, and a test finds labels that miss here. */
export const LABELS: Readonly<Record<string, string>> = {
  change: 'What happened to a definition since the last snapshot.',
  endpoint:
    'Scheme, host and path of the URL, or the base name of the command; never a query, user or argument.',
  era: '`legacy` starts with `initialize`, `modern` with `server/discover`; empty until the first handshake.',
  implementation:
    'Name that the server gives itself, at most 128 bytes; empty until the first handshake.',
  kind: 'What is listed (server families), what happened (markers), or the collector (garbage collection).',
  label: 'Label whose value was folded.',
  major: 'Part of the Node.js version.',
  metric: 'Metric whose label value was folded.',
  minor: 'Part of the Node.js version.',
  nodejs: 'Node.js version that runs the exporter.',
  outcome: 'What the checks ended in; exactly one of the series is 1.',
  patch: 'Part of the Node.js version.',
  phase: 'Part of a check that is timed apart; `spawn` is the cold start of a stdio child.',
  protocol_version: 'Negotiated MCP revision, at most 128 bytes; empty until the first handshake.',
  reason: 'Why the check failed, or why the stdio child ended.',
  server: 'The configured name, never the self-reported one.',
  space: 'Heap space of V8.',
  status: 'State of the server; exactly one of the series is 1.',
  to: 'The status after the change.',
  transport: 'How the server is reached: `http`, `sse` or `stdio`.',
  type: 'Class of handle, request or resource in Node.js.',
  version:
    'Version of the exporter, of Node.js, or the one that the server gives itself (at most 128 bytes).',
};
