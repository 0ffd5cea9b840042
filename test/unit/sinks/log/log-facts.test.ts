import { expect, test } from 'vitest';
import { logFacts } from '../../../../src/sinks/log/log-facts.ts';
import type { CheckReport } from '../../../../src/facts/check-report.ts';
import type { ChildExited } from '../../../../src/facts/child-facts.ts';
import type { Fact } from '../../../../src/facts/facts.ts';
import { createHub } from '../../../../src/facts/hub.ts';
import type { Reopening } from '../../../../src/facts/rules/server-changes.ts';
import type { Status } from '../../../../src/facts/rules/health.ts';
import { ALERT_START_MS, buildAlert } from '../../../fakes/build-alert.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { createMemoryLog } from '../../../fakes/memory-log.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const REPORT: CheckReport = {
  kind: 'steady',
  outcome: 'refused',
  detail: 'Nobody listens.',
  startedAtMs: asEpochMs(0),
  durationMs: 3,
  phasesMs: {},
  steps: [],
  bytesSent: 0,
  bytesReceived: 0,
};

function setUp() {
  const hub = createHub((error) => {
    throw error;
  });
  const log = createMemoryLog();
  const stop = logFacts(hub, log);
  return { hub, lines: log.lines, stop };
}

function becomes(to: Status, from: Status = 'healthy'): Fact {
  return { fact: 'status', server: 'files', atMs: asEpochMs(1), from, to, reason: 'because' };
}

function changed(key: string, reopens: Reopening): Fact {
  return { fact: 'server_changed', server: buildServer('files'), keys: [key], reopens };
}

const PROBE: Fact = {
  fact: 'probe',
  server: 'files',
  report: REPORT,
  status: 'offline',
  consecutiveFailures: 7,
  nextInMs: 30_000,
  lagMs: 0,
};

const CRASH: ChildExited = {
  fact: 'child_exit',
  server: 'files',
  reason: 'exit_nonzero',
  code: 1,
  signal: null,
  stderrTail: 'no module',
};

test.each([
  ['offline', 'error'],
  ['critical', 'error'],
  ['warning', 'warn'],
  ['healthy', 'info'],
  ['disabled', 'info'],
  ['unknown', 'info'],
] as const)('a server that becomes %s is worth the level %s', (to, severity) => {
  const { hub, lines } = setUp();
  hub.publish(becomes(to));
  expect(lines).toEqual([
    {
      severity,
      message: 'server status changed',
      fields: { channel: 'health', server: 'files', from: 'healthy', to, reason: 'because' },
    },
  ]);
});

test('a server that stays down is said once, however often it is checked and its child ends', () => {
  const { hub, lines } = setUp();

  hub.publish(becomes('offline'));
  for (let check = 0; check < 100; check += 1) {
    hub.publish(CRASH);
    hub.publish(PROBE);
  }

  expect(lines.filter(({ severity }) => severity !== 'debug')).toHaveLength(1);
  expect(lines).toHaveLength(201);
});

test('a child that ends is a warning again once the server was up', () => {
  const { hub, lines } = setUp();
  hub.publish(becomes('offline'));
  hub.publish(becomes('healthy', 'offline'));
  hub.publish(CRASH);
  expect(lines.at(-1)).toMatchObject({
    severity: 'warn',
    message: 'server process ended',
    fields: { code: 1, stderrTail: 'no module' },
  });
});

test('a child that we stopped is no news', () => {
  const { hub, lines } = setUp();
  hub.publish({ ...CRASH, reason: 'stopped' });
  expect(lines[0]?.severity).toBe('debug');
});

test('changed definitions are a warning that names the first ones and counts them all', () => {
  const { hub, lines } = setUp();
  const changes = Array.from({ length: 500 }, (_, index) => ({
    kind: 'tools' as const,
    change: 'added' as const,
    name: `tool-${index}`,
  }));
  hub.publish({ fact: 'definitions', server: 'files', atMs: asEpochMs(1), changes });
  expect(lines[0]).toMatchObject({ severity: 'warn', fields: { changeCount: 500 } });
  expect(lines[0]?.fields['changes']).toHaveLength(20);
  expect(lines[0]?.fields['changes']).toContain('tools added: tool-0');
});

