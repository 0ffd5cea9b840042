import type { CallEntry } from '../../src/facts/call-log.ts';
import type { ErrorGroup } from '../../src/facts/error-log.ts';
import type { JournalViews } from '../../src/facts/ports/views.ts';
import { asEpochMs } from '../../src/facts/time.ts';
import { buildCallEntry, buildErrorGroup } from '../fakes/build-traffic.ts';
import { NOW_MS } from '../unit/sinks/web/fake-http-deps.ts';
import { exampleLog } from './example-alerts.ts';

const MINUTE_MS = 60_000;
const HOSTILE = '<img src=x onerror="document.title = 5">';
const LONG =
  'ENOENT: no such file or directory, open "/srv/projects/warehouse/inventory/2026/11/21/report-of-the-night-shift.json"';

/** Calls of every kind: long, short, refused, without anything optional, and hostile. */
function exampleCalls(): readonly CallEntry[] {
  return [
    buildCallEntry({ id: 9, atMs: asEpochMs(NOW_MS - 4_000) }),
    buildCallEntry({
      id: 8,
      atMs: asEpochMs(NOW_MS - 9_000),
      outcome: 'tool_error',
      errorType: 'tool_error',
      errorMessage: LONG,
      errorGroupId: 4,
      durationMs: 30_214,
      argumentsText: '{"path":"/srv/projects/warehouse/inventory/2026/11/21","token":"[redacted]"}',
    }),
    {
      id: 7,
      atMs: asEpochMs(NOW_MS - 31 * MINUTE_MS),
      durationMs: 0.4,
      server: 'search',
      direction: 'client_to_server',
      transport: 'http',
      operation: 'tools/list',
      requestId: '',
      outcome: 'rate_limited',
      status: 429,
      errorType: 'rate_limited',
      errorMessage: 'More than 10 requests per second.',
      requestBytes: 48,
      responseBytes: 0,
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
    },
    buildCallEntry({
      id: 6,
      atMs: asEpochMs(NOW_MS - 26 * 60 * MINUTE_MS),
      server: HOSTILE,
      target: HOSTILE,
      user: HOSTILE,
      client: { name: HOSTILE, version: '1' },
      outcome: 'transport_error',
      status: 502,
      errorType: 'connection',
      errorMessage: HOSTILE,
    }),
  ];
}

function exampleGroups(): readonly ErrorGroup[] {
  const [sample] = buildErrorGroup().samples;
  return [
    buildErrorGroup({
      message: LONG,
      samples: [
        {
          ...sample!,
          message: LONG,
          stack: `Error: ${LONG}\n    at async open (node:internal/fs/promises:639:25)\n    at async readFile (file:///srv/mcp/node_modules/@example/files/dist/read.js:12:3)`,
        },
        { ...sample!, message: HOSTILE, session: '', stack: HOSTILE },
      ],
    }),
    buildErrorGroup({
      id: 3,
      server: 'search',
      target: 'query_documents_by_similarity',
      outcome: 'timeout',
      errorType: 'timeout',
      message: 'No answer within 30 s.',
      pattern: 'No answer within <n> s.',
      count: 3,
    }),
    buildErrorGroup({ id: 2, server: HOSTILE, message: HOSTILE, pattern: 'other', count: 40_211 }),
  ];
}

/** What a busy journal answers to the pages of calls and errors. */
export function exampleTraffic(): Partial<JournalViews> {
  return {
    findCalls: async () => ({
      entries: exampleCalls(),
      total: 10_000,
      isTotalExact: false,
      next: '5-6',
    }),
    findErrors: async ({ id, pattern }) => {
      const earlier = asEpochMs(NOW_MS - 9e8);
      const groups = exampleGroups().filter((group) => id === undefined || group.id === id);
      const alike = buildErrorGroup({ id: 1, server: 'billing', firstAtMs: earlier });
      return { groups: pattern === undefined ? groups : [alike], total: groups.length };
    },
    chartCalls: async ({ fromMs, toMs, bucketMs }) =>
      Array.from({ length: Math.ceil((toMs - fromMs) / bucketMs) - 2 }, (_, index) => ({
        atMs: asEpochMs(fromMs + index * bucketMs),
        calls: 400 + Math.round(300 * Math.sin(index / 6)),
        failures: index % 17 === 13 ? 160 : index % 5,
      })),
    chartChecks: async ({ fromMs, toMs, bucketMs }) =>
      Array.from({ length: Math.ceil((toMs - fromMs) / bucketMs) - 1 }, (_, index) => ({
        atMs: asEpochMs(fromMs + index * bucketMs),
        checks: 20,
        failures: index % 40 === 22 ? 7 : 0,
        // An hour and a half in which the exporter did not run.
        ...(index % 60 !== 30 && {
          meanMs: 24 + 9 * Math.sin(index / 9) + (index % 7),
          maxMs: 60 + 30 * Math.sin(index / 5) + (index % 11) * 4,
        }),
      })),
    findMarkers: async () => ({
      entries: [
        {
          id: 2,
          atMs: asEpochMs(NOW_MS - 25 * MINUTE_MS),
          kind: 'deploy',
          text: 'files 2.1: reads through a cache',
          server: 'files',
          by: 'ci',
        },
        {
          id: 1,
          atMs: asEpochMs(NOW_MS - 400 * MINUTE_MS),
          kind: 'note',
          text: HOSTILE,
          by: HOSTILE,
        },
      ],
      total: 2,
    }),
    findServerLog: async ({ server = 'search' }) => ({
      entries: exampleLog(server),
      next: '1-1-1',
      total: 100,
    }),
    summarizeCalls: async ({ by }) =>
      ['search', HOSTILE].map((key, index) => ({
        key: by === 'operation' ? 'tools/call' : key,
        ...(by === 'target' && { server: 'search' }),
        calls: 12_400,
        failures: 210 - index,
        counted: 12_400,
        users: 3,
        tokens: 1_000,
        costUsd: 0.2,
        lastAtMs: asEpochMs(NOW_MS),
      })),
  };
}
