import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpApp } from '../../src/sinks/web/create-http-app.ts';
import { listen } from '../../src/sinks/web/listen.ts';
import {
  createJournal,
  type Journal,
  type JournalOptions,
} from '../../src/sinks/journal/create-journal.ts';
import { createAlertHistory } from '../../src/sources/alerts/alert-history.ts';
import { createHub } from '../../src/facts/hub.ts';
import type { ProbeObservation } from '../../src/facts/probe-facts.ts';
import { BLOCKED_MS } from '../fakes/blocked-journal-worker.ts';
import { buildAlert } from '../fakes/build-alert.ts';
import { buildCall } from '../fakes/build-call.ts';
import { buildServer } from '../fakes/build-server.ts';
import { createFakeClock } from '../fakes/fake-clock.ts';
import { createMemoryLog } from '../fakes/memory-log.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { buildReport, fakeHttpDeps } from '../unit/sinks/web/fake-http-deps.ts';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { freePort } from './support/free-port.ts';
import { startService } from './support/start-service.ts';
import { until } from './support/until.ts';
import { asEpochMs, later } from '../../src/facts/time.ts';

// Goal: the journal's thread: what it keeps, what becomes of files that it cannot use, and that a slow disk keeps nobody.
// Method: real threads on real files; for the slow disk a thread that hangs.

const RETENTION = {
  checksMs: 1e12,
  callsMs: 1e12,
  errorsMs: 1e12,
  alertsMs: 1e12,
  bytesMax: 100 * 1024 * 1024,
};

const SEARCH = buildServer('search');

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function setUp(changes: Partial<JournalOptions> = {}) {
  const log = createMemoryLog();
  const hub = createHub((error) => {
    throw error;
  });
  const path = join(makeFolder(), 'journal.sqlite');
  const journal = createJournal({
    path,
    retention: RETENTION,
    keepsCalls: true,
    callsPerSecond: 1_000_000,
    clock: REAL_CLOCK,
    log,
    ...changes,
  });
  onTestFinished(() => journal.close());
  const messages = (): string[] =>
    log.lines.map(({ severity, message }) => `${severity}: ${message}`);
  return { journal, hub, log, messages, path };
}

function observation(server: string): ProbeObservation {
  return {
    fact: 'probe',
    server,
    report: buildReport({ detail: 'x'.repeat(2_000) }),
    status: 'healthy',
    consecutiveFailures: 0,
    nextInMs: 30_000,
    lagMs: 0,
  };
}

function rowsOf(journal: Journal): number {
  const { checks = 0, status_changes = 0, actions = 0 } = journal.stats()?.rows ?? {};
  return checks + status_changes + actions;
}

test('checks, status changes and actions are kept, notes only where they were saved, and the rest is not', async () => {
  const { journal, hub } = setUp();
  await journal.start();
  expect(journal.state().status).toBe('ok');
  const stop = journal.record(hub);
  const change = {
    server: 'search',
    atMs: asEpochMs(2),
    from: 'healthy',
    to: 'offline',
    reason: 'r',
  } as const;
  const action = {
    fact: 'action',
    server: 'search',
    atMs: asEpochMs(3),
    by: 'ada',
    text: 't',
  } as const;
  hub.publish(observation('search'));
  hub.publish({ fact: 'status', ...change });
  hub.publish({ ...action, kind: 'check' });
  hub.publish({ ...action, kind: 'note', alertId: 1 });
  hub.publish(buildAlert());
  await until(() => rowsOf(journal) === 3);
  const { entries } = await journal.findServerLog({ server: 'search', limit: 10 });
  expect(entries.map(({ fact }) => fact)).toEqual(['check', 'action', 'status']);
  expect(entries[0]).toMatchObject({ detail: 'x'.repeat(500) });
  stop();
  hub.publish(observation('search'));
  await journal.saveAlerts([buildAlert()]);
  expect(journal.stats()?.rows).toMatchObject({ checks: 1, alerts: 1 });
});

