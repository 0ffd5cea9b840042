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

const geometricMean = (ratios: readonly number[]): number =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

const other = buildRevision(revision);
const rig = await createRig(buildService());
const rows: Record<string, string>[] = [];
const cpuRatios: number[] = [];
const p50Ratios: number[] = [];
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
  const cpu = [before, after].map((one) => medianOf(one, ({ cpuUs }) => cpuUs) ?? Number.NaN);
  const p50 = [before, after].map(
    (one: Measured) => medianOf(one, ({ p50Ms }) => p50Ms) ?? Number.NaN,
  );
  cpuRatios.push(Number(cpu[1]) / Number(cpu[0]));
  p50Ratios.push(Number(p50[1]) / Number(p50[0]));
  rows.push({
    'CPU µs before': Number(cpu[0]).toFixed(0),
    after: Number(cpu[1]).toFixed(0),
    'ratio of CPU': (cpuRatios.at(-1) ?? Number.NaN).toFixed(3),
    'ratio of p50': (p50Ratios.at(-1) ?? Number.NaN).toFixed(3),
  });
}
await rig.stop();
console.table(rows);
console.log(
  `Geometric means: CPU ${geometricMean(cpuRatios).toFixed(3)}, p50 ${geometricMean(p50Ratios).toFixed(3)}`,
);
