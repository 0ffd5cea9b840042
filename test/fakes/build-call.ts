import type { CallRecord } from '../../src/facts/call-record.ts';
import { asEpochMs } from '../../src/facts/time.ts';

/** A tool call that worked, unless told otherwise. */
export function buildCall(overrides: Partial<CallRecord> = {}): CallRecord {
  return {
    fact: 'call',
    server: 'files',
    direction: 'client_to_server',
    transport: 'http',
    verb: 'POST',
    path: '/files/mcp',
    operation: 'tools/call',
    target: 'read_file',
    requestId: '7',
    session: 'session-1',
    client: { name: 'editor', version: '1.2.3' },
    user: 'alice',
    era: 'legacy',
    protocolVersion: '2025-11-25',
    outcome: 'success',
    status: 200,
    startedAtMs: asEpochMs(Date.UTC(2026, 0, 1)),
    durationMs: 12.5,
    overheadMs: 0.25,
    requestBytes: 120,
    responseBytes: 4_000,
    trace: {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: true,
    },
    progressCount: 0,
    ...overrides,
  };
}
