/**
 * Goal: what does the gateway cost beside talking to the server itself, nginx, the shortest Node proxy, and its peers from npm?
 * Method: an MCP server without an SDK, clients on bare sockets in a process of their own, eight connections in a closed
 * loop; rounds of all contenders interleaved; medians of rounds, ratios within a round. CPU is that of the proxy's
 * processes by /proc (Linux only), less the stdio servers behind it. The gateway is the real service with its metrics, access and
 * audit log, limits and tracing on. `--quick` takes a minute; `--profile` shows what the gateway spends its time on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { buildService } from './support/gateway/build-service.ts';
import { find, printCalls, printGoal, show } from './support/gateway/call-table.ts';
import { type Contender, hasNginx, type Starter } from './support/gateway/contenders.ts';
import { installPeers } from './support/gateway/install-peers.ts';
import type { LoadCall } from './support/gateway/load-protocol.ts';
import {
  measureCalls,
  type Measured,
  medianOf,
  ratioOf,
  warmUp,
} from './support/gateway/measure-calls.ts';
import { printProfile } from './support/gateway/print-profile.ts';
import { createRig, type Rig, type Running } from './support/gateway/rig.ts';
import { temporaryFolder } from './support/gateway/temporary-folder.ts';

const isQuick = process.argv.includes('--quick');
const PLAN = isQuick
  ? {
      rounds: 2,
      seconds: 0.6,
      warmUpCalls: 4_000,
      warmUpSecondsMax: 1,
      streams: 1_000,
      holdMs: 500,
      listenSeconds: 1.5,
    }
  : {
      rounds: 3,
      seconds: 2,
      // V8 goes on compiling for about ten thousand calls, the longer the more code there is.
      warmUpCalls: 20_000,
      warmUpSecondsMax: 15,
      streams: 1_000,
      holdMs: 3_000,
      listenSeconds: 5,
    };

const PROFILED_SECONDS = 8;
const LAUNCHES_MAX = 3;

const ECHO: LoadCall = { tool: 'echo', arguments: { message: 'hi' }, bytesMin: 1 };
const RESULTS: readonly { readonly title: string; readonly call: LoadCall }[] = [
  { title: 'small echo as SSE', call: { ...ECHO, tool: 'echo_sse' } },
  { title: '100 kB as JSON', call: blob('blob', 100_000) },
  { title: '100 kB as SSE', call: blob('blob_sse', 100_000) },
  { title: '10 MB as JSON', call: blob('blob', 10_000_000) },
  { title: '10 MB as SSE', call: blob('blob_sse', 10_000_000) },
];

function blob(tool: string, bytes: number): LoadCall {
  return { tool, arguments: { bytes }, bytesMin: bytes };
}

const nginxIsThere = hasNginx();
if (!nginxIsThere) console.warn('SKIPPED: nginx is not installed; the tables lack its rows');
const peersAreThere = !process.argv.includes('--profile') && installPeers();
if (!peersAreThere) console.warn('SKIPPED: the peers of test/fixtures/peers are not installed');

type Start = (starter: Starter) => Promise<Contender> | undefined;
const nginx: Start = (starter) => (nginxIsThere ? starter.nginx('legacy') : undefined);
const peer =
  (start: (starter: Starter) => Promise<Contender>): Start =>
  (starter) =>
    peersAreThere ? start(starter) : undefined;

async function launchAll(rig: Rig, starts: readonly Start[]): Promise<Running[]> {
  const running = [];
  for (const start of starts) {
    const one = await launch(rig, start, LAUNCHES_MAX);
    if (one) running.push(one);
  }
  return running;
}

/** A free port may be taken by somebody else before the program has it. */
async function launch(rig: Rig, start: Start, tries: number): Promise<Running | undefined> {
  const starting = start(rig.starter);
  if (!starting) return undefined;
  try {
    return await rig.launch(starting);
  } catch (error) {
    if (tries <= 1) throw error;
    return launch(rig, start, tries - 1);
  }
}

async function stopAll(running: readonly Running[]): Promise<void> {
  for (const one of running) await one.stop();
}

