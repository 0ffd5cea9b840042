import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PythonClient, startPythonClient } from './clients/python.ts';
import { trySdkV1 } from './clients/sdk-v1.ts';
import { trySdkV2 } from './clients/sdk-v2.ts';
import { EXPECTED_DIFFERENCES } from './expected-differences.ts';
import { type Difference, findDifferences } from './find-differences.ts';
import { createLanes } from './lanes.ts';
import { pythonPath } from './python/install-python.ts';
import { renderRow, renderTable } from './render-table.ts';
import type { OddServer } from './servers/odd-server.ts';
import { type Clients, type Row, tryServer } from './try-server.ts';

const TRY_MS_MAX = 900_000;
/** More rows than this are not a busy machine. */
const RETRIES_MAX = 40;

const IS_FULL = process.env['MCP_EXPORTER_FULL'] === '1';

export interface DescribeOptions {
  /** Only in `npm run test:full` and `npm run test:differential`: it takes minutes. */
  readonly isLong: boolean;
}

/** The tests for a part of the corpus, whose table is `tables/NAME.md`. */
export function describeCorpus(
  name: string,
  servers: readonly OddServer[],
  { isLong }: DescribeOptions,
): void {
  const python = pythonPath();
  const path = join(import.meta.dirname, `tables/${name}.md`);
  describe.skipIf(python === undefined || (isLong && !IS_FULL))(`odd servers: ${name}`, () => {
    let client: PythonClient | undefined;
    let rows: readonly Row[] = [];
    beforeAll(async () => {
      client = startPythonClient(python ?? '');
      const clients = { 'SDK v1': trySdkV1, 'SDK v2': trySdkV2, Python: client.tryClient };
      rows = await tryAll(servers, clients, existsSync(path) ? readFileSync(path, 'utf8') : '');
    }, TRY_MS_MAX);
    afterAll(() => client?.stop());

    test('every difference is expected', () => {
      expect(rows.flatMap(findUnexpected)).toEqual([]);
    });

    test('every expected difference is still there', () => {
      const found = rows.flatMap(findDifferences);
      for (const column of ['prober', 'gateway'] as const) {
        const names = new Set(
          found.filter((one) => one.column === column).map(({ server }) => server),
        );
        const vanished = servers.filter(
          (odd) => expectedIn(column).has(odd.name) && !names.has(odd.name),
        );
        expect({ column, vanished: vanished.map((odd) => odd.name) }).toEqual({
          column,
          vanished: [],
        });
      }
    });

    test('the table is up to date', async () => {
      await expect(renderTable(rows)).toMatchFileSnapshot(path);
    });
  });
}

function findUnexpected(row: Row): readonly Difference[] {
  return findDifferences(row).filter(({ column, server }) => !expectedIn(column).has(server));
}

function expectedIn(column: string): ReadonlySet<string> {
  return new Set(
    EXPECTED_DIFFERENCES.filter((group) => group.column === column).flatMap(
      ({ servers }) => servers,
    ),
  );
}

/**
 * On a busy machine limits pass that should not. So rows that are not as in the table, or differ unexpectedly, are tried
 * again, two at a time.
 */
async function tryAll(
  servers: readonly OddServer[],
  clients: Clients,
  table: string,
): Promise<readonly Row[]> {
  const known = new Set(table.split('\n'));
  const isOther = (row: Row): boolean =>
    (table !== '' && !known.has(renderRow(row))) || findUnexpected(row).length > 0;
  const admit = createLanes(4);
  const first = await Promise.all(servers.map((odd) => tryServer(odd, clients, admit)));
  if (first.filter(isOther).length > RETRIES_MAX) return first;
  const retries = new PQueue({ concurrency: 2 });
  const alone = createLanes(1);
  const retry = (row: Row): Promise<Row> => retries.add(() => tryServer(row.odd, clients, alone));
  return Promise.all(first.map(async (row) => (isOther(row) ? retry(row) : row)));
}
