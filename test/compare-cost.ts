/**
 * Goal: does a change make a call through the gateway dearer? Method: the service of this checkout and that of another
 * revision, built the same way, in rounds that alternate; the ratio of the medians of each launch, and the geometric mean
 * over launches, since V8 compiles each process a little differently. The other revision against itself tells the noise:
 *
 *     npm run compare-cost -- REVISION [--launches 4] [--rounds 16] [--config '{"audit":{"journal":false}}']
 *
 * `--config` is for keys that the other revision does not know; they replace those of `createStarter` here only.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildService } from './bench/support/gateway/build-service.ts';
import { measureCalls, medianOf, type Measured } from './bench/support/gateway/measure-calls.ts';
import { createRig } from './bench/support/gateway/rig.ts';
import { temporaryFolder } from './bench/support/gateway/temporary-folder.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    launches: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '1' },
    config: { type: 'string', default: '{}' },
  },
});
const [revision] = positionals;
if (revision === undefined) throw new Error('Which revision? For example: HEAD~1');

const PLAN = {
  call: { tool: 'echo', arguments: { message: 'hi' }, bytesMin: 1 },
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpCalls: 20_000,
  warmUpSecondsMax: 20,
};

function git(...args: string[]): void {
  const { status, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function buildRevision(name: string): string {
  const checkout = join(temporaryFolder('revision'), 'checkout');
  git('worktree', 'add', '--detach', checkout, name);
  try {
    return buildService(checkout);
  } finally {
    git('worktree', 'remove', '--force', checkout);
  }
}

interface Cost {
  readonly cpuUs: number;
  readonly p50Ms: number;
}

function costOf(rounds: Measured): Cost {
  return {
    cpuUs: medianOf(rounds, ({ cpuUs }) => cpuUs) ?? Number.NaN,
    p50Ms: medianOf(rounds, ({ p50Ms }) => p50Ms) ?? Number.NaN,
  };
}

const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

const other = buildRevision(revision);
const rig = await createRig(buildService());
const launches: { readonly before: Cost; readonly after: Cost }[] = [];
for (let launch = 0; launch < Number(values.launches); launch += 1) {
  const starters = [rig.starterOf(other, {}), rig.starterOf(rig.main, JSON.parse(values.config))];
  // Either is first in half of the launches.
  const order = launch % 2 === 0 ? starters : starters.toReversed();
  const running = [];
  for (const starter of order) running.push(await rig.launch(starter.own('legacy')));
  const measured = await measureCalls(rig, running, PLAN);
  for (const one of running) await one.stop();
  const [before, after] = launch % 2 === 0 ? measured : measured.toReversed();
  if (!before || !after) throw new Error('nothing was measured');
  launches.push({ before: costOf(before), after: costOf(after) });
}
await rig.stop();
const ratiosOf = (figure: keyof Cost): readonly number[] =>
  launches.map(({ before, after }) => after[figure] / before[figure]);
const [cpu, p50] = [ratiosOf('cpuUs'), ratiosOf('p50Ms')];
console.table(
  launches.map(({ before, after }, launch) => ({
    'CPU µs before': before.cpuUs.toFixed(0),
    after: after.cpuUs.toFixed(0),
    'ratio of CPU': cpu[launch]?.toFixed(3),
    'ratio of p50': p50[launch]?.toFixed(3),
  })),
);
console.log(
  `Geometric means: CPU ${geometricMean(cpu).toFixed(3)}, p50 ${geometricMean(p50).toFixed(3)}`,
);
