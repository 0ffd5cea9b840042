import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import { createMeasurement } from '../../../../../src/protocol/measurement.ts';
import { Secret } from '../../../../../src/facts/secret.ts';
import type { StdioTarget } from '../../../../../src/facts/server.ts';
import { fakeServer, type StdioBehaviour } from '../../../../fakes/stdio-behaviour.ts';
import { check, createTestClient, groupExists, isRunning } from './stdio-setup.ts';
import { asEpochMs, asMonotonicMs } from '../../../../../src/facts/time.ts';

const LEGACY = {
  transport: 'stdio',
  era: 'legacy',
  protocolVersion: '2025-11-25',
  implementation: 'fake',
  version: '1.0.0',
};
const MODERN = { ...LEGACY, era: 'modern', protocolVersion: '2026-07-28' };

/** Waits for something that no event tells. */
function eventually(isTrue: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(isTrue()).toBe(true), { timeout: 5000, interval: 20 });
}

function command(name: string, ...args: string[]): StdioTarget {
  return { kind: 'stdio', command: name, args, env: {} };
}

test.each<[string, StdioBehaviour, object]>([
  ['refuses discover and takes initialize', {}, LEGACY],
  ['answers discover with 2026-07-28', { discover: 'modern' }, MODERN],
  ['answers discover without 2026-07-28', { discover: 'legacy_versions' }, LEGACY],
  ['never answers discover', { discover: 'silent' }, { ...LEGACY, isEraAssumed: true }],
  ['exits on discover', { discover: 'exit' }, LEGACY],
  ['is legacy and sends ids back as text', { idsAsText: true }, LEGACY],
  ['is modern and sends ids back as text', { idsAsText: true, discover: 'modern' }, MODERN],
  [
    'is modern and starts slower than the limit of discover',
    { discover: 'modern', startDelayMs: 700 },
    MODERN,
  ],
  ['is legacy and starts slower than the limit of discover', { startDelayMs: 700 }, LEGACY],
  [
    'exits on discover and starts slower than its limit',
    { discover: 'exit', startDelayMs: 700 },
    LEGACY,
  ],
])('the era of a server is found that %s', async (_, behaviour, identity) => {
  const { probeClient } = createTestClient(fakeServer(behaviour), { discoverLimitMs: 400 });
  expect(await probeClient.open(check())).toEqual({ ok: true, identity });
  expect(probeClient.state()).toBe('open');
});

test.each<[string, 'ping' | 'server/discover', StdioBehaviour]>([
  ['a legacy server by ping', 'ping', {}],
  ['a legacy server that sends ids back as text', 'ping', { idsAsText: true }],
  ['a legacy server that never implemented ping', 'ping', { ping: 'unknown_method' }],
  ['a modern server by discover', 'server/discover', { discover: 'modern' }],
])(
  'a kept child is checked again and again without a new one: %s',
  async (_, method, behaviour) => {
    const { probeClient, facts } = createTestClient(fakeServer(behaviour));
    await probeClient.open(check());
    for (let count = 0; count < 3; count += 1) {
      const options = check();
      expect(await probeClient.request(method, undefined, options)).toMatchObject({ ok: true });
      expect(options.measurement.steps).toMatchObject([{ name: method, ok: true }]);
      expect(options.measurement.bytesSent).toBeGreaterThan(30);
      expect(options.measurement.bytesReceived).toBeGreaterThan(30);
    }
    expect(facts.map((fact) => fact.fact)).toEqual(['child_start']);
  },
);

test('the first check tells its steps and phases', async () => {
  const { probeClient } = createTestClient(fakeServer());
  const { measurement, signal } = check();
  await probeClient.open({ measurement, signal });
  expect(measurement.steps).toMatchObject([
    { name: 'spawn', ok: true, detail: expect.stringMatching(/^process \d+$/u) as string },
    {
      name: 'server/discover',
      ok: false,
      detail: 'server/discover was answered with an error: -32601 refused.',
    },
    { name: 'initialize', ok: true, detail: 'answered' },
  ]);
  expect(Object.keys(measurement.phasesMs)).toEqual(['spawn', 'handshake']);
  expect(measurement.bytesSent).toBeGreaterThan(100);
});

