import { expect, test } from 'vitest';
import type { CallSummary } from '../../../../src/facts/call-log.ts';
import type { ErrorFilter, ErrorGroup } from '../../../../src/facts/error-log.ts';
import type { JournalViews } from '../../../../src/facts/ports/views.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import type { OutsideUrls } from '../../../../src/sinks/web/ports.ts';
import { chartSpan } from '../../../../src/sinks/web/time-span.ts';
import { buildErrorGroup } from '../../../fakes/build-traffic.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';

// Goal: from a spike to what failed, what changed around it and a sample, in links, without a script.

const ATTACK = `<script>alert(1)</script>" onload='x' &amp;`;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const GROUP = buildErrorGroup();
const EARLIER = buildErrorGroup({ id: 2, server: 'archive', firstAtMs: asEpochMs(NOW_MS - 1e9) });

function sum(key: string, changes: Partial<CallSummary> = {}): CallSummary {
  const nothing = { users: 0, tokens: 0, costUsd: 0, counted: 40, lastAtMs: asEpochMs(NOW_MS) };
  return { key, calls: 40, failures: 10, ...nothing, ...changes };
}

function exampleJournal(asked: ErrorFilter[]): Partial<JournalViews> {
  return {
    async findErrors(filter) {
      asked.push(filter);
      const all: readonly ErrorGroup[] = filter.pattern === undefined ? [GROUP] : [GROUP, EARLIER];
      const groups = all.filter(({ id }) => filter.id === undefined || id === filter.id);
      return { groups, total: groups.length };
    },
    chartCalls: async ({ fromMs }) => [
      { atMs: fromMs, calls: 1_240, failures: 37 },
      { atMs: asEpochMs(fromMs + 5 * MINUTE_MS), calls: 3, failures: 0 },
    ],
    findMarkers: async () => ({
      entries: [
        { id: 1, atMs: asEpochMs(NOW_MS - 1_000), kind: 'deploy', text: 'files 2.1', by: 'ci' },
      ],
      total: 1,
    }),
    findServerLog: async ({ facts }) => ({
      entries: [
        {
          id: '1-1',
          fact: 'status',
          atMs: asEpochMs(NOW_MS - 2_000),
          server: 'files',
          from: 'healthy',
          to: 'critical',
          reason: `${facts?.join()} of files`,
        },
      ],
      total: 1,
    }),
    summarizeCalls: async ({ by }) => [
      sum('quiet', { failures: 0 }),
      sum(`some ${by}`, { ...(by === 'target' && { server: 'files' }) }),
    ],
  };
}

async function open(
  path: string,
  changes: Partial<JournalViews> = {},
  outsideUrls: OutsideUrls = {},
) {
  const asked: ErrorFilter[] = [];
  const journal = fakeJournal({ ...exampleJournal(asked), ...changes });
  const app = await serveApp(fakeHttpDeps([buildDetail('files')], { journal, outsideUrls }).deps);
  const { body, status } = await app.call(path, { headers: { accept: 'text/html' } });
  return { asked, status, text: collapse(body) };
}

/** The windows that bars lead to, as times from now in minutes. */
function windowsOf(text: string): readonly (readonly number[])[] {
  return [...text.matchAll(/<a href="(\/errors\?[^"]*)" aria-label/g)].map(([, href = '']) => {
    const query = new URLSearchParams(href.replaceAll('&amp;', '&').split('?')[1]);
    return ['from', 'to'].map((name) => (Date.parse(query.get(name) ?? '') - NOW_MS) / MINUTE_MS);
  });
}

test('the errors of the last day are groups, with a chart whose bars lead to their time', async () => {
  const { asked, text } = await open('/errors');
  expect(asked).toEqual([{ fromMs: NOW_MS - 24 * HOUR_MS, toMs: NOW_MS, limit: 50, samples: 0 }]);
  expect(text).toContain('<a href="/errors/4"><bdi>No such file, &quot;a.txt&quot;</bdi></a>');
  expect(text).toMatch(/12<span class="clock" title="Since it was first seen" >of 1,212/);
  expect(text).toContain('37 of 1,243 calls failed. The tallest bar is 1,240 calls in 30 min.');
  expect(text).toContain('1,240 calls, 37 failed"');
  expect(windowsOf(text)[0]).toEqual([-24 * 60 - 15, -24 * 60 + 15]);
});

