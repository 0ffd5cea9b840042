import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { type Service, startService } from './support/start-service.ts';
import { startTraffic } from './support/start-traffic.ts';

// Goal: whoever kills the exporter in the middle of writes finds a journal that opens, with everything that was acknowledged.
// Method: kill -9 of the real process while notifications, markers, calls and checks are written, start it again on the same
// file, and compare. What was under way at the kill may be there or not; what was answered with success must be. Calls are
// never acknowledged, but those that the API has shown, one by one or in a sum, must not be gone.

const ROUNDS = process.env['MCP_EXPORTER_FULL'] === '1' ? 200 : 5;
const SENDERS = 3;
const CALLERS = 3;
const KILL_AFTER_MS_MAX = 250;
/** Calls and their sums are written once a second: some rounds last until one of theirs was shown. */
const LONG_ROUND_EVERY = 4;
/** Not so long ago that they would be tidied up. */
const STARTS_AT = new Date(Date.now() - 3_600_000).toISOString();
const ENDS_AT = new Date(Date.now() - 1_800_000).toISOString();

type State = 'firing' | 'resolved' | 'unknown';

interface Sent {
  readonly fingerprint: string;
  readonly state: Exclude<State, 'unknown'>;
}

/** What was told of each alert, by fingerprint. */
type Ledger = Map<string, State>;

function notification(sent: readonly Sent[]): string {
  const alerts = sent.map(({ fingerprint, state }) => ({
    status: state,
    labels: { alertname: 'McpServerOffline', server: 'search', instance: fingerprint },
    annotations: { description: 'x'.repeat(200) },
    startsAt: STARTS_AT,
    endsAt: state === 'resolved' ? ENDS_AT : '0001-01-01T00:00:00Z',
    fingerprint,
  }));
  return JSON.stringify({ version: '4', receiver: 'history', groupKey: '{}', alerts });
}

