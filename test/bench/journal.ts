/**
 * Goal: what does the journal cost a call, and how long do pages wait for it when it holds a million calls?
 * Method: calls are published at 5,000 a second, with a journal in a real file and without; CPU is that of the whole process,
 * threads included. Then a million calls of 20 servers are written, and each question of a page is asked 40 times.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { createHub, type Hub } from '../../src/facts/hub.ts';
import type { CallRecord } from '../../src/facts/call-record.ts';
import { asEpochMs } from '../../src/facts/time.ts';
import { encodeCall } from '../../src/sinks/journal/call-row.ts';
import { createJournal } from '../../src/sinks/journal/create-journal.ts';
import { type JournalDatabase, openDatabase } from '../../src/sinks/journal/open-database.ts';
import { buildCall } from '../fakes/build-call.ts';
import { createMemoryLog } from '../fakes/memory-log.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';

const RATE = 5_000;
/** As long as sums wait to be written, so that one writing is part of it. */
const SECONDS = Number(process.env['SECONDS'] ?? 30);
const WARM_UP_SECONDS = 6;
/** That are kept one by one: the default of `audit.callsPerSecond`. */
const PER_SECOND = Number(process.env['KEPT'] ?? 200);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const TICK_MS = 10;
const STORED = Number(process.env['CALLS'] ?? 1_000_000);
const ASKED = 40;
const DAY_MS = 86_400_000;
const AGES = { checksMs: 1e12, callsMs: 1e12, errorsMs: 1e12, alertsMs: 1e12, bytesMax: 4e9 };
const FIRST_MS = Date.now() - DAY_MS;

const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-bench-'));

/** One in twenty fails; texts are made anew, as a parser does. */
function callOf(number: number, atMs: number): CallRecord {
  const fresh = (text: string): string => Buffer.from(text).toString();
  const isFailure = number % 20 === 0;
  return buildCall({
    startedAtMs: asEpochMs(atMs),
    server: `server-${number % 20}`,
    target: fresh(`tool-${Math.floor(number / 20) % 5}`),
    requestId: fresh(String(number)),
    session: fresh(`0f8fad5b-d9cb-469f-a165-${String(Math.floor(number / 100)).padStart(12, '0')}`),
    client: { name: fresh(`client-${(number % 53) % 7}`), version: '1.0.0' },
    user: fresh(`user-${number % 53}@example.com`),
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

/** @returns CPU of the process per call, in microseconds */
async function publishAtRate(hub: Hub, seconds: number): Promise<number> {
  const begun = process.cpuUsage();
  const startedMs = performance.now();
  let sent = 0;
  while (sent < RATE * seconds) {
    const due = Math.min(RATE * seconds, ((performance.now() - startedMs) * RATE) / 1_000);
    for (; sent < due; sent += 1) hub.publish(callOf(sent, Date.now()));
    await delay(TICK_MS);
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / sent;
}

async function measureIngest(): Promise<void> {
  const figures: Record<string, string>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const idle = createHub(() => undefined);
    idle.subscribe(() => undefined);
    await publishAtRate(idle, WARM_UP_SECONDS);
    const without = await publishAtRate(idle, SECONDS);
    const journal = createJournal({
      path: join(folder, `ingest-${round}.sqlite`),
      retention: AGES,
      keepsCalls: true,
      callsPerSecond: PER_SECOND,
      clock: REAL_CLOCK,
      log: createMemoryLog(),
    });
    await journal.start();
    const hub = createHub(() => undefined);
    journal.record(hub);
    // Every name is new at first, and kept one by one: that comes once in five minutes.
    await publishAtRate(hub, WARM_UP_SECONDS);
    const withJournal = await publishAtRate(hub, SECONDS);
    await journal.close();
    figures.push({
      'without, µs': without.toFixed(1),
      'with, µs': withJournal.toFixed(1),
      'journal, µs': (withJournal - without).toFixed(1),
      kept: String(journal.stats()?.rows.calls ?? 0),
      lost: String(journal.dropped()),
    });
  }
  console.table(figures);
}

function fill(database: JournalDatabase): void {
  const stepMs = DAY_MS / STORED;
  const startedMs = performance.now();
  for (let first = 0; first < STORED; first += 2_000)
    database.writeCalls(
      Array.from({ length: 2_000 }, (_, index) =>
        encodeCall(callOf(first + index, FIRST_MS + (first + index) * stepMs)),
      ),
    );
  const seconds = (performance.now() - startedMs) / 1_000;
  console.warn(`${STORED} calls written in ${seconds.toFixed(1)} s`);
}

function questions(database: JournalDatabase): Readonly<Record<string, () => unknown>> {
  const limit = 100;
  const nowMs = asEpochMs(FIRST_MS + DAY_MS);
  const fromMs = asEpochMs(FIRST_MS + DAY_MS / 2);
  const hour = { fromMs, toMs: asEpochMs(fromMs + DAY_MS / 24) };
  const day = { fromMs: asEpochMs(FIRST_MS), toMs: nowMs };
  return {
    'newest calls': () => database.findCalls({ limit }),
    'calls of a server': () => database.findCalls({ server: 'server-7', limit }),
    'failures of a server': () =>
      database.findCalls({ server: 'server-0', outcomes: ['tool_error'], limit }),
    'calls of a user': () => database.findCalls({ user: 'user-9@example.com', limit }),
    'a tool of a client': () => database.findCalls({ client: 'client-3', target: 'tool-3', limit }),
    'an hour, 500 calls': () => database.findCalls({ ...hour, limit: 500 }),
    'a search': () => database.findCalls({ search: 'table-3', limit }),
    'a search in vain': () => database.findCalls({ search: 'no such text', limit }),
    'a deep page': () => database.findCalls({ cursor: `${fromMs}-1`, limit }),
    'groups of errors in an hour': () => database.findErrors({ ...hour, limit, samples: 3 }),
    'servers of a day': () => database.summarizeCalls({ by: 'server', ...day, limit }),
    'tools of a server, a day': () =>
      database.summarizeCalls({ by: 'target', server: 'server-7', ...day, limit }),
    'chart of a day': () => database.chartCalls({ ...day, bucketMs: 300_000 }),
  };
}

function measureQuestions(): void {
  const path = join(folder, 'million.sqlite');
  const database = openDatabase(path, AGES);
  fill(database);
  console.warn(`${(statSync(path).size / STORED).toFixed(0)} bytes per call`);
  const figures = Object.entries(questions(database)).map(([question, ask]) => {
    const times = Array.from({ length: ASKED }, () => {
      const startedMs = performance.now();
      ask();
      return performance.now() - startedMs;
    }).toSorted((a, b) => a - b);
    const at = (share: number): string => (times[Math.floor(share * ASKED)] ?? NaN).toFixed(1);
    return { question, 'p50, ms': at(0.5), 'p95, ms': at(0.95), 'max, ms': at(0.999) };
  });
  console.table(figures);
  database.close();
}

try {
  await measureIngest();
  measureQuestions();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
