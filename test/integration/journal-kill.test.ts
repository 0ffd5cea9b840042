import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Service, startService } from './support/start-service.ts';

// Goal: whoever kills the exporter in the middle of writes finds a journal that opens, with everything that was acknowledged.
// Method: kill -9 of the real process while notifications and checks are written, start it again on the same file, and
// compare. What was under way at the kill may be there or not; what was answered with 200 must be.

const ROUNDS = process.env['MCP_EXPORTER_FULL'] === '1' ? 200 : 10;
const SENDERS = 4;
const KILL_AFTER_MS_MAX = 250;
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

interface Page {
  readonly alerts: readonly { readonly fingerprint: string; readonly state: string }[];
  readonly next_cursor?: string;
}

async function readAll({ get }: Service): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = JSON.parse(await get(`/api/v1/alerts?limit=1000&cursor=${cursor}`)) as Page;
    for (const { fingerprint, state } of page.alerts) found.set(fingerprint, state);
    cursor = page.next_cursor;
  }
  return found;
}

function findLosses(ledger: Ledger, kept: ReadonlyMap<string, string>): string[] {
  return [...ledger]
    .filter(([fingerprint, state]) => state !== 'unknown' && kept.get(fingerprint) !== state)
    .map(([fingerprint, state]) => `${fingerprint}: ${state}, but ${kept.get(fingerprint)}`);
}

test(`after ${ROUNDS} kills in the middle of writes the journal opens each time, and no acknowledged alert is missing`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'journal.sqlite');
  // Checks are written as well, as often as they may be made.
  const servers = Array.from(
    { length: 20 },
    (_, index) => `  down-${index}: { url: "http://127.0.0.1:1/${index}" }`,
  );
  const config = `
gateway: { listen: 'off' }
journal: { path: '${path}' }
log: { level: error }
defaults: { interval: 1s, retryInterval: 1s, offlineAfter: 100, timeout: 1s }
mcpServers:
${servers.join('\n')}
`;
  const ledger: Ledger = new Map();
  let answered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const service = await startService({ config, args: ['--log-level', 'info'] });
    expect((await service.health()).components['journal']).toEqual({ status: 'ok', message: path });
    expect(findLosses(ledger, await readAll(service))).toEqual([]);
    const first = Promise.withResolvers<void>();
    const sending = Array.from({ length: SENDERS }, (_, sender) =>
      keepSending(service, ledger, `r${round}-s${sender}`, first.resolve),
    );
    await first.promise;
    await delay(Math.random() * KILL_AFTER_MS_MAX);
    service.child.kill('SIGKILL');
    await service.ended;
    for (const count of await Promise.all(sending)) answered += count;
  }
  const last = await startService({ config, args: ['--log-level', 'info'] });
  const kept = await readAll(last);
  expect(findLosses(ledger, kept)).toEqual([]);
  const acknowledged = [...ledger.values()].filter((state) => state !== 'unknown').length;
  expect(answered).toBeGreaterThanOrEqual(ROUNDS);
  expect(acknowledged).toBeGreaterThan(ROUNDS * 2);
  const checks = Number(
    /^mcp_exporter_journal_rows\{kind="checks"\} (\d+)$/m.exec(await last.get('/metrics'))?.[1],
  );
  expect(checks).toBeGreaterThan(ROUNDS);
  last.child.kill('SIGTERM');
  expect(await last.ended).toBe(0);
  const raw = new DatabaseSync(path);
  expect(raw.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  raw.close();
  console.warn(
    `${ROUNDS} kills: ${answered} notifications answered, ${acknowledged} alerts acknowledged and none missing, ${kept.size} kept, ${checks} checks kept`,
  );
});
