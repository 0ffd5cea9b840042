import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { observeCalls, type SeenCalls } from './support/outcomes/observe-calls.ts';
import {
  beginCall,
  GATEWAY_STOPS,
  playCell,
  routeOf,
  type ServerSide,
  specOf,
} from './support/outcomes/play-cell.ts';
import type { ChildSide, HttpSide } from './support/outcomes/played-server.ts';
import { type Cell, readCells } from './support/outcomes/read-table.ts';
import { servePlayed } from './support/outcomes/serve-played.ts';
import { type Stage, startStage } from './support/outcomes/start-stage.ts';

/**
 * Goal: a call that ends in whatever way on whatever route is counted, logged and traced as docs/outcomes.md says.
 * Method: every cell of the table there with a server and a client of its own, all at once through one gateway, and those in which
 * the gateway stops through another.
 */
const MISSING_MS_MAX = 120_000;

const cells = await readCells();
const failures = new Map<Cell, unknown>();
const ends: (() => Promise<void>)[] = [];
let seen: (server: string) => SeenCalls;

beforeAll(async () => {
  const sides = cells.map((cell) => ({ cell, side: routeOf(cell).createServer(cell.name) }));
  const [observation, served] = await Promise.all([observeCalls(), servePlayed(...split(sides))]);
  ends.push(() => served.close());
  const prepared = sides.map(({ cell, side }) => ({
    cell,
    server: side.server,
    spec: specOf(cell, side, served),
  }));
  observation.addServers(prepared.map(({ spec }) => spec));
  const counts = new Map<string, number>();
  observation.hub.subscribe((fact) => {
    if (fact.fact === 'call' && fact.operation === 'tools/call')
      counts.set(fact.server, (counts.get(fact.server) ?? 0) + 1);
  });
  const isOfStop = ({ cell }: { readonly cell: Cell }): boolean => cell.who === GATEWAY_STOPS;
  const stages = await Promise.all([
    startStage(
      prepared.filter((each) => !isOfStop(each)),
      observation.hub,
    ),
    startStage(prepared.filter(isOfStop), observation.hub),
  ]);
  ends.push(...stages.map((stage) => () => stage.close()));
  await Promise.all([playAll(stages[0]), playAndStop(stages[1])]);
  const isMissing = (cell: Cell): boolean =>
    !failures.has(cell) && (counts.get(cell.name) ?? 0) < cell.expected.length;
  const giveUpMs = performance.now() + MISSING_MS_MAX;
  // What is still missing then fails the test of its cell.
  await until(() => !cells.some(isMissing) || performance.now() > giveUpMs);
  seen = await observation.finish();
}, 300_000);

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

test.each(cells.map((cell) => [cell.route, cell.who, cell.when, cell] as const))(
  '%s, %s %s',
  (_route, _who, _when, cell) => {
    if (failures.has(cell)) throw failures.get(cell);
    const { counted, errorTypes, lines, spans } = seen(cell.name);
    const { expected } = cell;
    const verdicts = expected.map(({ outcome, status }) => `${outcome} ${status}`);
    const errors = expected.flatMap(({ errorType }) => errorType ?? []);
    expect(counted.toSorted()).toEqual(verdicts.toSorted());
    expect(errorTypes.toSorted()).toEqual(errors.toSorted());
    const channels = Object.entries(lines).map(([channel, each]) => [channel, each.length]);
    expect(Object.fromEntries(channels)).toEqual(countChannels(cell));
    expect(lines['audit']?.map(({ outcome, status }) => `${outcome} ${status}`)).toEqual(verdicts);
    expect(lines['audit']?.flatMap((line) => line.error_type ?? [])).toEqual(errors);
    expect(lines['audit']?.map(({ client }) => client)).toEqual(expected.map(() => 'player'));
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const inOrder = lines['audit']?.map((line) => byId.get(line.span_id));
    expect(spans).toHaveLength(expected.length);
    expect(inOrder?.map((span) => span?.attributes['error.type'])).toEqual(
      expected.map(({ spanError }) => spanError),
    );
    expect(inOrder?.map((span) => span?.statusCode)).toEqual(
      expected.map(({ spanError }) => (spanError === undefined ? 0 : 2)),
    );
    expect(inOrder?.map((span) => span?.attributes['mcp_exporter.outcome'])).toEqual(
      expected.map(({ outcome }) => outcome),
    );
  },
);

function countChannels({ expected }: Cell): Record<string, number> {
  const counts: Record<string, number> = { access: expected.length };
  for (const channel of expected.flatMap(({ channels }) => channels))
    counts[channel] = (counts[channel] ?? 0) + 1;
  return counts;
}

async function playAll({ players }: Stage): Promise<void> {
  await Promise.all(
    [...players].map(([cell, each]) => keepFailure(cell, () => playCell(cell, each))),
  );
}

async function playAndStop({ players, stopGateway }: Stage): Promise<void> {
  await Promise.all(
    [...players].map(([cell, each]) =>
      keepFailure(cell, async () => {
        await each.client.open();
        await beginCall(cell, each);
      }),
    ),
  );
  await stopGateway();
}

/** A cell that cannot be played does not keep the others from it. */
async function keepFailure(cell: Cell, play: () => Promise<void>): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error('it waits for something that does not happen')),
    MISSING_MS_MAX,
  );
  try {
    await Promise.race([play(), limit.promise]);
  } catch (error) {
    failures.set(cell, error);
  }
  clearTimeout(timer);
}

function split(
  sides: readonly { readonly cell: Cell; readonly side: ServerSide }[],
): [ReadonlyMap<string, HttpSide>, ReadonlyMap<string, ChildSide>] {
  const https = new Map<string, HttpSide>();
  const children = new Map<string, ChildSide>();
  for (const { cell, side } of sides)
    if (side.over === 'stdio') children.set(cell.name, side.server);
    else https.set(cell.name, side.server);
  return [https, children];
}