test('a modern server that starts slowly and takes initialize as well is started once more as a modern one', async () => {
  const slow = fakeServer({ discover: 'modern', initialize: 'take_over', startDelayMs: 400 });
  const { probeClient, facts } = createTestClient(slow, { discoverLimitMs: 200 });
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: MODERN });
  expect(await probeClient.request('server/discover', undefined, check())).toMatchObject({
    ok: true,
  });
  await probeClient.close();
  // From now on its era is known, and it has all the time that a start may take.
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: MODERN });
  expect(facts.filter((fact) => fact.fact === 'child_start')).toHaveLength(3);
});

test('a server that answers discover after it was taken for a legacy one is started again as a modern one', async () => {
  const { probeClient, facts } = createTestClient(
    fakeServer({ discover: 'modern', initialize: 'take_over', discoverDelayMs: 1_500 }),
    { discoverLimitMs: 100 },
  );
  expect(await probeClient.open(check())).toEqual({
    ok: true,
    identity: { ...LEGACY, isEraAssumed: true },
  });
  expect(await probeClient.request('ping', undefined, check())).toMatchObject({ ok: true });
  await eventually(() => probeClient.state() === 'closed');
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: MODERN });
  expect(facts.map((fact) => (fact.fact === 'child_exit' ? fact.reason : fact.fact))).toEqual([
    'child_start',
    'stopped',
    'child_start',
  ]);
});

test('a server that never answers discover is asked again by the next child after a minute', async () => {
  const clock = createCountingClock();
  const { probeClient } = createTestClient(fakeServer({ discover: 'silent' }), {
    clock,
    discoverLimitMs: 100,
  });
  const opened = { ok: true, identity: { ...LEGACY, isEraAssumed: true } };
  const stepsOfStart = async (): Promise<readonly string[]> => {
    const options = check();
    expect(await probeClient.open(options)).toEqual(opened);
    await probeClient.close();
    return options.measurement.steps.map(({ name }) => name);
  };
  expect(await stepsOfStart()).toEqual(['spawn', 'server/discover', 'initialize']);
  expect(await stepsOfStart()).toEqual(['spawn', 'initialize']);
  clock.skip(61_000);
  expect(await stepsOfStart()).toEqual(['spawn', 'server/discover', 'initialize']);
});

test('a modern server whose first child ends is not taken for a legacy one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stdio-'));
  const program = join(folder, 'server');
  const { command: node, args } = fakeServer({ discover: 'modern', initialize: 'take_over' });
  const line = [node, ...args].map((word) => `'${word}'`).join(' ');
  writeFileSync(
    program,
    `#!/bin/sh\nread first\n[ -e '${folder}/seen' ] || { touch '${folder}/seen'; exit 1; }\n` +
      `{ echo "$first"; cat; } | ${line}\n`,
    { mode: 0o755 },
  );
  const { probeClient, facts } = createTestClient({ ...command(program) });
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: MODERN });
  expect(facts[1]).toMatchObject({ fact: 'child_exit', reason: 'exit_nonzero', code: 1 });
  await probeClient.close();
  rmSync(folder, { recursive: true });
});

test('a server that became another one is asked for its era again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stdio-'));
  const program = join(folder, 'server');
  const become = (behaviour: StdioBehaviour): void => {
    const { command, args } = fakeServer(behaviour);
    const line = [command, ...args].map((word) => `'${word}'`).join(' ');
    writeFileSync(program, `#!/bin/sh\nexec ${line}\n`, { mode: 0o755 });
  };
  const clock = createCountingClock();
  const { probeClient } = createTestClient(
    { kind: 'stdio', command: program, args: [], env: {} },
    { clock },
  );
  become({});
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: LEGACY });
  await probeClient.close();
  become({ discover: 'modern', initialize: 'refuse' });
  expect(await probeClient.open(check())).toMatchObject({
    ok: false,
    failure: { outcome: 'rpc_error' },
  });
  clock.skip(2000);
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: MODERN });
  await probeClient.close();
  become({ discover: 'exit' });
  expect(await probeClient.open(check())).toMatchObject({
    ok: false,
    failure: { outcome: 'exit' },
  });
  clock.skip(5000);
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: LEGACY });
  await probeClient.close();
  rmSync(folder, { recursive: true });
});

