import { expect, test } from 'vitest';
import type { JournalViews } from '../../../../src/facts/ports/views.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { mergeTimeline, type TimelineEvent } from '../../../../src/sinks/web/timeline.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { exampleAlerts } from '../../../browser/example-alerts.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';

const ATTACK = `<script>alert(1)</script>"'&`;

function failedCheck(at: number, outcome = 'refused'): TimelineEvent {
  const atMs = asEpochMs(at);
  return {
    kind: 'check',
    atMs,
    count: 1,
    firstAtMs: atMs,
    check: {
      fact: 'check',
      atMs,
      server: 'files',
      kind: 'steady',
      outcome,
      detail: ATTACK,
      durationMs: 3,
      status: 'offline',
    },
  };
}

function statusChange(at: number): TimelineEvent {
  const atMs = asEpochMs(at);
  const change = { fact: 'status', server: 'files', from: 'healthy', to: 'offline' } as const;
  return { kind: 'status', atMs, change: { ...change, atMs, reason: ATTACK } };
}

test('failed checks with the same outcome become one event, unless something happened between them', () => {
  const checks = [failedCheck(9), failedCheck(8), failedCheck(6), failedCheck(5, 'timeout')];
  const { events, olderToMs } = mergeTimeline([
    { events: checks, isCut: false },
    { events: [statusChange(7)], isCut: false },
  ]);
  expect(
    events.map((event) => [event.kind, event.atMs, event.kind === 'check' ? event.count : 0]),
  ).toEqual([
    ['check', 9, 2],
    ['status', 7, 0],
    ['check', 6, 1],
    ['check', 5, 1],
  ]);
  expect(olderToMs).toBeUndefined();
});

test('a page ends where the first kind was cut, so that nothing is missing between two events', () => {
  const { events, olderToMs } = mergeTimeline([
    { events: [failedCheck(9), failedCheck(8), failedCheck(6)], isCut: true },
    { events: [statusChange(7), statusChange(3)], isCut: false },
  ]);
  expect(events.map(({ atMs }) => atMs)).toEqual([9, 7]);
  expect(olderToMs).toBe(6);
});

test('more events at one moment than are read at once do not stop the pages', () => {
  const { events, olderToMs } = mergeTimeline([
    { events: [statusChange(9), statusChange(9)], isCut: true },
    { events: [failedCheck(4)], isCut: false },
  ]);
  expect(events).toHaveLength(2);
  expect(olderToMs).toBe(8);
});

const EVENTS: Partial<JournalViews> = {
  findServerLog: async ({ facts = [] }) => ({
    entries: [facts.includes('check') ? failedCheck(NOW_MS - 50) : statusChange(NOW_MS - 40)].map(
      (event) => {
        if (event.kind === 'check') return { ...event.check, id: '1' };
        if (event.kind === 'status') return { ...event.change, id: '2' };
        throw new Error('neither');
      },
    ),
    total: 1,
  }),
  findDefinitionChanges: async () => ({
    entries: (['added', 'changed'] as const).map((change, id) => ({
      id,
      atMs: asEpochMs(NOW_MS - 30),
      server: 'files',
      kind: 'tools',
      change,
      name: ATTACK,
      difference: `-old ${ATTACK}\n+new`,
    })),
    total: 2,
  }),
  findMarkers: async () => ({
    entries: [
      { id: 1, atMs: asEpochMs(NOW_MS - 20), kind: 'deploy', text: `v2 ${ATTACK}`, by: 'ci' },
    ],
    total: 1,
  }),
  findActions: async () => ({
    entries: [
      {
        id: 1,
        atMs: asEpochMs(NOW_MS - 10),
        kind: 'note',
        server: 'files',
        by: 'ada',
        text: ATTACK,
      },
    ],
    total: 1,
  }),
};

async function visit(path: string, journal: Partial<JournalViews>) {
  const { deps } = fakeHttpDeps([buildDetail('files')], { journal: fakeJournal(journal) });
  const alerts = { ...deps.alerts, find: async () => exampleAlerts().firing.slice(0, 1) };
  const app = await serveApp({ ...deps, alerts });
  const { body, status } = await app.call(path, { headers: { accept: 'text/html' } });
  return { status, body: collapse(body) };
}

test('the timeline merges all kinds, newest first, with texts as texts', async () => {
  const { body } = await visit('/servers/files?tab=timeline', EVENTS);
  const places = [
    'Action: note',
    'Deploy</td>',
    '1 tool added, 1 tool changed',
    '(was healthy)',
    '>refused</span',
    'McpServerOffline',
  ].map((text) => body.indexOf(text));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(body).toContain('<span class="is-healthy">+new</span>');
  expect(body).toContain('for all servers');
  expect(body).not.toContain('<script>alert');
});

test('the timeline can be filtered by kind, and asks for that kind and time alone', async () => {
  const asked: unknown[] = [];
  const { body } = await visit('/servers/files?tab=timeline&kind=marker&window=7d', {
    ...EVENTS,
    findMarkers: async (filter) => {
      asked.push(filter);
      return { entries: [], total: 0 };
    },
    findActions: async () => {
      throw new Error('not asked for');
    },
  });
  const windowMs = 7 * 86_400_000;
  expect(asked).toEqual([
    { server: 'files', fromMs: NOW_MS - windowMs, toMs: NOW_MS, limit: expect.any(Number) },
  ]);
  expect(body).toContain('Nothing happened in the last 7 d.');
  expect(body).toContain('href="/servers/files?tab=timeline&amp;window=30d&amp;kind=marker"');
  expect(body).not.toContain('not asked for');
});

test('older events are a link that keeps kind and window', async () => {
  const { body } = await visit('/servers/files?tab=timeline&kind=action', {
    findActions: async (filter) => ({ ...(await EVENTS.findActions!(filter)), next: '1-1' }),
  });
  const to = encodeURIComponent(new Date(NOW_MS - 11).toISOString());
  expect(body).toContain(`?tab=timeline&amp;window=24h&amp;kind=action&amp;to=${to}"`);
});

test('the timeline shows what it has if a part of the journal fails, and why the rest is missing', async () => {
  const { status, body } = await visit('/servers/files?tab=timeline', {
    ...EVENTS,
    findActions: async () => {
      throw new Error('locked <now>');
    },
  });
  expect(status).toBe(200);
  expect(body).toContain('locked &lt;now&gt;');
  expect(body).toContain('Deploy</td>');
});

test('the timeline says that the journal is off', async () => {
  const { status, body } = await visit('/servers/files?tab=timeline', {
    state: () => ({ status: 'off', detail: 'The journal is off.' }),
  });
  expect(status).toBe(200);
  expect(body.match(/The journal is off\./g)).toHaveLength(1);
});
