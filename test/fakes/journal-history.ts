import type { CallRecord } from '../../src/facts/call-record.ts';
import type { DefinitionsEntry } from '../../src/sinks/journal/write-definitions.ts';
import type { JournalEntry } from '../../src/sinks/journal/messages.ts';
import type { JournalDatabase } from '../../src/sinks/journal/open-database.ts';
import { asEpochMs } from '../../src/facts/time.ts';
import { encodeCall } from '../../src/sinks/journal/call-row.ts';
import { buildAlert } from './build-alert.ts';
import { buildCall } from './build-call.ts';

export const DAY_MS = 86_400_000;
export const HISTORY_DAYS = 90;
const SERVERS = 20;
const TOOLS = 5;
const USERS = 53;
const CLIENTS = 7;
const BATCH = 2_000;

/** How many of a hundred events are of each kind; the rest are calls, of which one in twenty fails. */
const SHARES = { check: 25, status: 2, action: 1, marker: 1, alert: 1, definitions: 1 } as const;

export const serverName = (number: number): string => `server-${number % SERVERS}`;

/** One in twenty fails; texts are made anew, as a parser does. */
export function callOf(number: number, atMs: number): CallRecord {
  const fresh = (text: string): string => Buffer.from(text).toString();
  const isFailure = number % 20 === 0;
  const user = number % USERS;
  return buildCall({
    startedAtMs: asEpochMs(atMs),
    server: serverName(Math.floor(number / 7)),
    target: fresh(`tool-${Math.floor(number / 20) % TOOLS}`),
    requestId: fresh(String(number)),
    session: fresh(`0f8fad5b-d9cb-469f-a165-${String(Math.floor(number / 100)).padStart(12, '0')}`),
    client: { name: fresh(`client-${user % CLIENTS}`), version: '1.0.0' },
    user: fresh(`user-${user}@example.com`),
    durationMs: (number % 300) + 0.25,
    tokens: { input: 75, output: 300, source: 'estimated' },
    costUsd: 0.001,
    trace: {
      traceId: fresh((number * 2_654_435_761).toString(16).padStart(32, '0')),
      spanId: 'b7ad6b7169203331',
      sampled: true,
    },
    ...(isFailure && {
      outcome: 'tool_error',
      status: 500,
      errorType: 'tool_error',
      errorMessage: fresh(`row ${number} of "table-${number % 5}" not found`),
    }),
  });
}

/** Some hundreds of events of a fleet, by turns. */
function eventsOf(number: number, atMs: number): readonly JournalEntry[] {
  const server = serverName(Math.floor(number / 100));
  const at = asEpochMs(atMs);
  const kind = number % 100;
  const isUp = Math.floor(number / (100 * SERVERS)) % 2 === 0;
  if (kind < SHARES.check)
    return [
      {
        fact: 'check',
        atMs: at,
        server: serverName(kind),
        kind: 'steady',
        outcome: number % 30 === 0 ? 'timeout' : 'ok',
        detail: number % 30 === 0 ? 'no answer within 10 s' : '',
        durationMs: number % 200,
        status: 'healthy',
      },
    ];
  switch (kind) {
    case 25:
    case 26: {
      const [from, to] = isUp ? ['offline', 'healthy'] : ['healthy', 'offline'];
      return [
        { fact: 'status', atMs: at, server, from, to, reason: `check ${number}` },
        { fact: 'uptime', atMs, server, state: isUp ? 'up' : 'down' },
      ];
    }
    case 27:
      return [{ fact: 'action', kind: 'check', server, atMs: at, by: 'ada', text: `${number}` }];
    case 28:
      return [
        {
          fact: 'marker',
          marker: { atMs: at, kind: 'deploy', by: 'pipeline', text: `v${number}`, server },
        },
      ];
    case 29:
      return alertsOf(number, server, atMs);
    default:
      return [definitionsOf(number, server, atMs)];
  }
}

/** A notification of a start, and of an end half an hour later. */
function alertsOf(number: number, server: string, atMs: number): readonly JournalEntry[] {
  const alert = {
    fingerprint: `${server}-${number % 1_000}`,
    labels: { alertname: 'McpServerOffline', server, severity: 'critical' },
    startsAtMs: asEpochMs(atMs),
    receivedAtMs: asEpochMs(atMs),
  };
  return [buildAlert(alert), buildAlert({ ...alert, endsAtMs: asEpochMs(atMs + DAY_MS / 48) })];
}

function definitionsOf(number: number, server: string, atMs: number): DefinitionsEntry {
  const text = `{\n  "name": "tool-1",\n  "description": "version ${number}"\n}`;
  const listed = [{ kind: 'tools', name: 'tool-1', hash: String(number), text }];
  return { fact: 'definitions', server, atMs, listed };
}

/**
 * Writes calls, failed calls, checks, status changes, uptime, actions, markers, alerts and changed definitions, spread over
 * ninety days.
 */
export function fillJournal(
  database: JournalDatabase,
  count: number,
  endMs: number,
  onBatch: () => void = () => undefined,
): void {
  const stepMs = (HISTORY_DAYS * DAY_MS) / count;
  for (let first = 0; first < count; first += BATCH) {
    const calls: CallRecord[] = [];
    const entries: JournalEntry[] = [];
    for (let number = first; number < Math.min(first + BATCH, count); number += 1) {
      const atMs = Math.round(endMs - HISTORY_DAYS * DAY_MS + number * stepMs);
      if (number % 100 < 31) entries.push(...eventsOf(number, atMs));
      else calls.push(callOf(number, atMs));
    }
    database.writeCalls(calls.map((call) => encodeCall(call)));
    database.write(entries);
    onBatch();
  }
}