test('the chosen time is marked among those that the page offers', async () => {
  const { text } = await open('/errors?window=7d&server=files');
  expect(text).toContain('href="/errors?server=files&amp;window=7d" aria-current="true" >7 days');
  const fixed = await open('/errors?from=2026-11-21T08:15:00Z&to=2026-11-21T09:15:00Z');
  expect(fixed.text).toContain('>1 hour');
  expect(fixed.text).not.toContain('aria-current="true"');
});

test('a window has what changed, what was affected and earlier errors that look the same', async () => {
  const { asked, text } = await open(
    `/errors?from=2026-11-21T09:00:00Z&to=2026-11-21T09:05:00Z&server=files&tool=read_file`,
  );
  expect(asked).toEqual([
    {
      server: 'files',
      target: 'read_file',
      fromMs: Date.UTC(2026, 10, 21, 9),
      toMs: Date.UTC(2026, 10, 21, 9, 5),
      limit: 50,
      samples: 0,
    },
    { pattern: GROUP.pattern, limit: 20, samples: 0 },
  ]);
  expect(text).toContain('<bdi>files 2.1</bdi>');
  expect(text).toContain('<bdi>status of files</bdi>');
  expect(text).toContain('<a href="/audit?server=files&amp;tool=some+target&amp;status=error">');
  expect(text).toContain('<bdi>some server</bdi>');
  expect(text).toContain('<bdi>some operation</bdi>');
  expect(text).toContain('25.00 %');
  expect(text).not.toContain('<bdi>quiet</bdi>');
  const alike = text.slice(text.indexOf('id="alike"'), text.indexOf('id="happenings"'));
  expect(alike).toContain('<a href="/errors/2">');
  expect(alike).not.toContain('<a href="/errors/4">');
  expect(text).toContain('name="from" value="2026-11-21T09:00:00Z"');
});

test('what changed has the definitions and actions of each server too', async () => {
  const change = { kind: 'tools', change: 'changed', name: 'read', difference: '+x' } as const;
  const definitions = ['files', 'web'].map((server, id) => ({
    ...change,
    id,
    server,
    atMs: asEpochMs(NOW_MS),
  }));
  const action = {
    id: 1,
    atMs: asEpochMs(NOW_MS),
    server: 'files',
    kind: 'disable',
    by: 'eve',
    text: 'moves',
  } as const;
  const { text } = await open('/errors', {
    findDefinitionChanges: () => Promise.resolve({ entries: definitions, total: 2 }),
    findActions: () => Promise.resolve({ entries: [action], total: 1 }),
  });
  const changes = text.slice(text.indexOf('id="happenings"'), text.indexOf('id="affected"'));
  expect(changes.match(/1 tool changed/g)).toHaveLength(2);
  expect(changes).toContain('<a href="/servers/web"><bdi>web</bdi></a>');
  expect(changes).toContain('Action: disable');
  expect(changes).toContain('by <bdi>eve</bdi>');
});

test('a short window is shown with what was around it', () => {
  const nowMs = asEpochMs(Date.UTC(2026, 10, 21, 12));
  const at = (hours: number) => asEpochMs(nowMs + hours * HOUR_MS);
  expect(chartSpan({ fromMs: at(-5), toMs: at(-4.5) }, nowMs)).toEqual({
    fromMs: at(-5.75),
    toMs: at(-3.75),
    bucketMs: 5 * MINUTE_MS,
  });
  expect(chartSpan({ fromMs: at(-0.5), toMs: at(0) }, nowMs)).toMatchObject({
    fromMs: at(-2),
    toMs: at(0),
  });
  expect(chartSpan({ fromMs: asEpochMs(0), toMs: at(0) }, nowMs).bucketMs).toBe(365 * 24 * HOUR_MS);
});

test('a link from a point of a graph leads to half an hour around it', async () => {
  const app = await serveApp(fakeHttpDeps().deps);
  const at = Date.parse('2026-11-21T09:15:42.123Z');
  const { status, headers } = await app.call(`/errors?at=${at}&server=files`);
  expect(status).toBe(303);
  expect(headers.location).toBe(
    '/errors?server=files&from=2026-11-21T09%3A00Z&to=2026-11-21T09%3A30Z',
  );
  expect((await app.call('/errors?at=yesterday')).status).toBe(400);
  expect((await app.call('/errors?at=99999999999999999')).status).toBe(400);
});

