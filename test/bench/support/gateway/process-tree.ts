import { readFileSync } from 'node:fs';
import { cpuUsOf, memoryOf } from '../process-cost.ts';

export interface TreeCost {
  readonly cpuUs: number;
  readonly residentMb: number;
  readonly processes: number;
}

/**
 * What a process and its descendants have cost so far. Linux only.
 * @param without script whose Node processes are left out
 */
export function costOfTree(pid: number, without?: string): TreeCost {
  let cpuUs = 0;
  let residentMb = 0;
  let processes = 0;
  for (const one of processesUnder(pid)) {
    try {
      const [, script] = readFileSync(`/proc/${one}/cmdline`, 'utf8').split('\0');
      if (without !== undefined && script === without) continue;
      cpuUs += cpuUsOf(one);
      residentMb += memoryOf(one).residentMb;
      processes += 1;
    } catch {
      // It ended meanwhile.
    }
  }
  return { cpuUs, residentMb, processes };
}

function processesUnder(pid: number): number[] {
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    return [];
  }
  const below = children.split(' ').filter(Boolean).map(Number);
  return [pid, ...below.flatMap(processesUnder)];
}