test('a configured era is not questioned', async () => {
  const legacy = createTestClient(fakeServer({ discover: 'exit' }), { era: 'legacy' });
  expect(await legacy.probeClient.open(check())).toEqual({ ok: true, identity: LEGACY });
  expect(legacy.facts).toHaveLength(1);
  const modern = createTestClient(fakeServer(), { era: 'modern' });
  expect(await modern.probeClient.open(check())).toMatchObject({
    failure: { outcome: 'rpc_error', rpcCode: -32601 },
  });
});

test('a server that exits on discover is asked twice, and its ends are not held against it', async () => {
  const { probeClient, facts } = createTestClient(fakeServer({ discover: 'exit' }));
  await probeClient.open(check());
  await probeClient.close();
  expect(await probeClient.open(check())).toMatchObject({ ok: true });
  await probeClient.close();
  expect(facts.map((fact) => (fact.fact === 'child_exit' ? fact.reason : fact.fact))).toEqual([
    'child_start',
    'stopped',
    'stopped',
    'stopped',
    'child_start',
    'stopped',
  ]);
});

test('a server that exits at once fails with its last words, and is not started again at once', async () => {
  const stderr = 'node:internal\n  throw err\n\nError: no such thing\n    at y\n\nNode.js v24\n';
  const { probeClient, facts } = createTestClient(fakeServer({ exitAtOnce: { code: 3, stderr } }));
  expect(await probeClient.open(check())).toEqual({
    ok: false,
    failure: {
      outcome: 'exit',
      detail: 'The process ended with code 3. It last wrote: Error: no such thing',
    },
  });
  const startedCount = facts.length;
  expect(facts.at(-1)).toMatchObject({
    fact: 'child_exit',
    reason: 'exit_nonzero',
    code: 3,
    signal: null,
  });
  expect(await probeClient.open(check())).toMatchObject({
    failure: {
      outcome: 'exit',
      detail: expect.stringContaining('It is not started again for another') as string,
    },
  });
  expect(facts).toHaveLength(startedCount);
});

test('after the back-off a server that exited is started again', async () => {
  const clock = createCountingClock();
  const { probeClient, facts } = createTestClient(fakeServer({ ping: 'crash' }), { clock });
  await probeClient.open(check());
  await probeClient.request('ping', undefined, check());
  expect(await probeClient.open(check())).toMatchObject({ ok: false });
  clock.skip(1100);
  expect(await probeClient.open(check())).toMatchObject({ ok: true });
  expect(facts.filter((fact) => fact.fact === 'child_start')).toHaveLength(2);
});

test('a server that dies in the middle of a request fails that request and closes the client', async () => {
  const { probeClient, facts } = createTestClient(fakeServer({ ping: 'crash' }));
  await probeClient.open(check());
  expect(await probeClient.request('ping', undefined, check())).toEqual({
    ok: false,
    failure: { outcome: 'exit', detail: 'The process ended on signal SIGSEGV.' },
  });
  expect(probeClient.state()).toBe('closed');
  expect(probeClient.clientTransport()).toBeUndefined();
  expect(facts.at(-1)).toMatchObject({ fact: 'child_exit', reason: 'signal', signal: 'SIGSEGV' });
});

