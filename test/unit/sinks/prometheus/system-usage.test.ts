import { expect, test } from 'vitest';
import {
  createSystemUsage,
  createSystemUsageSources,
} from '../../../../src/sinks/prometheus/system-usage.ts';

const GIB = 2 ** 30;

function createMachine(files: Record<string, string> = {}) {
  const machine = { files, nowMs: 0, busy: 0, total: 0 };
  const read = createSystemUsage({
    readCgroup: (path) => machine.files[path],
    hostCpu: () => ({ busy: machine.busy, total: machine.total }),
    hostMemory: () => ({ freeBytes: 6 * GIB, totalBytes: 8 * GIB }),
    monotonicMs: () => machine.nowMs,
  });
  return { machine, read };
}

test('without limits the host counts', () => {
  const { machine, read } = createMachine();
  expect(read()).toEqual({ cpuRatio: 0, memoryRatio: 0.25 });
  Object.assign(machine, { nowMs: 10_000, busy: 30, total: 120 });
  expect(read().cpuRatio).toBe(0.25);
});

test('limits of cgroup v2 count, page cache left out', () => {
  const { machine, read } = createMachine({
    'cpu.max': '200000 100000\n',
    'cpu.stat': 'usage_usec 5000000\nuser_usec 1\n',
    'memory.max': `${GIB}\n`,
    'memory.current': `${GIB * 0.75}\n`,
    'memory.stat': `anon 1\ninactive_file ${GIB * 0.25}\n`,
  });
  machine.nowMs = 10_000;
  machine.files['cpu.stat'] = 'usage_usec 10000000\n';
  // 5 of 20 seconds that two processors have in 10.
  expect(read()).toEqual({ cpuRatio: 0.25, memoryRatio: 0.5 });
});

test('"max" in cgroup v2 means the host', () => {
  const { machine, read } = createMachine({
    'cpu.max': 'max 100000\n',
    'cpu.stat': 'usage_usec 0\n',
    'memory.max': 'max\n',
    'memory.current': '1\n',
  });
  Object.assign(machine, { nowMs: 2_000, busy: 1, total: 2 });
  expect(read()).toEqual({ cpuRatio: 0.5, memoryRatio: 0.25 });
});

test('limits of cgroup v1 count', () => {
  const { machine, read } = createMachine({
    'cpu/cpu.cfs_quota_us': '50000\n',
    'cpu/cpu.cfs_period_us': '100000\n',
    'cpuacct/cpuacct.usage': '0\n',
    'memory/memory.limit_in_bytes': `${GIB}\n`,
    'memory/memory.usage_in_bytes': `${GIB}\n`,
    'memory/memory.stat': `total_inactive_file ${GIB / 4}\n`,
  });
  machine.nowMs = 10_000;
  machine.files['cpuacct/cpuacct.usage'] = '5000000000\n';
  expect(read()).toEqual({ cpuRatio: 1, memoryRatio: 0.75 });
});

test('"none" in cgroup v1 means the host', () => {
  const { machine, read } = createMachine({
    'cpu/cpu.cfs_quota_us': '-1\n',
    'cpu/cpu.cfs_period_us': '100000\n',
    'cpuacct/cpuacct.usage': '0\n',
    'memory/memory.limit_in_bytes': '9223372036854771712\n',
    'memory/memory.usage_in_bytes': '1\n',
  });
  Object.assign(machine, { nowMs: 2_000, busy: 1, total: 4 });
  expect(read()).toEqual({ cpuRatio: 0.25, memoryRatio: 0.25 });
});

test('two looks within a second give the same processor use', () => {
  const { machine, read } = createMachine();
  Object.assign(machine, { nowMs: 10_000, busy: 30, total: 120 });
  expect(read().cpuRatio).toBe(0.25);
  Object.assign(machine, { nowMs: 10_999, busy: 31, total: 121 });
  expect(read().cpuRatio).toBe(0.25);
});

test('a burst above the quota is 1, and a counter that went back is 0', () => {
  const { machine, read } = createMachine();
  Object.assign(machine, { nowMs: 10_000, busy: 20, total: 10 });
  expect(read().cpuRatio).toBe(1);
  Object.assign(machine, { nowMs: 20_000, busy: 5, total: 20 });
  expect(read().cpuRatio).toBe(0);
});

test('this machine gives ratios between 0 and 1', () => {
  let nowMs = 0;
  const read = createSystemUsage(createSystemUsageSources(() => nowMs));
  nowMs = 5_000;
  const { cpuRatio, memoryRatio } = read();
  expect(cpuRatio).toBeGreaterThanOrEqual(0);
  expect(cpuRatio).toBeLessThanOrEqual(1);
  expect(memoryRatio).toBeGreaterThan(0);
  expect(memoryRatio).toBeLessThan(1);
});
