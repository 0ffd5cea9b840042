import { expect, test } from 'vitest';
import type { CallFilter, CallPage } from '../../../../src/facts/call-log.ts';
import type { JournalViews } from '../../../../src/facts/ports/views.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { buildCallEntry } from '../../../fakes/build-traffic.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { collapse, serveApp } from './serve-app.ts';

// Goal: what went through the gateway can be found on a page, without a script.

const ATTACK = `<script>alert(1)</script>" onload='x' &amp;`;

const ONE: CallPage = {
  entries: [buildCallEntry({ atMs: asEpochMs(NOW_MS - 60_000) })],
  total: 1,
  isTotalExact: true,
};

async function openAudit(path: string, page: CallPage, changes: Partial<JournalViews> = {}) {
  const asked: CallFilter[] = [];
  const journal = fakeJournal({
    async findCalls(filter) {
      asked.push(filter);
      return page;
    },
    ...changes,
  });
  const app = await serveApp(fakeHttpDeps([buildDetail('files')], { journal }).deps);
  const { body, status } = await app.call(path, { headers: { accept: 'text/html' } });
  return { asked, status, text: collapse(body) };
}

test('a call has its time, server, tool, caller, outcome, duration, sizes, tokens, cost and trace', async () => {
  const { text } = await openAudit('/audit', ONE);
  expect(text).toContain('1 call, newest first.');
  expect(text).toMatch(/<time datetime="[^"]+" title="[^"]+ UTC" data-form="ago" >60 s ago/);
  for (const value of [
    'href="/servers/files"',
    '<bdi>read_file</bdi',
    'tools/call',
    '<bdi>ada</bdi>',
    'inspector 1.2.0',
    'is-healthy">success',
    '13 ms',
    '120 B, 2.0 KiB',
    '>540</span',
    '$0.0042',
    'href="/audit?trace=0af7651916cd43dd8448eb211c80319c"',
    'href="/audit?session=5f1c"',
  ])
    expect(text).toContain(value);
});

test('the error of a call leads to its group', async () => {
  const failed = buildCallEntry({
    outcome: 'timeout',
    status: 504,
    errorType: 'timeout',
    errorMessage: 'No answer within 30 s',
    errorGroupId: 12,
  });
  const { text } = await openAudit('/audit', { ...ONE, entries: [failed] });
  expect(text).toContain('is-offline">timeout');
  expect(text).toContain('<a href="/errors/12"><bdi>No answer within 30 s</bdi></a>');
});

test('filters reach the journal, stay in the form and go on to older calls and to CSV', async () => {
  const query =
    'server=gone&status=error&tool=read_file&user=ada&client=inspector&search=file&from=2026-11-21&to=2026-11-22&error_group=4';
  const { asked, text } = await openAudit(`/audit?${query}&cursor=5-9`, {
    ...ONE,
    total: 10_000,
    isTotalExact: false,
    next: '5-7',
  });
  expect(asked).toEqual([
    {
      server: 'gone',
      outcomes: expect.arrayContaining(['tool_error', 'denied']),
      target: 'read_file',
      user: 'ada',
      client: 'inspector',
      search: 'file',
      fromMs: Date.UTC(2026, 10, 21),
      toMs: Date.UTC(2026, 10, 22),
      errorGroupId: 4,
      cursor: '5-9',
      limit: 100,
    },
  ]);
  expect(text).toContain('At least 10,000 calls');
  expect(text).toContain('name="server" value="gone"');
  expect(text).toContain('type="hidden" name="error_group" value="4"');
  expect(text).toContain('<option value="error" selected>');
  const links = [...text.matchAll(/href="([^"]*\?[^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  );
  const queryOf = (begin: string) =>
    new URLSearchParams(links.find((href) => href.startsWith(begin))?.split('?')[1]);
  const csv = queryOf('/api/v1/mcp/audit?');
  const older = new URLSearchParams(links.find((href) => href.includes('cursor='))?.split('?')[1]);
  expect(csv.get('format')).toBe('csv');
  expect(older.get('cursor')).toBe('5-7');
  for (const [name, value] of new URLSearchParams(query)) {
    expect(csv.get(name)).toBe(value);
    expect(older.get(name)).toBe(value);
  }
});

test('the CSV that the page links to has the calls of the same server, also of a removed one', async () => {
  const { asked, status } = await openAudit('/api/v1/mcp/audit?format=csv&server=gone', ONE);
  expect(status).toBe(200);
  expect(asked).toEqual([{ server: 'gone', limit: 100 }]);
});

test('a filter that came with a link is named and can be removed', async () => {
  const { text } = await openAudit('/audit?trace=abc&server=files', ONE);
  expect(text).toContain('Only trace <code>abc</code>');
  expect(text).toContain('<a href="/audit?server=files">Remove this filter</a>');
});

test('a page that examined only other calls leads on', async () => {
  const none = { entries: [], total: 3, isTotalExact: false, next: '5-7' };
  const { text } = await openAudit('/audit?search=rare', none);
  expect(text).toContain('<a href="/audit?search=rare&amp;cursor=5-7">Examine older calls</a>');
});

test.each([
  ['/audit', 'No calls recorded.'],
  ['/audit?user=nobody', 'No calls pass these filters.'],
])('%s without calls says so', async (path, words) => {
  const { text } = await openAudit(path, { entries: [], total: 0, isTotalExact: true });
  expect(text).toContain(words);
});

test.each([
  ['off', { state: () => ({ status: 'off', detail: 'The journal is off.' }) as const }],
  ['failing', { findCalls: async () => Promise.reject(new Error('The disk is <full>.')) }],
])('the page without a journal (%s) says why', async (_case, changes) => {
  const { status, text } = await openAudit('/audit?server=files', ONE, changes);
  expect(status).toBe(200);
  expect(text).toMatch(/The journal is off\.|The disk is &lt;full&gt;\./);
  expect(text).toContain('name="server" value="files"');
});

test.each(['status=odd', 'error_group=x', 'from=yesterday', 'cursor=x', 'tool=a&tool=b'])(
  'the filter %s is refused with a reason',
  async (query) => {
    const { status, text } = await openAudit(`/audit?${query}`, ONE);
    expect(status).toBe(400);
    expect(text).toMatch(/not valid|must be|only once|not issued/);
  },
);

test('hostile texts of calls and filters are texts', async () => {
  const hostile = buildCallEntry({
    server: ATTACK,
    operation: ATTACK,
    target: ATTACK,
    requestId: ATTACK,
    session: ATTACK,
    client: { name: ATTACK, version: ATTACK },
    user: ATTACK,
    errorType: ATTACK,
    errorMessage: ATTACK,
    argumentsText: ATTACK,
    traceId: ATTACK,
  });
  const value = encodeURIComponent(ATTACK);
  const path = `/audit?server=${value}&session=${value}&search=${value}`;
  const { text } = await openAudit(path, { ...ONE, entries: [hostile], next: '5-7' });
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(text).not.toContain('<script>alert');
  expect(text).not.toMatch(/" onload=|\sstyle=|<style|\son[a-z]+=["'(]/);
});
