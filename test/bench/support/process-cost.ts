import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever its kernel's own tick. */
const TICKS_PER_SECOND = 100;
const MIB = 1024 * 1024;

/** CPU time of another process so far, without its children, in microseconds. Linux only. */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks: fields are counted from behind it, where the state is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return (ticks / TICKS_PER_SECOND) * 1e6;
}

export interface Memory {
  readonly residentMb: number;
  readonly peakMb: number;
}

/** Resident memory of another process, now and at its highest. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (key: string): number =>
    (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / MIB;
  return { residentMb: read('VmRSS'), peakMb: read('VmHWM') };
}

export function openFilesMax(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
}