test.each([
  ['https://jaeger.test', true],
  [undefined, false],
])('with Jaeger at %s the trace of a sample is a link to it: %s', async (jaeger, isLinked) => {
  const { text } = await open('/errors/4', {}, jaeger === undefined ? {} : { jaeger });
  const id = '0af7651916cd43dd8448eb211c80319c';
  expect(text).toContain(`<code class="copied">${id}</code>`);
  expect(text.includes(`<a href="https://jaeger.test/trace/${id}"`)).toBe(isLinked);
});

test('a group has its samples with stack, caller and trace, and leads to its calls', async () => {
  const { asked, text } = await open('/errors/4');
  expect(asked[0]).toEqual({ id: 4, limit: 1, samples: 10 });
  for (const value of [
    '<h1><bdi>No such file, &quot;a.txt&quot;</bdi></h1>',
    'at readFile (/srv/files.js:12:3)',
    'inspector 1.2.0',
    'href="/audit?session=5f1c"',
    'href="/audit?trace=0af7651916cd43dd8448eb211c80319c"',
    '<a href="/audit?error_group=4">Calls with this error</a>',
    '<a href="/errors?from=',
    '<a href="/errors/2">',
  ])
    expect(text).toContain(value);
});

test.each(['/errors/5', '/errors/x', '/errors/0'])('%s is no group', async (path) => {
  expect((await open(path)).status).toBe(404);
});

test.each(['window=1x', 'from=yesterday', 'error_type=odd', 'from=2030-01-01', 'cursor=x'])(
  'the filter %s is refused with a reason',
  async (query) => {
    const { status, text } = await open(`/errors?${query}`);
    expect(status).toBe(400);
    expect(text).toMatch(/must be|not valid|not issued/);
  },
);

test.each(['/errors', '/errors/4'])('%s without a journal says why', async (path) => {
  const off = await open(path, { state: () => ({ status: 'off', detail: 'It is off.' }) });
  expect(off.status).toBe(200);
  expect(off.text.split('It is off.')).toHaveLength(2);
  const broken = async () => Promise.reject(new Error('The disk is <full>.'));
  const failing = await open(path, { findErrors: broken, chartCalls: broken });
  expect(failing.status).toBe(200);
  expect(failing.text).toContain('The disk is &lt;full&gt;.');
});

test('one question that fails leaves the rest of the page', async () => {
  const broken = async () => Promise.reject(new Error('Too slow.'));
  const { text } = await open('/errors', { summarizeCalls: broken, findMarkers: broken });
  expect(text.split('Too slow.')).toHaveLength(3);
  expect(text).toContain('<a href="/errors/4">');
});

test('an empty journal is said in words', async () => {
  const { text } = await open('/errors', fakeJournal());
  for (const words of ['No calls in this time.', 'No errors in this time.', 'No deploys'])
    expect(text).toContain(words);
});

test('hostile texts of errors and filters are texts', async () => {
  const [sample] = GROUP.samples;
  const hostile = buildErrorGroup({
    server: ATTACK,
    operation: ATTACK,
    target: ATTACK,
    errorType: ATTACK,
    message: ATTACK,
    pattern: ATTACK,
    fingerprint: ATTACK,
    samples: [
      {
        ...sample!,
        message: ATTACK,
        stack: ATTACK,
        user: ATTACK,
        session: ATTACK,
        requestId: ATTACK,
        traceId: ATTACK,
      },
    ],
  });
  const value = encodeURIComponent(ATTACK);
  for (const path of [`/errors?server=${value}&search=${value}&from=2026-11-20`, '/errors/4']) {
    const { text } = await open(path, {
      findErrors: async () => ({ groups: [hostile], total: 1, next: '1-1' }),
      findMarkers: async () => ({
        entries: [{ id: 1, atMs: asEpochMs(NOW_MS), kind: 'note', text: ATTACK, by: ATTACK }],
        total: 1,
      }),
      summarizeCalls: async () => [sum(ATTACK, { server: ATTACK })],
    });
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toContain('<script>alert');
    expect(text).not.toMatch(/" onload=|\sstyle=|<style|\son[a-z]+=["'(]/);
  }
});