/** @returns calls per second through the gateway */
async function benchCalls(rig: Rig): Promise<number> {
  const running = await launchAll(rig, [
    (starter) => starter.direct('legacy'),
    nginx,
    (starter) => starter.bare('legacy'),
    (starter) => starter.own('legacy'),
    (starter) => (isQuick ? undefined : starter.own('legacy', 'every call sampled')),
    peer((starter) => starter.civic()),
    peer((starter) => starter.mcpRemote()),
    peer((starter) => starter.supergateway()),
  ]);
  const legacy = await measureCalls(rig, running, { ...PLAN, call: ECHO });
  console.log('\nSmall echo, legacy with a session per connection');
  printCalls(legacy, { withUpstreamRequests: true });
  await stopAll(running);
  const own = find(legacy, 'this gateway') ?? [];
  printCallGoals(legacy, own);
  return medianOf(own, ({ callsPerSecond }) => callsPerSecond) ?? Number.NaN;
}

async function benchModernCalls(rig: Rig): Promise<void> {
  const running = await launchAll(rig, [
    (starter) => starter.direct('modern'),
    (starter) => (nginxIsThere ? starter.nginx('modern') : undefined),
    (starter) => starter.bare('modern'),
    (starter) => starter.own('modern'),
  ]);
  const modern = await measureCalls(rig, running, { ...PLAN, call: ECHO });
  console.log('\nSmall echo, modern (2026-07-28)');
  printCalls(modern, { withUpstreamRequests: true });
  await stopAll(running);
}

function printCallGoals(measured: readonly Measured[], own: Measured): void {
  const cpu = ratioOf(own, find(measured, 'bare'), ({ cpuUs }) => cpuUs);
  const peers = ['civic', 'mcp-remote', 'supergateway'].flatMap(
    (name) => ratioOf(own, find(measured, name), ({ cpuUs }) => cpuUs) ?? [],
  );
  printGoal('CPU against the bare Node proxy', cpu, 1, ' ×');
  printGoal(
    'CPU against nginx',
    ratioOf(own, find(measured, 'nginx'), (one) => one.cpuUs),
    2,
    ' ×',
  );
  printGoal(
    'CPU against the cheapest peer from npm',
    peers.length > 0 ? Math.max(...peers) : undefined,
    0.25,
    ' ×',
  );
  printGoal(
    'p50 against direct',
    ratioOf(own, measured[0], ({ p50Ms }) => p50Ms),
    1.8,
    ' ×',
  );
  printGoal(
    'RSS under this load',
    medianOf(own, ({ residentMb }) => residentMb),
    120,
    ' MB',
  );
  const [direct] = measured;
  const clients = direct && medianOf(direct, ({ clientCpuUs }) => clientCpuUs);
  console.log(`  The clients themselves spend ${show(clients, 0)} µs on a call.`);
}

async function benchResults(rig: Rig): Promise<void> {
  const running = await launchAll(rig, [
    (starter) => starter.direct('legacy'),
    nginx,
    (starter) => starter.bare('legacy'),
    (starter) => starter.own('legacy'),
    isQuick ? () => undefined : peer((starter) => starter.civic()),
  ]);
  for (const { title, call } of isQuick ? RESULTS.slice(1, 3) : RESULTS) {
    const plan = {
      call,
      rounds: PLAN.rounds,
      seconds: PLAN.seconds / 2,
      warmUpCalls: PLAN.warmUpCalls / 10,
      warmUpSecondsMax: PLAN.warmUpSecondsMax / 3,
    };
    const measured = await measureCalls(rig, running, plan);
    console.log(`\n${title}`);
    printCalls(measured);
  }
  await stopAll(running);
}

