import PQueue from 'p-queue';
import { comparable, differencesBetween, type PlainDifference } from './compare.ts';
import { exceptionOf, setAsideSharedLog } from './exceptions.ts';
import { directKey, type Lane } from './lanes.ts';
import { type Observations, runSide } from './run-side.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: 'not_applicable'; readonly reason: string }
  /** By names of docs/transparency.md. */
  | { readonly kind: 'listed'; readonly names: readonly string[] }
  | { readonly kind: 'different'; readonly differences: readonly PlainDifference[] };

export type Verdicts = ReadonlyMap<string, ReadonlyMap<string, Verdict>>;

/** Sessions at the same time; more would only wait for the processor. */
const LANES_AT_ONCE = 4;
const SHOWN_MAX = 10;

interface JudgeOptions {
  readonly world: World;
  readonly scenarios: readonly Scenario[];
  readonly documentedHeaders: ReadonlySet<string>;
}

/** Runs each lane direct and through the gateway. @returns by the key of the lane and the name of the scenario */
export async function judgeLanes(lanes: readonly Lane[], options: JudgeOptions): Promise<Verdicts> {
  const { world, scenarios } = options;
  const queue = new PQueue({ concurrency: LANES_AT_ONCE });
  const run = (lane: Lane, side: 'direct' | 'through'): Promise<Observations> =>
    queue.add(() => runSide(lane, world[side](lane), scenarios));
  const direct = new Map<string, Promise<Observations>>();
  for (const lane of lanes) {
    const key = directKey(lane);
    if (!direct.has(key)) direct.set(key, run(lane, 'direct'));
  }
  const judged = lanes.map(async (lane) => {
    const [there, here] = await Promise.all([direct.get(directKey(lane)), run(lane, 'through')]);
    const verdicts = scenarios.map(
      (scenario) => [scenario.name, judge(lane, scenario, [there, here], options)] as const,
    );
    return [lane.key, new Map(verdicts)] as const;
  });
  return new Map(await Promise.all(judged));
}

function judge(
  lane: Lane,
  scenario: Scenario,
  [there, here]: readonly [Observations | undefined, Observations | undefined],
  { documentedHeaders }: JudgeOptions,
): Verdict {
  const reason = scenario.notApplicable?.(lane);
  if (reason !== undefined) return { kind: 'not_applicable', reason };
  const [first, second] = [there?.get(scenario.name), here?.get(scenario.name)];
  if (!first || !second) throw new Error(`${lane.key} did not run "${scenario.name}"`);
  const { direct, through, exception } = setAsideSharedLog(
    { direct: first, through: second },
    scenario,
    lane,
  );
  const shown = [direct, through].map((one) => comparable(one, scenario, lane, documentedHeaders));
  const differences = differencesBetween(shown[0], shown[1]);
  const names = new Set(differences.map((one) => exceptionOf(one, scenario, lane)));
  if (exception !== undefined) names.add(exception);
  if (names.size === 0) return { kind: 'equal' };
  const unlisted = differences.filter((one) => exceptionOf(one, scenario, lane) === undefined);
  if (unlisted.length > 0) return { kind: 'different', differences: unlisted.slice(0, SHOWN_MAX) };
  return { kind: 'listed', names: [...names].filter((name) => name !== undefined).toSorted() };
}
