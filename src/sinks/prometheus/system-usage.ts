import { readFileSync } from 'node:fs';
import * as os from 'node:os';

export interface SystemUsage {
  /** Since the measurement before, 0..1. */
  readonly cpuRatio: number;
  /** Without page cache, 0..1. */
  readonly memoryRatio: number;
}

export interface SystemUsageSources {
  /** The text of a file below `/sys/fs/cgroup`, nothing if there is no such file. */
  readonly readCgroup: (path: string) => string | undefined;
  /** Busy and total time of all processors of the host, in any unit. */
  readonly hostCpu: () => { readonly busy: number; readonly total: number };
  readonly hostMemory: () => { readonly freeBytes: number; readonly totalBytes: number };
  readonly monotonicMs: () => number;
}

interface CpuReading {
  readonly used: number;
  readonly available: number;
}

/** Two scrapes at once would otherwise divide by next to nothing. */
const WINDOW_MS_MIN = 1000;

/**
 * Measures the container where it has a limit (cgroup v2, then v1), else the host; processor and memory separately,
 * since either can be limited alone.
 */
export function createSystemUsage(sources: SystemUsageSources): () => SystemUsage {
  let atMs = sources.monotonicMs();
  let cpu = readCpu(sources, atMs);
  let cpuRatio = 0;

  return () => {
    const nowMs = sources.monotonicMs();
    if (nowMs - atMs >= WINDOW_MS_MIN) {
      const next = readCpu(sources, nowMs);
      cpuRatio = ratio(next.used - cpu.used, next.available - cpu.available);
      cpu = next;
      atMs = nowMs;
    }
    return { cpuRatio, memoryRatio: readMemoryRatio(sources) };
  };
}

/** The files and counters of this machine. */
export function createSystemUsageSources(monotonicMs: () => number): SystemUsageSources {
  return {
    monotonicMs,
    readCgroup(path) {
      try {
        return readFileSync(`/sys/fs/cgroup/${path}`, 'utf8');
      } catch {
        return undefined;
      }
    },
    hostCpu() {
      let busy = 0;
      let idle = 0;
      for (const { times } of os.cpus()) {
        busy += times.user + times.nice + times.sys + times.irq;
        idle += times.idle;
      }
      return { busy, total: busy + idle };
    },
    hostMemory: () => ({ freeBytes: os.freemem(), totalBytes: os.totalmem() }),
  };
}

/** Microseconds of processor time, used and at hand, so that a limit that changes between two readings does little harm. */
function readCpu(sources: SystemUsageSources, nowMs: number): CpuReading {
  const [quotaUs, periodUs] = (sources.readCgroup('cpu.max') ?? '').split(' ').map(Number);
  const usedUs = readField(sources.readCgroup('cpu.stat'), 'usage_usec');
  if (isLimit(quotaUs) && isLimit(periodUs) && usedUs !== undefined) {
    return { used: usedUs, available: nowMs * 1000 * (quotaUs / periodUs) };
  }
  const quotaV1 = readNumber(sources.readCgroup('cpu/cpu.cfs_quota_us'));
  const periodV1 = readNumber(sources.readCgroup('cpu/cpu.cfs_period_us'));
  const usedNs = readNumber(sources.readCgroup('cpuacct/cpuacct.usage'));
  if (isLimit(quotaV1) && isLimit(periodV1) && usedNs !== undefined) {
    return { used: usedNs / 1000, available: nowMs * 1000 * (quotaV1 / periodV1) };
  }
  const { busy, total } = sources.hostCpu();
  return { used: busy, available: total };
}

function readMemoryRatio(sources: SystemUsageSources): number {
  const { freeBytes, totalBytes } = sources.hostMemory();
  const limit = readNumber(sources.readCgroup('memory.max'));
  const used = readNumber(sources.readCgroup('memory.current'));
  if (isLimit(limit) && limit < totalBytes && used !== undefined) {
    const cache = readField(sources.readCgroup('memory.stat'), 'inactive_file') ?? 0;
    return ratio(used - cache, limit);
  }
  const limitV1 = readNumber(sources.readCgroup('memory/memory.limit_in_bytes'));
  const usedV1 = readNumber(sources.readCgroup('memory/memory.usage_in_bytes'));
  // An unlimited v1 group has a limit of nearly 2^63.
  if (isLimit(limitV1) && limitV1 < totalBytes && usedV1 !== undefined) {
    const cache = readField(sources.readCgroup('memory/memory.stat'), 'total_inactive_file') ?? 0;
    return ratio(usedV1 - cache, limitV1);
  }
  return ratio(totalBytes - freeBytes, totalBytes);
}

/** Neither `max` (not a number) nor -1, which v2 and v1 write for "none". */
function isLimit(value: number | undefined): value is number {
  return value !== undefined && value > 0;
}

function readNumber(text: string | undefined): number | undefined {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isNaN(value) ? undefined : value;
}

/** The value of `name` in a file of `name value` lines. */
function readField(text: string | undefined, name: string): number | undefined {
  const line = text?.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return readNumber(line?.slice(name.length + 1));
}

function ratio(part: number, whole: number): number {
  if (!(whole > 0)) return 0;
  return Math.min(1, Math.max(0, part / whole));
}
