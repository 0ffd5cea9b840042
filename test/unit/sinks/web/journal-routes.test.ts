import { expect, test } from 'vitest';
import type { CallFilter } from '../../../../src/facts/call-log.ts';
import type { Marker } from '../../../../src/facts/event-log.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import type { HttpAppDeps } from '../../../../src/sinks/web/ports.ts';
import { buildCallEntry, buildErrorGroup } from '../../../fakes/build-traffic.ts';
import { fakeJournal } from '../../../fakes/fake-journal.ts';
import { buildDetail, fakeHttpDeps, NOW_MS } from './fake-http-deps.ts';
import { serveApp } from './serve-app.ts';

// Goal: the journal can be read by programs and spreadsheets, of one server and of all, and pipelines can add markers.

const CALL = buildCallEntry({
  responseBytes: 80,
  target: '=cmd|calc',
  outcome: 'tool_error',
  errorType: 'tool_error',
  errorMessage: 'No such file, "a.txt"',
});
const GROUP = buildErrorGroup({ count: 12 });

async function setUp(overrides: Partial<HttpAppDeps> = {}) {
  const asked: CallFilter[] = [];
  const markers: Marker[] = [];
  const { deps } = fakeHttpDeps([buildDetail('files', { labels: { environment: 'staging' } })], {
    journal: fakeJournal({
      async findCalls(filter) {
        asked.push(filter);
        return { entries: [CALL], total: 41, isTotalExact: true, next: '5-7' };
      },
      findErrors: async ({ id }) => ({
        groups: id === undefined || id === GROUP.id ? [GROUP] : [],
        total: 1,
      }),
    }),
    markers: {
      async saveMarker(marker) {
        markers.push(marker);
        return 9;
      },
    },
    ...overrides,
  });
  return { app: await serveApp(deps), asked, markers };
}

const JSON_POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

test('the audit log of a server has the names of the source document, and its filters reach the journal', async () => {
  const { app, asked } = await setUp();
  const query = 'status=error&search=file&tool=read_file&from=2026-11-21&limit=500&cursor=5-9';
  const answer = await app.call(`/api/v1/mcp/servers/files/audit?${query}`);
  expect(JSON.parse(answer.body)).toMatchObject({
    logs: [
      {
        id: 7,
        tool_name: '=cmd|calc',
        user_id: 'ada',
        environment: 'staging',
        result_status: 'error',
        result_summary: '80 bytes, 540 tokens, $0.0042',
        tokens: { input: 30, output: 510, source: 'estimated' },
        error_message: 'No such file, "a.txt"',
        execution_time_ms: 12.5,
        created_at: new Date(NOW_MS).toISOString(),
      },
    ],
    total: 41,
    next_cursor: '5-7',
  });
  expect(asked).toEqual([
    {
      server: 'files',
      target: 'read_file',
      outcomes: expect.arrayContaining(['tool_error', 'timeout', 'client_error', 'denied']),
      search: 'file',
      fromMs: Date.UTC(2026, 10, 21),
      cursor: '5-9',
      limit: 500,
    },
  ]);
  expect(asked[0]?.outcomes).not.toContain('success');
});

test.each([
  ['?format=csv', {}],
  ['', { accept: 'text/csv' }],
])('the audit log of all servers as CSV: %s %o', async (query, headers) => {
  const { app } = await setUp();
  const answer = await app.call(`/api/v1/mcp/audit${query}`, { headers });
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.headers['content-disposition']).toBe('attachment; filename=logs.csv');
  expect(answer.headers['link']).toMatch(/<\?.*cursor=5-7>; rel="next"/);
  const [header, row, end] = answer.body.split('\r\n');
  expect(header).toMatch(/^id,created_at,server_name,operation,tool_name,/);
  // A formula of a spreadsheet is only text.
  expect(row).toMatch(/^7,2026-11-21T09:15:00.000Z,files,tools\/call,'=cmd\|calc,/);
  expect(row).toContain('"No such file, ""a.txt"""');
  expect(end).toBe('');
});

test('groups of errors are listed, and one is found by its id', async () => {
  const { app } = await setUp();
  const listed = JSON.parse((await app.call('/api/v1/mcp/servers/files/errors')).body);
  expect(listed.errors).toHaveLength(1);
  const one = JSON.parse((await app.call('/api/v1/mcp/errors/4')).body);
  expect(one).toMatchObject({ id: 4, count: 12, samples: [{ execution_time_ms: 3 }] });
  expect((await app.call('/api/v1/mcp/errors/5')).status).toBe(404);
  expect((await app.call('/api/v1/mcp/errors/x')).status).toBe(404);
});

test.each(['logs', 'audit', 'errors', 'definitions', 'actions'])(
  '%s: an unknown server is 404, a cursor of another kind 400, all servers are answered',
  async (name) => {
    const { app } = await setUp();
    expect((await app.call(`/api/v1/mcp/servers/unknown/${name}`)).status).toBe(404);
    expect((await app.call(`/api/v1/mcp/${name}?cursor=abc`)).status).toBe(400);
    expect((await app.call(`/api/v1/mcp/${name}?limit=501`)).status).toBe(400);
    expect((await app.call(`/api/v1/mcp/${name}`)).status).toBe(200);
  },
);

test('a marker is kept with its time and who sent it; an unknown key or server is refused', async () => {
  const { app, markers } = await setUp();
  const send = (body: object) =>
    app.call('/api/v1/markers', { ...JSON_POST, body: JSON.stringify(body) });
  const answer = await send({ kind: 'deploy', text: 'files 1.3', server: 'files' });
  expect(answer.status).toBe(201);
  expect(JSON.parse(answer.body)).toEqual({
    id: 9,
    at: '2026-11-21T09:15:00.000Z',
    kind: 'deploy',
    text: 'files 1.3',
    server_name: 'files',
    by: '127.0.0.1',
  });
  expect((await send({ kind: 'deploy', text: 'x', at: '2026-11-20T10:00:00+01:00' })).status).toBe(
    201,
  );
  expect(markers.at(-1)?.atMs).toBe(Date.UTC(2026, 10, 20, 9));
  expect((await send({ kind: 'deploy', text: 'x', when: 'now' })).body).toContain('\\"when\\"');
  expect((await send({ kind: 'party', text: 'x' })).status).toBe(400);
  expect((await send({ kind: 'note', text: 'x', server: 'nowhere' })).status).toBe(404);
  expect(markers).toHaveLength(2);
});

test('the token of markers adds markers and can do nothing else', async () => {
  const { app, markers } = await setUp({
    adminToken: new Secret('admin-token'),
    markerToken: new Secret('marker-token'),
  });
  const headers = { ...JSON_POST.headers, authorization: 'Bearer marker-token' };
  const body = JSON.stringify({ kind: 'deploy', text: 'x' });
  const call = (path: string, authorization = headers.authorization) =>
    app.call(path, { method: 'POST', headers: { ...headers, authorization }, body });
  expect((await call('/api/v1/markers')).status).toBe(201);
  expect(markers[0]?.by).toBe('marker token, from 127.0.0.1');
  expect((await call('/api/v1/markers', 'Bearer admin-token')).status).toBe(201);
  expect((await call('/api/v1/markers', 'Bearer other')).status).toBe(401);
  expect((await call('/api/v1/mcp/servers/files/check')).status).toBe(401);
  expect((await call('/-/reload')).status).toBe(401);
});
