import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  createProcessMeter,
  createProcessTable,
  parseProcessStat,
} from '../../../../src/protocol/stdio/process-usage.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface FakeProcess {
  readonly pid: number;
  readonly parentPid?: number;
  readonly sessionId?: number;
  readonly ticks?: readonly [number, number, number, number];
  readonly residentKibibytes?: number;
  readonly name?: string;
}

function statOf({
  pid,
  parentPid = 1,
  sessionId = pid,
  ticks = [0, 0, 0, 0],
  name = 'node',
}: FakeProcess): string {
  return `${pid} (${name}) S ${parentPid} ${sessionId} ${sessionId} 0 -1 4194560 1 2 3 4 ${ticks.join(' ')} 20 0 1 0 100 1 1`;
}

function fakeProc() {
  const path = mkdtempSync(join(tmpdir(), 'proc-'));
  folders.push(path);
  mkdirSync(join(path, 'self'));
  mkdirSync(join(path, 'sys'));
  return {
    path,
    put(fake: FakeProcess) {
      mkdirSync(join(path, String(fake.pid)), { recursive: true });
      writeFileSync(join(path, String(fake.pid), 'stat'), statOf(fake));
      const status = `Name:\tnode\nVmRSS:\t  ${fake.residentKibibytes ?? 0} kB\n`;
      writeFileSync(join(path, String(fake.pid), 'status'), status);
    },
    remove: (pid: number) => rmSync(join(path, String(pid)), { recursive: true }),
  };
}

function createMeter(path: string) {
  const clock = createFakeClock();
  return { clock, meter: createProcessMeter(createProcessTable(clock, path), 1000) };
}

test('a command with blanks and parentheses does not shift the fields', () => {
  const row = parseProcessStat(
    statOf({ pid: 7, parentPid: 3, sessionId: 5, ticks: [1, 2, 3, 4], name: 'a) R 9 (b' }),
  );
  expect(row).toEqual({
    pid: 7,
    parentPid: 3,
    groupId: 5,
    sessionId: 5,
    isZombie: false,
    cpuSeconds: 0.1,
  });
});

test.each(['', 'no process', '7 (node) S'])('Text that is no stat gives nothing: %j', (text) => {
  expect(parseProcessStat(text)).toBeUndefined();
});

test('CPU and memory add up over the session and over descendants that left it', () => {
  const proc = fakeProc();
  proc.put({ pid: 10, ticks: [100, 50, 20, 30], residentKibibytes: 1000 });
  proc.put({ pid: 11, parentPid: 10, sessionId: 10, ticks: [100, 0, 0, 0], residentKibibytes: 10 });
  proc.put({ pid: 12, parentPid: 11, sessionId: 12, ticks: [100, 0, 0, 0], residentKibibytes: 1 });
  proc.put({ pid: 99, ticks: [9999, 0, 0, 0], residentKibibytes: 9999 });
  expect(createMeter(proc.path).meter.measure(10)).toEqual({
    pid: 10,
    cpuSeconds: 4,
    residentBytes: 1011 * 1024,
  });
});

test('CPU time never decreases, not when a process ends and not across children', async () => {
  const proc = fakeProc();
  const { clock, meter } = createMeter(proc.path);
  proc.put({ pid: 10, ticks: [100, 0, 0, 0] });
  proc.put({ pid: 11, parentPid: 10, sessionId: 10, ticks: [200, 0, 0, 0] });
  expect(meter.measure(10)?.cpuSeconds).toBe(3);
  proc.remove(11);
  await clock.advance(2000);
  expect(meter.measure(10)?.cpuSeconds).toBe(3);
  proc.remove(10);
  proc.put({ pid: 20, ticks: [50, 0, 0, 0] });
  await clock.advance(2000);
  expect(meter.measure(10)).toBeUndefined();
  expect(meter.measure(20)?.cpuSeconds).toBe(3.5);
});

test('one walk serves all servers of a moment', async () => {
  const proc = fakeProc();
  const { clock, meter } = createMeter(proc.path);
  proc.put({ pid: 10, ticks: [100, 0, 0, 0] });
  meter.measure(10);
  proc.put({ pid: 10, ticks: [200, 0, 0, 0] });
  await clock.advance(900);
  expect(meter.measure(10)?.cpuSeconds).toBe(1);
  await clock.advance(200);
  expect(meter.measure(10)?.cpuSeconds).toBe(2);
});

test('where there is no /proc nothing is measured', () => {
  expect(createMeter('/does-not-exist').meter.measure(1)).toBeUndefined();
});
