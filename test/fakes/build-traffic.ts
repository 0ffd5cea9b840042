import type { CallEntry } from '../../src/facts/call-log.ts';
import type { ErrorGroup } from '../../src/facts/error-log.ts';
import { asEpochMs } from '../../src/facts/time.ts';

const AT_MS = asEpochMs(Date.UTC(2026, 10, 21, 9, 15, 0));
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

/** A call of a tool that succeeded, but for the changes. */
export function buildCallEntry(changes: Partial<CallEntry> = {}): CallEntry {
  return {
    id: 7,
    atMs: AT_MS,
    durationMs: 12.5,
    server: 'files',
    direction: 'client_to_server',
    transport: 'http',
    operation: 'tools/call',
    target: 'read_file',
    requestId: '3',
    session: '5f1c',
    client: { name: 'inspector', version: '1.2.0' },
    user: 'ada',
    protocolVersion: '2025-11-25',
    outcome: 'success',
    status: 200,
    requestBytes: 120,
    responseBytes: 2_048,
    tokens: { input: 30, output: 510, source: 'estimated' },
    costUsd: 0.0042,
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    ...changes,
  };
}

/** A group of failed calls of a tool with one sample, but for the changes. */
export function buildErrorGroup(changes: Partial<ErrorGroup> = {}): ErrorGroup {
  return {
    id: 4,
    fingerprint: 'f00',
    server: 'files',
    operation: 'tools/call',
    target: 'read_file',
    outcome: 'tool_error',
    errorType: 'tool_error',
    message: 'No such file, "a.txt"',
    pattern: 'No such file, <text>',
    count: 1_212,
    countInWindow: 12,
    firstAtMs: asEpochMs(AT_MS - 3 * 3_600_000),
    lastAtMs: AT_MS,
    samples: [
      {
        atMs: AT_MS,
        message: 'No such file, "a.txt"',
        stack: 'Error: No such file\n    at readFile (/srv/files.js:12:3)',
        rpcCode: -32_000,
        durationMs: 3,
        client: { name: 'inspector', version: '1.2.0' },
        user: 'ada',
        session: '5f1c',
        requestId: '3',
        traceId: TRACE_ID,
        spanId: SPAN_ID,
      },
    ],
    ...changes,
  };
}