async function benchIdle(rig: Rig): Promise<void> {
  const rows = [];
  let ownKb: number | undefined;
  for (const start of [
    nginx,
    (starter: Starter) => starter.bare('legacy'),
    (starter: Starter) => starter.own('legacy'),
    isQuick ? () => undefined : peer((starter) => starter.civic()),
  ]) {
    const [one] = await launchAll(rig, [start]);
    if (!one) continue;
    await one.run(ECHO, 0.5);
    const before = one.cost();
    const opened = await one.idle(PLAN.streams);
    await delay(PLAN.holdMs / 2);
    const open = one.cost();
    await delay(PLAN.holdMs);
    const held = one.cost();
    const sent = await rig.broadcast();
    await delay(500);
    const state = await one.idleState();
    const kb =
      before && held ? ((held.residentMb - before.residentMb) * 1024) / PLAN.streams : undefined;
    if (one.name.startsWith('this')) ownKb = kb;
    rows.push({
      through: one.name,
      streams: opened.open,
      'kB per stream': show(kb, 1),
      'RSS MB': show(held?.residentMb, 0),
      'idle CPU %': show(open && held && (held.cpuUs - open.cpuUs) / (PLAN.holdMs * 10), 1),
      'streams upstream': sent,
      'events arrived': state.events,
      lost: PLAN.streams - state.open,
    });
    await one.stop();
  }
  console.log(`\n${PLAN.streams} idle GET streams, each in a session of its own`);
  console.table(rows);
  printGoal('memory per idle stream', ownKb, 60, ' kB');
}

async function benchStdio(rig: Rig): Promise<void> {
  const running = await launchAll(rig, [
    (starter) => starter.pipe(),
    (starter) => starter.ownStdio('modern'),
    (starter) => starter.ownStdio('legacy'),
    peer((starter) => starter.mcpProxyStdio()),
    peer((starter) => starter.supergatewayStdio()),
  ]);
  const measured = await measureCalls(rig, running, { ...PLAN, call: ECHO });
  console.log('\nSmall echo, HTTP in front of a stdio server');
  printCalls(measured, { withServers: true });
  await stopAll(running);
}

/** @param rate calls per second of the load beside */
async function benchDelay(rig: Rig, rate: number): Promise<void> {
  const running = await launchAll(rig, [
    (starter) => starter.direct('legacy'),
    nginx,
    (starter) => starter.bare('legacy'),
    (starter) => starter.own('legacy'),
  ]);
  for (const one of running) await warmUp(one, { ...PLAN, call: ECHO });
  const rows = [];
  let directP99Ms = Number.NaN;
  let addedMs: number | undefined;
  for (const one of running) {
    const load = one.run(ECHO, PLAN.listenSeconds, rate);
    const delays = await one.listen(PLAN.listenSeconds - 0.5);
    const { calls, seconds } = await load;
    if (one.name === 'direct') directP99Ms = delays.p99Ms;
    const added = delays.p99Ms - directP99Ms;
    if (one.name.startsWith('this')) addedMs = added;
    rows.push({
      through: one.name,
      events: delays.events,
      'p50 ms': show(delays.p50Ms, 2),
      'p99 ms': show(delays.p99Ms, 2),
      'p99 − direct ms': show(added, 2),
      'calls/s beside': show(calls / seconds, 0),
    });
  }
  console.log(`\nDelay of streamed events, from write to read, beside ${Math.round(rate)} calls/s`);
  console.table(rows);
  printGoal('delay at p99 beyond direct, under half load', addedMs, 1, ' ms');
  await stopAll(running);
}

async function profile(): Promise<void> {
  const folder = temporaryFolder('profile');
  const rig = await createRig(buildService(), ['--cpu-prof', `--cpu-prof-dir=${folder}`]);
  const [own] = await launchAll(rig, [(starter) => starter.own('legacy')]);
  await own?.run(ECHO, 2);
  await own?.run(ECHO, PROFILED_SECONDS);
  await own?.stop();
  await rig.stop();
  printProfile(folder, PROFILED_SECONDS);
}

async function bench(): Promise<void> {
  const rig = await createRig(buildService());
  const callsPerSecond = await benchCalls(rig);
  if (!isQuick) await benchModernCalls(rig);
  await benchResults(rig);
  await benchDelay(rig, callsPerSecond / 2);
  await benchIdle(rig);
  if (!isQuick) await benchStdio(rig);
  await rig.stop();
}

await (process.argv.includes('--profile') ? profile() : bench());
