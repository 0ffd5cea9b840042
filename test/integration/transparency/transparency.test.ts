import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDocumentedHeaders } from '../gateway/support/documented-headers.ts';
import { EXCEPTION_NAMES } from './exceptions.ts';
import { judgeLanes, type Verdict, type Verdicts } from './judge-lanes.ts';
import { type Lane, LANES } from './lanes.ts';
import { readListedNames } from './listed-names.ts';
import { renderReport } from './render-report.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { startWorld, type World } from './world.ts';

// Goal: official clients and servers cannot tell the gateway from a direct connection, but for what docs/transparency.md lists.
// Method: the same scenarios direct and through the gateway, on every route and in both eras. Everything that the client and
// the server observed is compared as plain data.

/** Of a machine that is busy with other tests. */
const RUN_MS_MAX = 600_000;
const HEADING = 'What official clients and servers can notice';

let world: World;
let verdicts: Verdicts;

beforeAll(async () => {
  world = await startWorld(LANES);
  const { request: documentedHeaders } = await readDocumentedHeaders();
  verdicts = await judgeLanes(LANES, { world, scenarios: SCENARIOS, documentedHeaders });
}, RUN_MS_MAX);

afterAll(() => world?.stop());

function verdictOf({ key }: Lane, { name }: Scenario): Verdict {
  const verdict = verdicts.get(key)?.get(name);
  if (!verdict) throw new Error(`no verdict on "${name}" for ${key}`);
  return verdict;
}

test.each(LANES)('$key: only what is documented differs', (lane) => {
  const different = SCENARIOS.flatMap((scenario) => {
    const verdict = verdictOf(lane, scenario);
    return verdict.kind === 'different' ? [[scenario.name, verdict.differences]] : [];
  });
  expect(different).toEqual([]);
});

test('every call of a lane went through the gateway', () => {
  for (const lane of LANES) expect(world.callsOf(lane), lane.key).toBeGreaterThan(SCENARIOS.length);
});

test('docs/transparency.md lists these exceptions, and each of them is found', async () => {
  expect(await readListedNames(HEADING)).toEqual(EXCEPTION_NAMES);
  const found = LANES.flatMap((lane) =>
    SCENARIOS.flatMap((scenario) => {
      const verdict = verdictOf(lane, scenario);
      return verdict.kind === 'listed' ? verdict.names : [];
    }),
  );
  expect([...new Set(found)].toSorted()).toEqual(EXCEPTION_NAMES.toSorted());
});

test('the report is up to date', async () => {
  const report = renderReport(LANES, SCENARIOS, verdictOf);
  const path = join(import.meta.dirname, 'report.md');
  await expect(report).toMatchFileSnapshot(path);
});