test('closing writes what waits, and the next opening has it', async () => {
  const { journal, hub, path, messages } = setUp();
  await journal.start();
  journal.record(hub);
  for (let index = 0; index < 3_000; index += 1) hub.publish(observation(`s${index}`));
  journal.noteWatchdog(asEpochMs(77));
  await journal.close();
  expect(journal.dropped()).toBe(0);
  const again = setUp({ path });
  await again.journal.start();
  expect(again.journal.stats()?.rows.checks).toBe(3_000);
  expect(again.journal.watchdogAtMs()).toBe(77);
  expect([...messages(), ...again.messages()]).toEqual([]);
});

test('calls, errors, markers and uptime outlive a restart', async () => {
  const first = setUp();
  await first.journal.start();
  first.journal.record(first.hub);
  const nowMs = REAL_CLOCK.nowMs();
  const change = { fact: 'status', server: 'files', reason: 'r' } as const;
  first.hub.publish({ ...change, atMs: later(nowMs, -3_000), from: 'unknown', to: 'healthy' });
  first.hub.publish({ ...change, atMs: later(nowMs, -1_000), from: 'healthy', to: 'offline' });
  first.hub.publish(buildCall({ startedAtMs: nowMs }));
  first.hub.publish(
    buildCall({ startedAtMs: nowMs, outcome: 'tool_error', errorMessage: 'row 7 not found' }),
  );
  first.hub.publish({ fact: 'server_changed', server: SEARCH, keys: ['url'], reopens: 'all' });
  first.hub.publish({ fact: 'reload', atMs: nowMs, ok: true, detail: 'file' });
  const marker = { atMs: nowMs, kind: 'deploy', text: 'v2', server: 'files', by: 'ci' } as const;
  const id = await first.journal.saveMarker(marker);
  await first.journal.close();

  const { journal, hub } = setUp({ path: first.path });
  await journal.start();
  journal.record(hub);
  const { entries, total } = await journal.findCalls({ server: 'files', limit: 10 });
  expect(entries.map(({ outcome }) => outcome)).toEqual(['tool_error', 'success']);
  expect(total).toBe(2);
  const errors = await journal.findErrors({ limit: 10, samples: 1 });
  expect(errors.groups).toMatchObject([
    { server: 'files', pattern: 'row <n> not found', count: 1, id: entries[0]?.errorGroupId },
  ]);
  const markers = await journal.findMarkers({ limit: 10 });
  expect(markers.entries).toContainEqual({ ...marker, id });
  expect(markers.entries).toContainEqual(
    expect.objectContaining({
      kind: 'config',
      text: 'The configuration was reloaded: search changed (url).',
    }),
  );
  expect(await journal.findMarkers({ limit: 10, kinds: ['note'] })).toMatchObject({ total: 0 });
  // Written after what says that there is a second run, so that the first has an end.
  const action = { server: '', atMs: nowMs, by: 'ada', text: '' } as const;
  hub.publish({ fact: 'action', kind: 'check', ...action });
  await until(() => journal.stats()?.rows.actions === 1);
  const [uptime] = await journal.findUptime({ withDays: false });
  const downMs = (uptime?.hours ?? []).reduce((sum, bar) => sum + bar.downMs, 0);
  expect(uptime?.dayRatio).toBeGreaterThan(0);
  expect(uptime?.dayRatio).toBeLessThan(1);
  // It ended with the first journal.
  expect(downMs).toBeLessThan(REAL_CLOCK.nowMs() - nowMs + 1_000);
  const [again] = await journal.findUptime({ server: 'files', withDays: false });
  expect(again?.dayRatio).toBe(uptime?.dayRatio);
});

test('without calls in the journal, their errors are kept all the same', async () => {
  const { journal, hub } = setUp({ keepsCalls: false });
  await journal.start();
  journal.record(hub);
  hub.publish(buildCall());
  hub.publish(buildCall({ outcome: 'timeout', errorType: 'timeout' }));
  await until(() => journal.stats()?.rows.errors === 1);
  expect(journal.stats()?.rows.calls).toBe(0);
});

