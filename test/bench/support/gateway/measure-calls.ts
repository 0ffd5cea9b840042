import { performance } from 'node:perf_hooks';
import { median } from '../statistics.ts';
import type { LoadCall } from './load-protocol.ts';
import type { Rig, Running } from './rig.ts';

export interface CallFigures {
  readonly name: string;
  /** Of the proxy alone; nothing for `direct`. */
  readonly cpuUs: number | undefined;
  /** With the stdio servers behind it. */
  readonly wholeCpuUs: number | undefined;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly callsPerSecond: number;
  readonly residentMb: number | undefined;
  readonly upstreamPerCall: number;
  readonly failures: number;
  /** What the clients themselves spent on a call. */
  readonly clientCpuUs: number;
}

/** All rounds of one contender. */
export type Measured = readonly CallFigures[];

export interface CallPlan {
  readonly call: LoadCall;
  readonly rounds: number;
  readonly seconds: number;
  /** Until the code is compiled, */
  readonly warmUpCalls: number;
  /** or until this is over. */
  readonly warmUpSecondsMax: number;
}

const WARM_UP_STEP_SECONDS = 0.2;

/** Rounds of all contenders interleaved, so that whatever else the machine does hits all alike. */
export async function measureCalls(
  rig: Rig,
  contenders: readonly Running[],
  plan: CallPlan,
): Promise<Measured[]> {
  const measured: CallFigures[][] = contenders.map(() => []);
  for (const contender of contenders) await warmUp(contender, plan);
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [index, contender] of contenders.entries())
      measured[index]?.push(await measureOnce(rig, contender, plan));
  }
  return measured;
}

export async function warmUp(
  contender: Running,
  { call, warmUpCalls, warmUpSecondsMax }: Omit<CallPlan, 'rounds' | 'seconds'>,
): Promise<void> {
  let calls = 0;
  const endMs = performance.now() + warmUpSecondsMax * 1_000;
  while (calls < warmUpCalls && performance.now() < endMs)
    calls += (await contender.run(call, WARM_UP_STEP_SECONDS)).calls;
}

async function measureOnce(rig: Rig, contender: Running, plan: CallPlan): Promise<CallFigures> {
  const requestsBefore = await rig.upstreamRequests();
  const [before, wholeBefore] = [contender.cost(), contender.wholeCost()];
  const result = await contender.run(plan.call, plan.seconds);
  const [after, wholeAfter] = [contender.cost(), contender.wholeCost()];
  const { calls } = result;
  return {
    name: contender.name,
    cpuUs: before && after && (after.cpuUs - before.cpuUs) / calls,
    wholeCpuUs: wholeBefore && wholeAfter && (wholeAfter.cpuUs - wholeBefore.cpuUs) / calls,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    callsPerSecond: calls / result.seconds,
    residentMb: after?.residentMb,
    upstreamPerCall: ((await rig.upstreamRequests()) - requestsBefore) / calls,
    failures: result.failures,
    clientCpuUs: result.cpuUs / calls,
  };
}

export function medianOf(
  rounds: Measured,
  pick: (figures: CallFigures) => number | undefined,
): number | undefined {
  const values = rounds.map(pick).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** The median of the ratios within each round. */
export function ratioOf(
  rounds: Measured,
  base: Measured | undefined,
  pick: (figures: CallFigures) => number | undefined,
): number | undefined {
  const ratios = rounds.flatMap((figures, round) => {
    const own = pick(figures);
    const other = base?.[round] && pick(base[round]);
    return own === undefined || other === undefined ? [] : [own / other];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}