test.each<[string, StdioTarget, string]>([
  ['a command that does not exist', command('/no/such/command'), 'ENOENT'],
  ['a file that may not be executed', command('/etc/passwd'), 'EACCES'],
  ['a folder that does not exist', { ...command('true'), cwd: '/no/such/folder' }, 'ENOENT'],
  ['an argument that no system takes', command('true', 'a\0b'), 'null bytes'],
])('what cannot be started is a spawn failure: %s', async (_, target, words) => {
  const { probeClient, facts } = createTestClient(target);
  const opened = await probeClient.open(check());
  expect(opened).toMatchObject({ ok: false, failure: { outcome: 'spawn' } });
  expect(JSON.stringify(opened)).toContain(words);
  expect(facts).toMatchObject([{ fact: 'child_exit', reason: 'spawn_failed' }]);
});

test('a slow server is waited for across checks, by one child', async () => {
  // Of the start as a whole, and of the first check, which is over before any machine has the answer.
  const limitsMs = [20_000, 500];
  const { probeClient, facts } = createTestClient(fakeServer({ startDelayMs: 1_000 }), {
    startTimeoutMs: () => limitsMs.shift() ?? 20_000,
  });
  expect(await probeClient.open(check())).toEqual({
    ok: false,
    failure: {
      outcome: 'timeout',
      detail: 'The process runs but did not answer within 500 ms: still starting?',
    },
  });
  expect(await probeClient.open(check())).toEqual({ ok: true, identity: LEGACY });
  expect(facts.map((fact) => fact.fact)).toEqual(['child_start']);
});

test('a server that never answers is ended after three start limits', async () => {
  const { probeClient, facts } = createTestClient(
    fakeServer({ discover: 'silent', initialize: 'silent' }),
    {
      startTimeoutMs: () => 300,
      discoverLimitMs: 100,
    },
  );
  for (let count = 0; count < 2; count += 1) {
    expect(await probeClient.open(check())).toMatchObject({ failure: { outcome: 'timeout' } });
  }
  await eventually(() => facts.some((fact) => fact.fact === 'child_exit'));
  expect(facts).toMatchObject([{ fact: 'child_exit', reason: 'stopped' }]);
  expect(await probeClient.open(check())).toMatchObject({
    failure: { outcome: 'timeout', detail: expect.stringContaining('not started again') as string },
  });
});

test('a refused initialize is the server’s answer, and leaves no child', async () => {
  const { probeClient, pids } = createTestClient(fakeServer({ initialize: 'refuse' }));
  expect(await probeClient.open(check())).toMatchObject({
    failure: { outcome: 'rpc_error', rpcCode: -32000 },
  });
  await eventually(() => pids().every((pid) => !groupExists(pid)));
});

test('a child that leaves two requests in a row unanswered is replaced', async () => {
  const { probeClient, pids } = createTestClient(fakeServer({ ping: 'silent' }));
  await probeClient.open(check());
  for (let count = 0; count < 2; count += 1) {
    expect(probeClient.state()).toBe('open');
    expect(await probeClient.request('ping', undefined, check(50))).toMatchObject({
      failure: { outcome: 'timeout' },
    });
  }
  expect(probeClient.state()).toBe('closed');
  await eventually(() => !groupExists(pids()[0] as number));
});

test('a server that ignores the end of its input and SIGTERM is killed within the limit', async () => {
  const { probeClient, pids, facts } = createTestClient(fakeServer({ isStubborn: true }));
  await probeClient.open(check());
  const startedAtMs = performance.now();
  await probeClient.close();
  expect(performance.now() - startedAtMs).toBeLessThan(4500);
  expect(groupExists(pids()[0] as number)).toBe(false);
  await eventually(() => facts.length === 2);
  expect(facts[1]).toMatchObject({ fact: 'child_exit', reason: 'stopped', signal: 'SIGKILL' });
});

test('a well-behaved server ends by the end of its input, without a signal', async () => {
  const { probeClient, facts } = createTestClient(fakeServer());
  await probeClient.open(check());
  await probeClient.close();
  await eventually(() => facts.length === 2);
  expect(facts[1]).toMatchObject({ fact: 'child_exit', reason: 'stopped', code: 0, signal: null });
});

