import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fillJournal } from '../../../fakes/journal-history.ts';
import { journalQuestions } from '../../../fakes/journal-questions.ts';
import { openInMemory } from './open-in-folder.ts';

// Goal: no question of a page or the API reads a whole table that grows with history.
// Method: each statement that a question prepares is explained by SQLite. In the order of an index, or of ids, as many rows are
// read as a page holds.

const END_MS = Date.UTC(2026, 0, 31);

/**
 * What is bounded: by the configuration, by a number of rows, by one row in five minutes, by the calls that a question
 * examines.
 */
const BOUNDED = ['disablings', 'maintenance_windows', 'error_groups', 'calls_summed_only', 'seen'];
/** Newest first, which is the order of their ids, up to a page. */
const IN_ORDER_OF_IDS: Readonly<Record<string, readonly string[]>> = {
  alerts: ['alerts', 'ended alerts', 'alerts of a day', 'alerts of a day long ago'],
};

/** Has every query explained that is prepared from now on. */
function explainQueries(): string[] {
  const plans: string[] = [];
  const original = Reflect.get(DatabaseSync.prototype, 'prepare');
  const prepare = (database: DatabaseSync, sql: string): StatementSync =>
    original.call(database, sql);
  const spy = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function explain(
    this: DatabaseSync,
    sql: string,
  ) {
    if (/^\s*(?:SELECT|WITH)\b/.test(sql))
      for (const { detail } of prepare(this, `EXPLAIN QUERY PLAN ${sql}`).all())
        plans.push(String(detail));
    return prepare(this, sql);
  });
  onTestFinished(() => spy.mockRestore());
  return plans;
}

/** `SCAN calls`, but neither `SCAN calls USING INDEX …` nor `SCAN (subquery-1)`. */
function tablesReadWhole(plans: readonly string[]): string[] {
  const tables = plans.map((plan) => /^SCAN (\w+)$/.exec(plan)?.[1]);
  return [...new Set(tables)].filter(
    (table) => table !== undefined && !BOUNDED.includes(table),
  ) as string[];
}

test('no question reads a table that grows with history as a whole', () => {
  const database = openInMemory();
  fillJournal(database, 400, END_MS);
  const plans = explainQueries();
  const questions = Object.entries(journalQuestions(database, END_MS));
  const found = questions.flatMap(([question, ask]) => {
    plans.length = 0;
    ask();
    if (!/disablings|maintenance/.test(question)) expect(plans, question).not.toEqual([]);
    return tablesReadWhole(plans)
      .filter((table) => !IN_ORDER_OF_IDS[table]?.includes(question))
      .map((table) => `${question}: ${table}`);
  });
  expect(questions.length).toBeGreaterThan(50);
  expect(found).toEqual([]);
});

test('a question about a column without an index is found', () => {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  database.exec('CREATE TABLE calls (id INTEGER PRIMARY KEY, at_ms INTEGER, method TEXT)');
  database.exec('CREATE INDEX calls_at ON calls (at_ms)');
  const plans = explainQueries();
  database.prepare('SELECT * FROM calls ORDER BY at_ms DESC LIMIT 1').all();
  expect(tablesReadWhole(plans)).toEqual([]);
  database.prepare("SELECT count(*) FROM calls WHERE method = 'ping'").get();
  expect(tablesReadWhole(plans)).toEqual(['calls']);
});