test.each([
  [
    { fact: 'reload', atMs: asEpochMs(1), ok: true, detail: '3 servers' },
    'info',
    'configuration reloaded',
  ],
  [
    { fact: 'reload', atMs: asEpochMs(1), ok: false, detail: 'a.yml:1:1' },
    'error',
    'configuration not reloaded, the old one stays',
  ],
  [
    { fact: 'connectivity', suspected: true, atMs: asEpochMs(1), servers: ['a', 'b', 'c'] },
    'error',
    'own connectivity suspected',
  ],
  [
    { fact: 'connectivity', suspected: false, atMs: asEpochMs(1), servers: [] },
    'info',
    'own connectivity is fine again',
  ],
  [
    { fact: 'child_start', server: 'files', pid: 7, startMs: 80 },
    'debug',
    'server process started',
  ],
  [
    { fact: 'disagreement', server: 'files', disagrees: true, detail: 'calls fail' },
    'warn',
    'checks and real calls disagree',
  ],
  [
    { fact: 'disagreement', server: 'files', disagrees: false, detail: 'calls work' },
    'info',
    'checks and real calls agree again',
  ],
  [{ fact: 'server_removed', server: 'files' }, 'debug', 'server removed'],
  [changed('monitor.interval', 'none'), 'debug', 'server settings applied'],
  [changed('headers', 'all'), 'info', 'server settings applied, and what they concern opened anew'],
] satisfies [Fact, string, string][])('%o is worth the level %s', (fact, severity, message) => {
  const { hub, lines } = setUp();
  hub.publish(fact);
  expect(lines).toEqual([expect.objectContaining({ severity, message })]);
});

test('what clients of the gateway do makes no lines, since they decide how much of it there is', () => {
  const { hub, lines } = setUp();
  hub.publish({ fact: 'auth', method: 'bearer', status: 'failure' });
  hub.publish({ fact: 'rate_limit', server: 'files', user: 'somebody' });
  hub.publish({ fact: 'session', server: 'files', transport: 'http', durationMs: 1 });
  expect(lines).toEqual([]);
});

test('nothing is written after it was ended', () => {
  const { hub, lines, stop } = setUp();
  stop();
  hub.publish(becomes('offline'));
  expect(lines).toEqual([]);
});

test.each([
  ['a critical alert', { severity: 'critical' }, undefined, 'error'],
  ['a warning', { severity: 'warning' }, undefined, 'warn'],
  ['an alert for the record', { severity: 'info' }, undefined, 'info'],
  ['an alert of an odd severity', { severity: '__proto__' }, undefined, 'info'],
  ['a resolution', { severity: 'critical' }, 90_000, 'info'],
])('%s in a notification is one line', (_what, labels, afterMs, severity) => {
  const { hub, lines } = setUp();
  const alert = buildAlert(
    afterMs === undefined ? {} : { endsAtMs: asEpochMs(ALERT_START_MS + afterMs) },
  );
  hub.publish({ ...alert, labels: { ...alert.labels, ...labels } });
  expect(lines).toMatchObject([
    {
      severity,
      message: 'alert notification received',
      fields: {
        channel: 'health',
        alertname: 'McpServerOffline',
        status: afterMs === undefined ? 'firing' : 'resolved',
        server: 'search',
        startsAt: '2026-01-01T00:00:00.000Z',
        ...(afterMs === undefined ? {} : { endsAt: '2026-01-01T00:01:30.000Z' }),
      },
    },
  ]);
});

test('the Watchdog, which never stops, is for the curious', () => {
  const { hub, lines } = setUp();
  hub.publish(buildAlert({ alertname: 'Watchdog' }));
  expect(lines.map(({ severity }) => severity)).toEqual(['debug']);
});

test('what somebody did is in the audit log', () => {
  const { hub, lines } = setUp();
  const action = { server: 'search', atMs: asEpochMs(1), by: 'ada', text: 'restarted it' };
  hub.publish({ fact: 'action', kind: 'note', alertId: 7, ...action });
  expect(lines).toEqual([
    {
      severity: 'info',
      message: 'action taken',
      fields: {
        channel: 'audit',
        action: 'note',
        server: 'search',
        user: 'ada',
        details: { alert_id: 7, text: 'restarted it' },
      },
    },
  ]);
});

test('the beginning of a maintenance window is logged with its end, and its end too', () => {
  const { hub, lines } = setUp();
  const window = {
    fact: 'maintenance',
    server: 'search',
    atMs: asEpochMs(1),
    reason: 'by ada',
  } as const;
  hub.publish({ ...window, isActive: true, untilMs: asEpochMs(60_000) });
  hub.publish({ ...window, isActive: false });
  expect(lines.map(({ message, fields }) => [message, fields['until']])).toEqual([
    ['server is in maintenance', '1970-01-01T00:01:00.000Z'],
    ['maintenance of the server ended', undefined],
  ]);
});