test.each(['in_group', 'own_group'] as const)(
  'What a server started dies with it: %s',
  async (grandchild) => {
    const { probeClient } = createTestClient(fakeServer({ grandchild }));
    const opened = await probeClient.open(check());
    const grandchildPid = opened.ok ? Number(opened.identity.version) : 0;
    expect(isRunning(grandchildPid)).toBe(true);
    await probeClient.close();
    expect(isRunning(grandchildPid)).toBe(false);
  },
);

test('what a server started dies with it also where the server crashes', async () => {
  const { probeClient } = createTestClient(fakeServer({ grandchild: 'in_group', ping: 'crash' }));
  const opened = await probeClient.open(check());
  const grandchildPid = opened.ok ? Number(opened.identity.version) : 0;
  expect(await probeClient.request('ping', undefined, check())).toMatchObject({
    failure: { outcome: 'exit' },
  });
  await eventually(() => !isRunning(grandchildPid));
});

test('at the last moment everything can be killed synchronously', async () => {
  const { probeClient, pids, killAll } = createTestClient(
    fakeServer({ isStubborn: true, grandchild: 'own_group' }),
  );
  await probeClient.open(check());
  killAll();
  await eventually(() => !groupExists(pids()[0] as number));
});

test.each([
  ['while its child is spawned', 0],
  ['while its child starts', 100],
])('a probe client may be closed %s, and be opened again', async (_, limitMs) => {
  const { probeClient, pids } = createTestClient(fakeServer({ startDelayMs: 500 }));
  const opening = probeClient.open(check(limitMs));
  if (limitMs > 0) await opening;
  await probeClient.close();
  expect(await opening).toMatchObject({ ok: false });
  expect(probeClient.state()).toBe('closed');
  expect(await probeClient.open(check())).toMatchObject({ ok: true });
  expect(pids().filter(groupExists)).toHaveLength(1);
});

test('a server that floods its standard error answers all the same and costs no memory', async () => {
  const { probeClient, facts } = createTestClient(
    fakeServer({ stderrBytes: 50_000_000, discover: 'modern' }),
  );
  const before = await retainedBytes();
  await probeClient.open(check());
  for (let count = 0; count < 20; count += 1) {
    expect(await probeClient.request('server/discover', undefined, check())).toMatchObject({
      ok: true,
    });
  }
  expect(await probeClient.request('flooded', undefined, check())).toMatchObject({ ok: true });
  await probeClient.close();
  await eventually(() => facts.length === 2);
  expect((await retainedBytes()) - before).toBeLessThan(25_000_000);
  const exit = facts[1];
  expect(exit?.fact === 'child_exit' && exit.stderrTail.length).toBeLessThanOrEqual(4096);
  expect(exit?.fact === 'child_exit' && exit.stderrTail).toMatch(/^e{99}\n(?:.|\n)*flooded$/u);
});

test('lines that are no JSON are skipped, counted and shown, with secrets masked', async () => {
  const { probeClient } = createTestClient(
    fakeServer({ garbageLines: 3 }, { FAKE_TOKEN: 'hunter2-hunter2' }),
    {
      secrets: [new Secret('hunter2-hunter2')],
    },
  );
  await probeClient.open(check());
  const { signal, measurement } = check();
  await probeClient.request('ping', undefined, { signal, measurement });
  expect(measurement.steps).toMatchObject([
    {
      ok: true,
      detail: 'answered (skipped 3 lines that are no JSON, first: "listening, token is ***")',
    },
  ]);
});

test('a line of 10 MB is a protocol error that names the limit, and the next answer is read', async () => {
  const { probeClient } = createTestClient(fakeServer({ ping: 'huge_line' }));
  await probeClient.open(check());
  expect(await probeClient.request('ping', undefined, check())).toEqual({
    ok: false,
    failure: {
      outcome: 'protocol',
      detail: 'The answer to ping cannot be used: the server sent a line of more than 4 MiB.',
    },
  });
  expect(await probeClient.request('tools/list', undefined, check())).toMatchObject({ ok: true });
});