async function send(service: Service, sent: readonly Sent[], ledger: Ledger): Promise<boolean> {
  // Until it is answered nobody can tell.
  for (const { fingerprint } of sent) ledger.set(fingerprint, 'unknown');
  try {
    const answer = await fetch(`${service.url}/api/v1/alerts/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: notification(sent),
    });
    if (answer.status !== 200) return false;
  } catch {
    return false;
  }
  for (const { fingerprint, state } of sent) ledger.set(fingerprint, state);
  return true;
}

/** Sends until the process is gone: some new alerts each time, and the end of an earlier one. */
async function keepSending(
  service: Service,
  ledger: Ledger,
  name: string,
  onAnswer: () => void,
): Promise<number> {
  let answered = 0;
  for (let turn = 0; service.child.signalCode === null; turn += 1) {
    const fresh = Array.from({ length: 1 + (turn % 5) }, (_, index): Sent => ({
      fingerprint: `${name}-${turn}-${index}`,
      state: 'firing',
    }));
    const earlier = `${name}-${turn - 3}-0`;
    const ended: Sent[] =
      ledger.get(earlier) === 'firing' ? [{ fingerprint: earlier, state: 'resolved' }] : [];
    if (!(await send(service, [...fresh, ...ended], ledger))) break;
    answered += 1;
    onAnswer();
  }
  return answered;
}

/** What of the calls the API has shown, over all rounds. */
interface Shown {
  readonly callIds: Set<number>;
  /** Of the summary; it only ever grows. */
  requests: number;
}

interface AuditPage {
  readonly logs: readonly { readonly id: number }[];
}

interface Summary {
  readonly servers: readonly { readonly server_name: string; readonly requests?: number }[];
}

function requestsOf(summary: string): number {
  const { servers } = JSON.parse(summary) as Summary;
  return servers.find(({ server_name }) => server_name === 'echo')?.requests ?? 0;
}

async function readRequests({ get }: Service): Promise<number> {
  return requestsOf(await get('/api/v1/mcp/metrics/summary'));
}

/** Asks for the calls until the process is gone. */
async function keepReading(service: Service, shown: Shown, onNews: () => void): Promise<void> {
  const ask = (path: string): Promise<string> => service.get(path).catch(() => '');
  const before = shown.callIds.size;
  for (;;) {
    const text = await ask('/api/v1/mcp/audit?limit=20');
    const summary = await ask('/api/v1/mcp/metrics/summary');
    if (text !== '')
      for (const { id } of (JSON.parse(text) as AuditPage).logs) shown.callIds.add(id);
    if (summary !== '') shown.requests = Math.max(shown.requests, requestsOf(summary));
    if (text === '' || summary === '') return;
    if (shown.callIds.size > before) onNews();
    await delay(20);
  }
}

/** Adds markers until the process is gone. */
async function keepMarking(service: Service, name: string, acknowledged: string[]): Promise<void> {
  for (let turn = 0; service.child.signalCode === null; turn += 1) {
    const text = `${name}-${turn}`;
    try {
      const answer = await fetch(`${service.url}/api/v1/markers`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'deploy', text }),
      });
      if (answer.status !== 201) return;
      acknowledged.push(text);
    } catch {
      return;
    }
  }
}

interface Page {
  readonly alerts: readonly { readonly fingerprint: string; readonly state: string }[];
  readonly next_cursor?: string;
}

/** Newest first, as far as pages have alerts with this beginning of the fingerprint. */
async function readAlerts({ get }: Service, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = JSON.parse(await get(`/api/v1/alerts?limit=200&cursor=${cursor}`)) as Page;
    for (const { fingerprint, state } of page.alerts) found.set(fingerprint, state);
    const isBeyond = !page.alerts.some(({ fingerprint }) => fingerprint.startsWith(prefix));
    cursor = isBeyond ? undefined : page.next_cursor;
  }
  return found;
}

function findLosses(ledger: Ledger, kept: ReadonlyMap<string, string>, prefix: string): string[] {
  return [...ledger]
    .filter(([fingerprint, state]) => fingerprint.startsWith(prefix) && state !== 'unknown')
    .filter(([fingerprint, state]) => kept.get(fingerprint) !== state)
    .map(([fingerprint, state]) => `${fingerprint}: ${state}, but ${kept.get(fingerprint)}`);
}

interface Witness {
  readonly ledger: Ledger;
  readonly markers: string[];
  readonly shown: Shown;
  answered: number;
  calls: number;
}

/** Everything at once, until the process is killed. */
async function loadAndKill(service: Service, round: number, witness: Witness): Promise<void> {
  const { ledger, markers, shown } = witness;
  const gateway = String(service.lines('started')[0]?.['gateway']);
  const first = Promise.withResolvers<void>();
  const sending = Array.from({ length: SENDERS }, (_, sender) =>
    keepSending(service, ledger, `r${round}-s${sender}`, first.resolve),
  );
  const callers = Array.from({ length: CALLERS }, () => startTraffic(`${gateway}/echo/mcp`, 0));
  const news = Promise.withResolvers<void>();
  const others = [
    keepReading(service, shown, news.resolve),
    keepMarking(service, `r${round}`, markers),
  ];
  await first.promise;
  if (round % LONG_ROUND_EVERY === LONG_ROUND_EVERY - 1) await news.promise;
  await delay(Math.random() * KILL_AFTER_MS_MAX);
  service.child.kill('SIGKILL');
  await service.ended;
  for (const count of await Promise.all(sending)) witness.answered += count;
  for (const caller of callers) {
    await caller.stop();
    witness.calls += caller.counts().good;
  }
  await Promise.all(others);
}

/** After the last end. @returns how many calls are kept */
function inspectFile(path: string, { markers, shown }: Witness): number {
  const raw = new DatabaseSync(path);
  const textsOf = (sql: string, column: string): Set<unknown> =>
    new Set(
      raw
        .prepare(sql)
        .all()
        .map((row) => row[column]),
    );
  expect(raw.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  const keptMarkers = textsOf("SELECT text FROM markers WHERE kind = 'deploy'", 'text');
  expect(markers.filter((text) => !keptMarkers.has(text))).toEqual([]);
  const keptCalls = textsOf('SELECT id FROM calls', 'id');
  expect([...shown.callIds].filter((id) => !keptCalls.has(id))).toEqual([]);
  raw.close();
  return keptCalls.size;
}

test(`after ${ROUNDS} kills in the middle of writes the journal opens each time, and no acknowledged event is missing`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'journal.sqlite');
  const echo = await startScriptedMcpServer({ profile: 'legacy-session' });
  onTestFinished(() => echo.close());
  // Checks are written as well, as often as they may be made.
  const servers = Array.from(
    { length: 20 },
    (_, index) => `  down-${index}: { url: "http://127.0.0.1:1/${index}" }`,
  );
  const config = `
gateway: { listen: '127.0.0.1:0' }
journal: { path: '${path}' }
log: { level: error }
defaults: { interval: 1s, retryInterval: 1s, offlineAfter: 100, timeout: 1s }
mcpServers:
  echo: { url: '${echo.url}' }
${servers.join('\n')}
`;
  const start = (): Promise<Service> => startService({ config, args: ['--log-level', 'info'] });
  const witness: Witness = {
    ledger: new Map(),
    markers: [],
    shown: { callIds: new Set(), requests: 0 },
    answered: 0,
    calls: 0,
  };
  const { ledger, markers, shown } = witness;
  for (let round = 0; round < ROUNDS; round += 1) {
    const service = await start();
    expect((await service.health()).components['journal']).toEqual({ status: 'ok', message: path });
    const before = `r${round - 1}-`;
    expect(findLosses(ledger, await readAlerts(service, before), before)).toEqual([]);
    expect(await readRequests(service)).toBeGreaterThanOrEqual(shown.requests);
    await loadAndKill(service, round, witness);
  }
  const last = await start();
  expect(findLosses(ledger, await readAlerts(last, ''), '')).toEqual([]);
  expect(await readRequests(last)).toBeGreaterThanOrEqual(shown.requests);
  const checks = Number(
    /^mcp_exporter_journal_rows\{kind="checks"\} (\d+)$/m.exec(await last.get('/metrics'))?.[1],
  );
  last.child.kill('SIGTERM');
  expect(await last.ended).toBe(0);
  const keptCalls = inspectFile(path, witness);
  const alerts = [...ledger.values()].filter((state) => state !== 'unknown').length;
  expect(witness.answered).toBeGreaterThanOrEqual(ROUNDS);
  expect(alerts).toBeGreaterThan(ROUNDS * 2);
  expect(markers.length).toBeGreaterThan(ROUNDS);
  expect(witness.calls).toBeGreaterThan(ROUNDS);
  expect(shown.callIds.size).toBeGreaterThan(0);
  expect(shown.requests).toBeGreaterThan(0);
  expect(checks).toBeGreaterThan(ROUNDS);
  console.warn(
    `${ROUNDS} kills: ${alerts} alerts and ${markers.length} markers acknowledged, ${shown.callIds.size} calls shown, ${shown.requests} in sums, none missing; of ${witness.calls} calls ${keptCalls} kept one by one; ${checks} checks kept`,
  );
});