test('a journal in memory works like one in a file, and leaves nothing', async () => {
  const log = createMemoryLog();
  const journal = createJournal({
    retention: RETENTION,
    keepsCalls: true,
    callsPerSecond: 1_000_000,
    clock: REAL_CLOCK,
    log,
  });
  const before = await readdir('.');
  await journal.start();
  await journal.saveAlerts([buildAlert()]);
  expect(await journal.findAlerts({ limit: 1 })).toHaveLength(1);
  await journal.close();
  expect(await readdir('.')).toEqual(before);
});

test('a damaged file is moved aside with a line in the log, and a new one is begun', async () => {
  const { journal, path, log, messages } = setUp();
  writeFileSync(path, 'this is no database at all, whatever its name says. '.repeat(100));
  await journal.start();
  expect(journal.state().status).toBe('ok');
  await journal.saveAlerts([buildAlert()]);
  expect(messages()).toEqual(['error: journal was damaged, moved aside, and begun anew']);
  expect(existsSync(String(log.lines[0]?.fields['movedTo']))).toBe(true);
});

test('damage that shows only later is moved aside as well, and what was asked is done in the new file', async () => {
  const first = setUp();
  await first.journal.start();
  await first.journal.saveAlerts([buildAlert({ annotations: { summary: 'x'.repeat(3_000) } })]);
  await first.journal.close();
  const { path } = first;
  // The page of the alert itself, which nobody reads at the start.
  const bytes = readFileSync(path);
  const page = Math.floor(bytes.indexOf('exporter:19110') / 4_096) * 4_096;
  expect(page).toBeGreaterThan(0);
  writeFileSync(path, bytes.fill(0xff, page, page + 4_096));
  const { journal, messages } = setUp({ path });
  await journal.start();
  expect(messages()).toEqual([]);
  expect(await journal.findAlerts({ limit: 10 })).toEqual([]);
  await journal.saveAlerts([buildAlert()]);
  expect(await journal.findAlerts({ limit: 10 })).toHaveLength(1);
  expect(messages()).toEqual(['error: journal was damaged, moved aside, and begun anew']);
});

test('a file of a newer version is refused and kept', async () => {
  const { journal, path } = setUp();
  const newer = new DatabaseSync(path);
  newer.exec('CREATE TABLE theirs (a); PRAGMA user_version = 999');
  newer.close();
  await journal.start();
  expect(journal.state()).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining(
      'a newer version of mcp-exporter wrote it (schema 999',
    ) as string,
  });
  const raw = new DatabaseSync(path);
  expect(raw.prepare('SELECT name FROM sqlite_schema').all()).toMatchObject([{ name: 'theirs' }]);
  raw.close();
});

test('a folder that cannot be written costs the journal and nothing else, is said once, and is tried again', async () => {
  const obstacle = join(makeFolder(), 'data');
  writeFileSync(obstacle, 'a file where the folder should be');
  const clock = createFakeClock();
  const { journal, hub, messages } = setUp({ path: join(obstacle, 'journal.sqlite'), clock });
  await journal.start();
  expect(journal.state().status).toBe('failed');
  journal.record(hub);
  hub.publish(observation('search'));
  await expect(journal.saveAlerts([buildAlert()])).rejects.toThrow(/cannot be used/);
  expect(journal.writeErrors()).toBe(1);
  await clock.advance(5_000);
  await until(() => messages().includes('debug: journal still cannot be used'));
  rmSync(obstacle);
  await clock.advance(10_000);
  await until(() => journal.state().status === 'ok');
  expect(messages()).toEqual([
    'error: journal cannot be used, events are not kept',
    'debug: journal still cannot be used',
    'info: journal is in use again',
  ]);
  // What happened meanwhile is not lost.
  await clock.advance(10_000);
  await until(() => rowsOf(journal) === 1);
  expect(journal.dropped()).toBe(0);
});

