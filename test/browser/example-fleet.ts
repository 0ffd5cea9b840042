import type { CheckReport } from '../../src/facts/check-report.ts';
import type { ServerDetail } from '../../src/facts/ports/server-view.ts';
import {
  buildDetail,
  buildReport,
  buildUncheckedDetail,
  NOW_MS,
} from '../unit/sinks/web/fake-http-deps.ts';
import { asEpochMs } from '../../src/facts/time.ts';

const TOOLS = [
  [
    'read_file',
    'Read the complete contents of a file as text. Handles various encodings and says in detail why a file cannot be read.',
  ],
  [
    'write_file',
    'Create a new file or overwrite an existing one with new content. Use with care: it does not ask.',
  ],
  ['list_directory', 'List files and directories at a path, directories first.'],
  [
    'search_files',
    'Search for files whose names match a pattern, in a directory and everything below it.',
  ],
  ['get_file_info', ''],
] as const;

/** A failure has no response. */
const FAILED = { durationMs: 5_000, responseMs: 0 };

function timing(responseMs: number): Pick<CheckReport, 'durationMs' | 'responseMs'> {
  return { durationMs: responseMs, responseMs };
}

function history(outcomeAt: (index: number) => 'ok' | 'timeout'): ServerDetail['recentChecks'] {
  return Array.from({ length: 48 }, (_, index) => {
    const outcome = outcomeAt(index);
    return buildReport({
      outcome,
      detail: outcome === 'ok' ? 'Answered ping.' : 'No answer within 5 s.',
      startedAtMs: asEpochMs(NOW_MS - 4_000 - index * 30_000),
      ...(outcome === 'ok' ? timing(14 + 9 * Math.sin(index * 1.7) + (index % 7) * 2) : FAILED),
    });
  });
}

/** A fleet with every status, long names and a hostile one. */
export function exampleFleet(): ServerDetail[] {
  const files = buildDetail('files', {
    endpoint: 'npx',
    transport: 'stdio',
    identity: {
      transport: 'stdio',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      implementation: 'secure-filesystem-server',
      version: '0.2.0',
    },
    snapshot: {
      takenAtMs: asEpochMs(NOW_MS - 240_000),
      announced: ['tools', 'tools.listChanged', 'resources', 'logging'],
      instructions:
        'Paths are relative to /srv/projects. Search before you read: files of more than 1 MB are cut.',
      lists: {
        tools: {
          bytes: 4_812,
          definitions: TOOLS.map(([name, description]) => ({
            name,
            description,
            hash: name,
            input: {
              required: ['path'],
              types: { path: ['string'], tail: ['number'], head: ['integer', 'null'] },
              isClosed: false,
              known: [],
            },
          })),
        },
        resources: {
          bytes: 210,
          definitions: [
            { name: 'file:///tmp/readme.md', description: 'The first thing to read', hash: 'x' },
          ],
        },
      },
    },
    recentChecks: history((index) => (index === 20 || index === 21 ? 'timeout' : 'ok')),
    recentFailures: history(() => 'timeout').slice(20, 22),
    lastDeepReport: buildReport({
      kind: 'deep',
      durationMs: 212,
      detail: 'Fresh handshake, 5 tools and 1 resource, all as before.',
      startedAtMs: asEpochMs(NOW_MS - 240_000),
      phasesMs: { spawn: 120, handshake: 48, list: 44 },
      steps: [
        { name: 'spawn', ok: true, durationMs: 120, detail: 'Started npx, process 4711' },
        {
          name: 'initialize',
          ok: true,
          durationMs: 48,
          detail: '2025-11-25, secure-filesystem-server 0.2.0',
        },
        { name: 'tools/list', ok: true, durationMs: 31, detail: '5 tools on one page' },
        { name: 'resources/list', ok: true, durationMs: 13, detail: '1 resource' },
      ],
    }),
    statusChanges: [
      {
        atMs: asEpochMs(NOW_MS - 3_600_000),
        from: 'warning',
        to: 'healthy',
        reason: 'Two checks in a row passed.',
      },
      {
        atMs: asEpochMs(NOW_MS - 3_700_000),
        from: 'healthy',
        to: 'warning',
        reason: 'No answer within 5 s.',
      },
    ],
  });
  const search = buildDetail('search', {
    endpoint: 'https://mcp.example.com/v2/organisations/example/mcp',
    status: 'offline',
    reason: 'Connection refused by mcp.example.com port 443, three times in a row.',
    statusSinceMs: asEpochMs(NOW_MS - 320_000),
    consecutiveFailures: 14,
    lastResponse: { timeMs: 96, atMs: asEpochMs(NOW_MS - 440_000) },
    failures: 14,
    uptimeRatio: 0.9731,
    lastReport: buildReport({
      outcome: 'refused',
      detail: 'Connection refused by mcp.example.com port 443.',
      phasesMs: {},
      steps: [
        {
          name: 'connect',
          ok: false,
          durationMs: 2.1,
          detail: 'connect ECONNREFUSED 203.0.113.7:443',
        },
      ],
    }),
    recentChecks: history((index) => (index < 14 ? 'timeout' : 'ok')),
    recentFailures: history(() => 'timeout').slice(0, 14),
  });
  const { responseTimeMs: _, ...searchWithoutTime } = search;
  return [
    files,
    searchWithoutTime,
    buildDetail('github', {
      endpoint: 'https://api.example.net/mcp/',
      responseTimeMs: 184,
      uptimeRatio: 1,
    }),
    buildDetail('billing', {
      endpoint: 'https://billing.internal.example/mcp',
      status: 'warning',
      reason: 'Mean response time 742 ms is above 500 ms.',
      statusSinceMs: asEpochMs(NOW_MS - 95_000),
      responseTimeMs: 742,
    }),
    buildDetail('warehouse', {
      endpoint: 'http://10.0.4.17:8080/mcp',
      status: 'critical',
      reason: '9.5 % of 420 calls failed in 5 m, most often timeout',
      errorRate: { ratio: 0.095, requests: 420, windowMs: 300_000 },
      statusSinceMs: asEpochMs(NOW_MS - 41_000),
      responseTimeMs: 38,
      consecutiveFailures: 2,
    }),
    buildDetail('legacy-reports', {
      endpoint: 'http://127.0.0.1:3001/sse',
      transport: 'sse',
      responseTimeMs: 4.2,
      uptimeRatio: 1,
    }),
    buildDetail('<img src=x onerror="document.title=1">', {
      reason: '<script>document.title = 2</script>',
      status: 'warning',
      statusSinceMs: asEpochMs(NOW_MS - 5_000),
    }),
    buildDetail(
      'a-server-with-a-very-long-name-that-somebody-generated-from-a-path-and-never-shortened-01',
      {
        endpoint: `https://long.example.com/${'segment/'.repeat(18)}mcp`,
        responseTimeMs: 2_310,
      },
    ),
    buildUncheckedDetail('brand-new', 'unknown'),
    buildUncheckedDetail('parked', 'disabled'),
  ];
}