test('requests of the server are answered while ours waits', async () => {
  const { probeClient } = createTestClient(fakeServer({ ping: 'ask_first' }));
  await probeClient.open(check());
  expect(await probeClient.request('ping', undefined, check())).toEqual({
    ok: true,
    result: {
      answers: [
        { jsonrpc: '2.0', id: 'ask-1', result: {} },
        {
          jsonrpc: '2.0',
          id: 0,
          error: { code: -32601, message: 'Method not found: sampling/createMessage' },
        },
      ],
    },
  });
});

test('an error without an id belongs to the only request that waits', async () => {
  const { probeClient } = createTestClient(fakeServer({ ping: 'null_id' }));
  await probeClient.open(check());
  expect(await probeClient.request('ping', undefined, check())).toMatchObject({
    failure: { rpcCode: -32700 },
  });
});

test('the child has our environment with the configured one on top, and the configured folder', async () => {
  const { probeClient } = createTestClient({
    ...fakeServer({}, { FAKE_TOKEN: 'hunter2', HOME: '/elsewhere' }),
    cwd: '/',
  });
  await probeClient.open(check());
  expect(await probeClient.request('environment', undefined, check())).toMatchObject({
    result: {
      cwd: '/',
      env: { FAKE_TOKEN: 'hunter2', HOME: '/elsewhere', PATH: process.env['PATH'] },
    },
  });
});

test('CPU time and memory of the child are measured, and CPU time goes on with the next child', async () => {
  const clock = createCountingClock();
  const { probeClient } = createTestClient(fakeServer(), { clock });
  expect(probeClient.processUsage()).toBeUndefined();
  await probeClient.open(check());
  const first = probeClient.processUsage();
  expect(first?.cpuSeconds).toBeGreaterThan(0);
  expect(first?.residentBytes).toBeGreaterThan(10_000_000);
  await probeClient.close();
  expect(probeClient.processUsage()).toBeUndefined();
  await probeClient.open(check());
  clock.skip(1100);
  const second = probeClient.processUsage();
  expect(second?.pid).not.toBe(first?.pid);
  expect(second?.cpuSeconds).toBeGreaterThan(first?.cpuSeconds ?? 0);
});

test('two hundred checks leave nothing behind: no listener, no timer, no process', async () => {
  const clock = createCountingClock();
  const { probeClient, pids } = createTestClient(fakeServer(), { clock });
  const { signal } = new AbortController();
  const listenersBefore = process.listenerCount('exit');
  await probeClient.open({ signal, measurement: createMeasurement() });
  for (let count = 0; count < 200; count += 1) {
    const options = { signal, measurement: createMeasurement() };
    expect(await probeClient.request('ping', undefined, options)).toMatchObject({ ok: true });
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(clock.pendingCount()).toBe(0);
  await probeClient.close();
  expect(groupExists(pids()[0] as number)).toBe(false);
  expect(process.listenerCount('exit')).toBe(listenersBefore);
  await eventually(() => !process.getActiveResourcesInfo().includes('ProcessWrap'));
});

/**
 * Heap and buffers that are still referenced, in bytes: garbage depends on when the collector ran
 * last. The memory of a collected buffer is given back a turn of the event loop later.
 */
async function retainedBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round += 1) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Real time that can be moved forward, and that knows which timers still run. */
function createCountingClock() {
  const clock = createSystemClock();
  const timers = new Set<object>();
  let skippedMs = 0;
  return {
    nowMs: () => asEpochMs(clock.nowMs() + skippedMs),
    monotonicMs: () => asMonotonicMs(clock.monotonicMs() + skippedMs),
    after(delayMs: number, run: () => void) {
      const key = {};
      timers.add(key);
      const timer = clock.after(delayMs, () => {
        timers.delete(key);
        run();
      });
      return {
        cancel() {
          timers.delete(key);
          timer.cancel();
        },
      };
    },
    pendingCount: () => timers.size,
    skip: (ms: number) => (skippedMs += ms),
  };
}