test('two services do not share a journal: the second says so, and takes over when the first is gone', async () => {
  const clock = createFakeClock();
  const first = setUp();
  await first.journal.start();
  const second = setUp({ path: first.path, clock });
  await second.journal.start();
  expect(second.journal.state().detail).toContain('another process uses it');
  await first.journal.saveAlerts([buildAlert()]);
  await first.journal.close();
  await clock.advance(5_000);
  await until(() => second.journal.state().status === 'ok');
  expect(await second.journal.findAlerts({ limit: 1 })).toHaveLength(1);
});

test('a thread that ends by a mistake fails what it was asked, and another takes its place', async () => {
  const clock = createFakeClock();
  const workerFile = new URL('../fakes/ending-journal-worker.ts', import.meta.url);
  const { journal, messages } = setUp({ clock, workerFile });
  await journal.start();
  await expect(journal.findAlerts({ limit: 1 })).rejects.toThrow('a mistake');
  expect(journal.state().status).toBe('failed');
  await expect(journal.findAlerts({ limit: 1 })).rejects.toThrow('cannot be used');
  await clock.advance(5_000);
  await until(() => journal.state().status === 'ok');
  expect(messages()).toEqual([
    'error: journal cannot be used, events are not kept',
    'info: journal is in use again',
  ]);
});

test('a disk that hangs delays nobody: facts, answers and pages go on, and notifications are refused to be sent again', async () => {
  const workerFile = new URL('../fakes/blocked-journal-worker.ts', import.meta.url);
  const { journal, hub } = setUp({ workerFile });
  await journal.start();
  const alerts = createAlertHistory({ clock: REAL_CLOCK, store: journal, publish: hub.publish });
  const { deps } = fakeHttpDeps([], { alerts, journal, clock: REAL_CLOCK });
  const listener = await listen(createHttpApp(deps), {
    host: '127.0.0.1',
    port: 0,
    clock: REAL_CLOCK,
  });
  if (!listener.ok) throw new Error(listener.message);
  onTestFinished(() => listener.close(0));
  const url = `http://127.0.0.1:${listener.port}`;
  journal.record(hub);

  const untilMs = performance.now() + BLOCKED_MS * 2;
  const page = fetch(`${url}/alerts`).then((response) => response.text());
  let slowestMs = 0;
  let published = 0;
  while (performance.now() < untilMs) {
    const startedAtMs = performance.now();
    for (let index = 0; index < 100; index += 1) hub.publish(observation(`s${index}`));
    published += 100;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
    await delay(5);
  }
  // The thread was held for the whole time; a loop that waited for it once would have taken two seconds.
  expect(slowestMs).toBeLessThan(BLOCKED_MS / 2);
  expect(await page).toContain('The journal is not responding.');
  expect(published).toBeGreaterThan(1_000);
  const notification = {
    version: '4',
    alerts: [{ status: 'firing', labels: {}, startsAt: '2026-01-01T00:00:00Z' }],
  };
  const answer = await fetch(`${url}/api/v1/alerts/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(notification),
  });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(journal.state()).toMatchObject({ status: 'failed' });
});

test('what waits for an answer is bounded, so that a disk that hangs cannot fill the memory', async () => {
  const workerFile = new URL('../fakes/blocked-journal-worker.ts', import.meta.url);
  const { journal, hub } = setUp({ workerFile });
  await journal.start();
  journal.record(hub);
  for (let index = 0; index < 30_000; index += 1) hub.publish(observation('search'));
  // That the service runs is an entry as well.
  expect(journal.dropped()).toBe(10_001);
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, () => {
      const late = journal.findAlerts({ limit: 1 });
      return Promise.race([late, delay(100).then(() => 'waits')]);
    }),
  );
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThanOrEqual(200 - 64);
  expect(String(refused[0] && 'reason' in refused[0] ? refused[0].reason : '')).toContain(
    'too much to do',
  );
});

test('a disk that hangs does not keep the service from ending', async () => {
  const workerFile = new URL('../fakes/blocked-journal-worker.ts', import.meta.url);
  const { journal, hub } = setUp({ workerFile });
  await journal.start();
  journal.record(hub);
  hub.publish(observation('search'));
  const startedAtMs = performance.now();
  await journal.close();
  expect(performance.now() - startedAtMs).toBeLessThan(6_000);
});

const SERVER =
  'mcpServers: { search: { url: "http://127.0.0.1:1/mcp", monitor: { interval: 1s } } }';

test('the service starts and works without a journal that cannot be used, and says so everywhere', async () => {
  const service = await startService({
    config: `gateway: { listen: 'off' }\n${SERVER}`,
    // No file can be written, as on a full disk.
    shell: 'ulimit -S -f 0',
  });
  await until(async () => (await service.servers()).get('search')?.status === 'offline');
  const { status, components } = await service.health();
  expect([status, components['journal']?.status]).toEqual(['degraded', 'degraded']);
  expect(components['journal']?.message).toContain('cannot be used');
  expect(await service.get('/metrics')).toContain('\nmcp_exporter_journal_up 0\n');
  expect(service.lines('journal cannot be used, events are not kept')).toMatchObject([
    { level: 'error' },
  ]);
  expect(await service.get('/servers/search')).toContain('cannot be used');
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
});

test('a full disk costs the journal and nothing else: notifications are refused, and what was kept can be read', async () => {
  // A limit on the size of files is to SQLite what a full disk is.
  const service = await startService({
    config: `gateway: { listen: 'off' }\n${SERVER}`,
    shell: 'ulimit -S -f 1000',
  });
  expect((await service.health()).components['journal']?.status).toBe('ok');
  const send = () =>
    fetch(`${service.url}/api/v1/alerts/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: '4', alerts: largeAlerts() }),
    });
  const statuses = new Set<number>();
  await until(async () => {
    const { status } = await send();
    statuses.add(status);
    return status !== 200;
  });
  expect([...statuses]).toEqual([200, 503]);
  const { status, components } = await service.health();
  expect([status, components['journal']?.status]).toEqual(['degraded', 'degraded']);
  expect(components['journal']?.message).toMatch(/disk/);
  await until(async () => (await service.servers()).get('search')?.status === 'offline');
  // What was acknowledged can still be read.
  const page = JSON.parse(await service.get('/api/v1/alerts?limit=1')) as { alerts: unknown[] };
  expect(page.alerts).toHaveLength(1);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
});

