import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatProbeJson } from '../../../src/cli/format-probe-json.ts';
import { formatProbe, type ProbeVerdict } from '../../../src/cli/format-probe.ts';
import { serverOfUrl } from '../../../src/settings/server-spec.ts';
import type { CheckReport } from '../../../src/facts/check-report.ts';
import type { ServerSpec } from '../../../src/facts/server.ts';
import { asEpochMs } from '../../../src/facts/time.ts';

const NOW_MS = Date.UTC(2026, 10, 1);

function buildServer(
  url = 'https://user:planted-5f2c@mcp.example.com/mcp?key=planted-77aa',
): ServerSpec {
  const server = serverOfUrl(url, { source: 'test', env: {} });
  if (!server) throw new Error('the test gave no URL');
  return { ...server, name: 'search' };
}

const REPORT: CheckReport = {
  kind: 'steady',
  outcome: 'ok',
  detail: 'ping was answered',
  startedAtMs: asEpochMs(NOW_MS),
  durationMs: 31.4,
  phasesMs: {},
  steps: [
    { name: 'connect', durationMs: 3.21, ok: true, detail: '127.0.0.1:8080' },
    { name: 'server/discover', durationMs: 8, ok: false, detail: 'Method not found' },
    { name: 'initialize', durationMs: 12_345, ok: true, detail: 'answered' },
  ],
  bytesSent: 1,
  bytesReceived: 1,
};

function definitions(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool-number-${index}`,
    hash: '',
    description: '',
  }));
}

const DEEP: CheckReport = {
  ...REPORT,
  kind: 'deep',
  steps: [{ name: 'tools/list', durationMs: 4, ok: true, detail: '30 listed' }],
  tlsExpiresAtMs: asEpochMs(NOW_MS + 40.5 * 86_400_000),
  identity: {
    transport: 'http',
    era: 'legacy',
    protocolVersion: '2025-11-25',
    implementation: 'everything',
    version: '2.0.0',
  },
  snapshot: {
    takenAtMs: asEpochMs(NOW_MS),
    lists: {
      tools: { definitions: definitions(30), bytes: 1 },
      prompts: { definitions: [], bytes: 1 },
    },
  },
};

function format(verdict: Partial<ProbeVerdict> = {}, hasColours = false): string {
  return formatProbe(
    {
      server: buildServer(),
      reports: [REPORT, DEEP],
      status: 'healthy',
      reason: 'answered in 31 ms',
      ...verdict,
    },
    { hasColours, nowMs: NOW_MS },
  );
}

test('a probe reads as a ladder of steps, then what the server is and offers, then the verdict', () => {
  expect(format()).toMatchInlineSnapshot(`
    "search  https://mcp.example.com/mcp

    Reach it  31 ms
      ✓ connect            3.2 ms  127.0.0.1:8080
      – server/discover    8.0 ms  Method not found
      ✓ initialize         12.3 s  answered

    Look inside, in a fresh session  31 ms
      ✓ tools/list    4.0 ms  30 listed

      server       everything 2.0.0
      protocol     2025-11-25 (legacy) over http
      tools        30: tool-number-0, tool-number-1, tool-number-2, tool-number-3, tool-number-4, tool-number-5, and 24 more
      prompts      0
      certificate  expires in 40 days, on 2026-12-11

    Healthy: answered in 31 ms
    "
  `);
});

test('colour changes nothing but the colour', () => {
  const coloured = format({}, true);
  expect(coloured).not.toBe(format());
  expect(stripVTControlCharacters(coloured)).toBe(format());
});

test('a failed check marks the step that failed and names its outcome', () => {
  const failed = {
    ...REPORT,
    outcome: 'refused' as const,
    steps: [{ name: 'connect', durationMs: 1, ok: false, detail: 'Nobody listens.' }],
  };
  const text = format({ reports: [failed], status: 'offline', reason: 'Nobody listens.' });
  expect(text).toContain('  ✗ connect    1.0 ms  Nobody listens.\n    outcome: refused\n');
  expect(text).toMatch(/\nOffline: Nobody listens\.\n$/);
});

test('a check that ended without any step says why', () => {
  const failed = { ...REPORT, outcome: 'timeout' as const, detail: 'No answer.', steps: [] };
  expect(format({ reports: [failed] })).toContain('  ✗ No answer.\n');
});

test('a certificate that expired is said so', () => {
  const text = format({ reports: [{ ...REPORT, tlsExpiresAtMs: asEpochMs(NOW_MS - 1) }] });
  expect(text).toContain('certificate  expired on 2026-10-31');
});

test('nothing that a server says can steer the terminal', () => {
  const evil = '\u001b[2J\u0007\r\n\u202eevil';
  const text = format({
    reason: evil,
    reports: [
      {
        ...DEEP,
        steps: [{ name: evil, durationMs: 1, ok: true, detail: evil }],
        identity: {
          transport: 'http',
          era: 'legacy',
          protocolVersion: evil,
          implementation: evil,
          version: evil,
        },
        snapshot: {
          takenAtMs: asEpochMs(0),
          lists: { tools: { definitions: [{ name: evil, hash: '', description: '' }], bytes: 1 } },
        },
      },
    ],
  });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('credentials of the address are not printed', () => {
  expect(format()).not.toContain('planted');
});

test('figures of the JSON document have three decimals at most', () => {
  const report = { ...REPORT, durationMs: 30.018256000000065, phasesMs: { connect: 0.0004 } };
  const verdict: ProbeVerdict = {
    server: buildServer(),
    reports: [report],
    status: 'healthy',
    reason: 'fine',
  };
  expect(JSON.parse(formatProbeJson(verdict)).reports[0]).toMatchObject({
    durationMs: 30.018,
    phasesMs: { connect: 0 },
    startedAtMs: NOW_MS,
  });
});
