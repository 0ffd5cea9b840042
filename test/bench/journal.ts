/**
 * Goal: what does the journal cost a call, how long do pages wait for it when it holds a million events, and does it stay within
 * its bounds?
 * Method: calls are published at 5,000 a second, with a journal in a real file and without; CPU is that of the whole process,
 * threads included. Then a million events of 20 servers and 90 days are written, and each question of a page is asked 40 times.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { createHub, type Hub } from '../../src/facts/hub.ts';
import { createJournal } from '../../src/sinks/journal/create-journal.ts';
import { openDatabase } from '../../src/sinks/journal/open-database.ts';
import { callOf, fillJournal } from '../fakes/journal-history.ts';
import { journalQuestions } from '../fakes/journal-questions.ts';
import { createMemoryLog } from '../fakes/memory-log.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';

const PARTS = process.env['PARTS']?.split(',') ?? ['ingest', 'questions', 'bounds'];
const RATE = 5_000;
/** As long as sums wait to be written, so that one writing is part of it. */
const SECONDS = Number(process.env['SECONDS'] ?? 30);
const WARM_UP_SECONDS = 6;
/** That are kept one by one: the default of `audit.callsPerSecond`. */
const PER_SECOND = Number(process.env['KEPT'] ?? 200);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const TICK_MS = 10;
const STORED = Number(process.env['EVENTS'] ?? 1_000_000);
const ASKED = 40;
/** Events between two times of tidying up. */
const PRUNE_EVERY = 20_000;
const MB = 1024 * 1024;
const AGES = { checksMs: 1e12, callsMs: 1e12, errorsMs: 1e12, alertsMs: 1e12, bytesMax: 4e9 };

const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-bench-'));

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

function rssMb(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / MB;
}

/** On a busy machine, the time on the clock says more about the others; CPU is that of the question. */
function costOf(ask: () => unknown): { readonly wallMs: number; readonly cpuMs: number } {
  const begun = process.cpuUsage();
  const startedMs = performance.now();
  ask();
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(begun);
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor(share * sorted.length)] ?? NaN).toFixed(1);
}

/** Every question that a page or the API asks, of a journal that holds a million events of ninety days. */
function measureQuestions(): void {
  const database = openDatabase(join(folder, 'million.sqlite'), AGES);
  const endMs = Date.now();
  const startedMs = performance.now();
  fillJournal(database, STORED, endMs);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  const { rows, sizeBytes } = database.stats();
  console.warn(`${STORED} events written in ${seconds} s, ${(sizeBytes / MB).toFixed(0)} MB`, rows);
  const figures = Object.entries(journalQuestions(database, endMs)).map(([question, ask]) => {
    const costs = Array.from({ length: ASKED }, () => costOf(ask));
    const wallMs = costs.map(({ wallMs }) => wallMs);
    const cpuMs = costs.map(({ cpuMs }) => cpuMs);
    return {
      question,
      'p50, ms': quantile(wallMs, 0.5),
      'p95, ms': quantile(wallMs, 0.95),
      'CPU p50, ms': quantile(cpuMs, 0.5),
      'CPU p95, ms': quantile(cpuMs, 0.95),
    };
  });
  console.table(figures);
  database.close();
}

/** The same events in a journal that may hold a fifth of them: its files and the memory of the process on the way. */
function measureBounds(): void {
  const bytesMax = 64 * MB;
  const database = openDatabase(join(folder, 'bounded.sqlite'), { ...AGES, bytesMax });
  const figures: Record<string, string | number>[] = [];
  let written = 0;
  let largest = 0;
  fillJournal(database, STORED, Date.now(), () => {
    written += 2_000;
    largest = Math.max(largest, database.stats().sizeBytes);
    if (written % PRUNE_EVERY === 0) while (database.prune(Date.now()));
    if (written % (STORED / 5) >= 2_000) return;
    const { rows } = database.stats();
    figures.push({
      events: written,
      'largest, MB': (largest / MB).toFixed(1),
      'allowed, MB': bytesMax / MB,
      'memory, MB': rssMb().toFixed(0),
      calls: rows.calls,
      checks: rows.checks,
    });
  });
  console.table(figures);
  database.close();
}

try {
  if (PARTS.includes('ingest')) await measureIngest();
  if (PARTS.includes('questions')) measureQuestions();
  if (PARTS.includes('bounds')) measureBounds();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