test('with a full disk calls and checks go on, and the journal says that it keeps none', async () => {
  const server = await startScriptedMcpServer({ profile: 'modern' });
  onTestFinished(() => server.close());
  const port = await freePort();
  const service = await startService({
    config: `gateway: { listen: "127.0.0.1:${port}" }
audit: { arguments: true, callsPerSecond: 1000000 }
mcpServers: { a: { url: "${server.url}", monitor: { interval: 1s } } }
`,
    shell: 'ulimit -S -f 1000',
  });
  let calls = 0;
  const callMany = async () => {
    const statuses = Array.from({ length: 50 }, () => callTool(`http://127.0.0.1:${port}/a/mcp`));
    calls += statuses.length;
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
  };
  await until(async () => {
    await callMany();
    return (await service.health()).components['journal']?.status === 'degraded';
  });
  const seen = server.received.length;
  await callMany();
  await until(() => server.received.length > seen + 50);
  expect((await service.servers()).get('a')?.status).toBe('healthy');
  expect(service.lines('journal cannot be used, events are not kept')).not.toEqual([]);
  const page = await service.get('/metrics');
  expect(page).toMatch(/^mcp_exporter_journal_write_errors_total [1-9]/m);
  const counted = page.matchAll(/^mcp_requests_total\{.*operation="tools\/call".*\} (\d+)$/gm);
  expect([...counted].reduce((sum, [, count]) => sum + Number(count), 0)).toBe(calls);
});

async function callTool(url: string): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'note', arguments: { text: 'x'.repeat(2_000) } },
    }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

function largeAlerts(): unknown[] {
  return Array.from({ length: 10 }, () => ({
    status: 'firing',
    labels: { alertname: 'A', instance: randomUUID() },
    annotations: { description: 'x'.repeat(4_000) },
    startsAt: new Date().toISOString(),
  }));
}
