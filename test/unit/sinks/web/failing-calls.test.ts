import { expect, test } from 'vitest';
import type { CallSummaryFilter } from '../../../../src/facts/call-log.ts';
import type { ErrorFilter } from '../../../../src/facts/error-log.ts';
import type { ServerDetail } from '../../../../src/facts/ports/server-view.ts';
import type { JournalViews } from '../../../../src/facts/ports/views.ts';
import { buildCallSum } from '../../../fakes/build-call-sum.ts';
import { buildErrorGroup } from '../../../fakes/build-traffic.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, buildReport, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';

// Goal: whoever opens a server that is in trouble sees at the top what fails and what to do.

const FAILING: Partial<ServerDetail> = {
  status: 'critical',
  reason: '9.5 % of 420 calls failed in 5 m, most often timeout',
  errorRate: { ratio: 0.095, requests: 420, windowMs: 300_000 },
};

async function open(detail: Partial<ServerDetail>, journal: Partial<JournalViews> = {}) {
  const { deps } = fakeHttpDeps([buildDetail('files', detail)], { journal: fakeJournal(journal) });
  const app = await serveApp(deps);
  return collapse((await app.call('/servers/files')).body);
}

test('a server that is Critical because calls fail shows tools, clients and errors of its window', async () => {
  const sums: CallSummaryFilter[] = [];
  const errors: ErrorFilter[] = [];
  const body = await open(FAILING, {
    async summarizeCalls(filter) {
      sums.push(filter);
      return filter.by === 'target'
        ? [
            buildCallSum('read', { calls: 380 }),
            buildCallSum('write', { calls: 9, failures: 2 }),
            buildCallSum('search', { calls: 40, failures: 38 }),
          ]
        : [buildCallSum('cursor', { calls: 60, failures: 40 })];
    },
    async findErrors(filter) {
      errors.push(filter);
      return { groups: [buildErrorGroup({ message: 'index is locked' })], total: 1 };
    },
  });

  const part = body.slice(body.indexOf('id="trouble"'), body.indexOf('id="facts"'));
  expect(part).toContain('9.5 % of 420 calls in 5 min');
  expect(part.indexOf('search')).toBeGreaterThan(0);
  expect(part.indexOf('search')).toBeLessThan(part.indexOf('write'));
  expect(part).not.toContain('<bdi>read</bdi>');
  expect(part).toContain('38 of 40');
  expect(part).toContain('<bdi>cursor</bdi>');
  expect(part).toContain('index is locked');
  expect(part).toContain(
    'href="/audit?server=files&amp;tool=search&amp;status=error&amp;from=2026-11-21T09%3A10%3A00.000Z"',
  );
  const window = { server: 'files', fromMs: NOW_MS - 300_000, toMs: NOW_MS };
  expect(sums.filter(({ by }) => by !== 'server')).toMatchObject([
    { by: 'target', ...window },
    { by: 'client', ...window },
  ]);
  expect(errors[0]).toMatchObject(window);
});

test.each([
  ['healthy', { ...FAILING, status: 'healthy' as const }],
  [
    'Critical without failed calls',
    { ...FAILING, errorRate: { ratio: 0, requests: 9, windowMs: 1 } },
  ],
  ['Critical without calls', { status: 'critical' as const }],
])('a server that is %s has no failing calls', async (_case, detail) => {
  expect(await open(detail)).not.toContain('Failing calls');
});

test('failing calls say that the journal does not answer', async () => {
  const body = await open(FAILING, {
    summarizeCalls: async () => {
      throw new Error('database is locked');
    },
  });
  expect(body).toContain('Failing calls');
  expect(body).toContain('database is locked');
});

test.each([
  ['offline', true],
  ['critical', true],
  ['warning', true],
  ['healthy', false],
] as const)(
  'alerts and failed checks of a server that is %s come first: %s',
  async (status, isFirst) => {
    const failed = buildReport({ outcome: 'timeout', detail: 'No answer within 5 s.' });
    const body = await open({ status, recentFailures: [failed] });
    expect(body.indexOf('Recent failures')).toBeGreaterThan(0);
    expect(body.indexOf('Recent failures') < body.indexOf('id="facts"')).toBe(isFirst);
    expect(body.match(/Recent failures/g)).toHaveLength(1);
    expect(body.includes('/docs/runbook#mcpserver')).toBe(isFirst);
  },
);
