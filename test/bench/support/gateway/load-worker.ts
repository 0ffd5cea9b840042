/** The clients of the gateway's benchmarks, in a process of their own so that they never wait for the bookkeeping. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { MODERN_REVISION } from './echo-answers.ts';
import { type HttpLane, openHttpLane, serializeRequest } from './http-lane.ts';
import type {
  DelayResult,
  LoadCall,
  LoadCommand,
  LoadReply,
  LoadResult,
  LoadTarget,
} from './load-protocol.ts';
import { callText, numberMessage } from './numbered-message.ts';
import { openPipe, type Pipe } from './pipe.ts';

export const LANES = 8;
const TICK_STREAMS = 4;
const TICKS = { events: 25, intervalMs: 15 };
const OPENING_AT_ONCE = 20;

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1.0.0' },
  },
});
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_REVISION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

type HttpTarget = LoadTarget & { kind: 'http' };

/** A client with a connection of its own. */
interface Client {
  readonly lane: HttpLane;
  readonly headers: Readonly<Record<string, string>>;
}

interface Idle {
  readonly lanes: HttpLane[];
  events: number;
  broken: number;
}

interface Open {
  readonly to: LoadTarget;
  readonly clients: readonly Client[];
  readonly pipe: Pipe | undefined;
  readonly child: ChildProcess | undefined;
  readonly idle: Idle;
  calls: number;
}

/** One way to have one call answered. */
type Caller = () => Promise<boolean>;

const targets = new Map<number, Open>();

async function openClient(to: HttpTarget): Promise<Client> {
  const lane = await openHttpLane(to.port);
  const at = { path: to.path, port: to.port };
  if (to.era === 'modern') return { lane, headers: { 'MCP-Protocol-Version': MODERN_REVISION } };
  const answer = await lane.send(serializeRequest({ ...at, headers: {}, body: INITIALIZE }));
  if (answer.status !== 200)
    throw new Error(`initialize: HTTP ${answer.status} ${answer.start.toString()}`);
  const headers = {
    'MCP-Protocol-Version': '2025-11-25',
    ...(answer.session === undefined ? {} : { 'Mcp-Session-Id': answer.session }),
  };
  await lane.send(serializeRequest({ ...at, headers, body: INITIALIZED }));
  return { lane, headers };
}

async function open(to: LoadTarget): Promise<Open> {
  const idle: Idle = { lanes: [], events: 0, broken: 0 };
  if (to.kind === 'http') {
    const clients = [];
    for (let lane = 0; lane < LANES; lane += 1) clients.push(await openClient(to));
    return { to, clients, pipe: undefined, child: undefined, idle, calls: 0 };
  }
  const [command = '', ...args] = to.command;
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const pipe = openPipe(child);
  await pipe.request(INITIALIZE, 1);
  pipe.notify(INITIALIZED);
  return { to, clients: [], pipe, child, idle, calls: 0 };
}

function isAnswered(piece: Buffer, bytes: number, call: LoadCall): boolean {
  return bytes >= call.bytesMin && (piece.includes('"result"') || piece.includes('Echo: '));
}

function callersOf(target: Open, call: LoadCall): Caller[] {
  const { to, clients, pipe } = target;
  if (pipe) {
    const text = callText(call.tool, call.arguments);
    return Array.from({ length: LANES }, () => {
      const message = numberMessage(Buffer.from(text));
      return async () => {
        target.calls += 1;
        message.setId(target.calls);
        const line = await pipe.request(
          message.bytes.toString('latin1'),
          1_000_000_000 + target.calls,
        );
        return line.length >= call.bytesMin && line.includes('"result"');
      };
    });
  }
  if (to.kind !== 'http') return [];
  return clients.map((client) => {
    const message = numberMessage(serializeCall(to, client, call));
    return async () => {
      target.calls += 1;
      message.setId(target.calls);
      const answer = await client.lane.send(message.bytes);
      return answer.status === 200 && isAnswered(answer.start, answer.bodyBytes, call);
    };
  });
}

function serializeCall(to: HttpTarget, client: Client, call: LoadCall): Buffer {
  const isModern = to.era === 'modern';
  return serializeRequest({
    path: to.path,
    port: to.port,
    headers: {
      ...client.headers,
      ...(isModern && { 'Mcp-Method': 'tools/call', 'Mcp-Name': call.tool }),
    },
    body: callText(call.tool, call.arguments, isModern ? MODERN_META : undefined),
  });
}

/** Lets the callers run in a closed loop, or at a rate: a call that is due starts as soon as a caller is free. */
async function run(target: Open, call: LoadCall, seconds: number, rate?: number) {
  await Promise.all(target.clients.map(({ lane }) => lane.refresh()));
  const latenciesMs: number[] = [];
  let failures = 0;
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const cpu = process.cpuUsage();
  const callOnce = async (caller: Caller): Promise<void> => {
    const beganMs = performance.now();
    if (!(await caller())) failures += 1;
    latenciesMs.push(performance.now() - beganMs);
  };
  const callers = callersOf(target, call);
  if (rate === undefined) {
    await Promise.all(
      callers.map(async (caller) => {
        while (performance.now() < endMs) await callOnce(caller);
      }),
    );
  } else {
    await runAtRate(callers, callOnce, { startMs, endMs, rate });
  }
  const used = process.cpuUsage(cpu);
  latenciesMs.sort((a, b) => a - b);
  const result: LoadResult = {
    calls: latenciesMs.length,
    failures,
    seconds: (performance.now() - startMs) / 1_000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuUs: used.user + used.system,
  };
  return result;
}

interface Pace {
  readonly startMs: number;
  readonly endMs: number;
  readonly rate: number;
}

async function runAtRate(
  callers: readonly Caller[],
  callOnce: (caller: Caller) => Promise<void>,
  { startMs, endMs, rate }: Pace,
): Promise<void> {
  const free = [...callers];
  const running = new Set<Promise<void>>();
  let begun = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const due = ((nowMs - startMs) / 1_000) * rate;
      for (; begun < due; begun += 1) {
        const caller = free.pop();
        if (!caller) break;
        const one = callOnce(caller).finally(() => {
          free.push(caller);
          running.delete(one);
        });
        running.add(one);
      }
      if (nowMs < endMs) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(running);
}

/** How long events are on their way: the upstream writes the machine's clock into each. */
async function listen(target: Open, seconds: number): Promise<DelayResult> {
  const delaysMs: number[] = [];
  const { to, clients } = target;
  if (to.kind !== 'http') throw new Error('ticks come over HTTP only');
  await Promise.all(clients.map(({ lane }) => lane.refresh()));
  const endMs = performance.now() + seconds * 1_000;
  const note = (piece: Buffer): void => {
    const nowMs = Number(process.hrtime.bigint()) / 1e6;
    for (const [, at] of piece.toString('latin1').matchAll(/"at":([\d.]+)/g))
      delaysMs.push(nowMs - Number(at));
  };
  await Promise.all(
    clients.slice(0, TICK_STREAMS).map(async (client) => {
      const call = { tool: 'ticks', arguments: TICKS, bytesMin: 0 };
      const message = numberMessage(serializeCall(to, client, call));
      while (performance.now() < endMs) {
        target.calls += 1;
        message.setId(target.calls);
        await client.lane.send(message.bytes, note);
      }
    }),
  );
  delaysMs.sort((a, b) => a - b);
  return {
    events: delaysMs.length,
    p50Ms: quantile(delaysMs, 0.5),
    p99Ms: quantile(delaysMs, 0.99),
  };
}

/** Each idle client has a session of its own, as real ones do. */
async function openIdle(target: Open, streams: number): Promise<void> {
  const { to, idle } = target;
  if (to.kind !== 'http') throw new Error('GET streams come over HTTP only');
  let left = streams;
  await Promise.all(
    Array.from({ length: OPENING_AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        const { lane, headers } = await openClient(to);
        idle.lanes.push(lane);
        const request = { path: to.path, port: to.port, headers, method: 'GET' as const };
        lane
          .send(serializeRequest(request), (piece) => {
            if (piece.includes('data:')) idle.events += 1;
          })
          .then(
            () => (idle.broken += 1),
            () => (idle.broken += 1),
          );
      }
    }),
  );
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function close(target: Open): Promise<void> {
  for (const { lane } of target.clients) lane.close();
  for (const lane of target.idle.lanes) lane.close();
  const { child } = target;
  if (!child || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
}

function find(id: number): Open {
  const target = targets.get(id);
  if (!target) throw new Error(`no target ${id} is open`);
  return target;
}

async function obey(command: LoadCommand): Promise<LoadReply> {
  if (command.command === 'open') {
    const target = await open(command.to);
    targets.set(command.target, target);
    return { opened: true, pid: target.child?.pid };
  }
  const target = find(command.target);
  switch (command.command) {
    case 'run':
      return { result: await run(target, command.call, command.seconds, command.rate) };
    case 'listen':
      return { delays: await listen(target, command.seconds) };
    case 'idle':
      await openIdle(target, command.streams);
      return idleState(target);
    case 'idleState':
      return idleState(target);
    case 'close':
      targets.delete(command.target);
      await close(target);
      return { closed: true };
  }
}

function idleState({ idle }: Open): LoadReply {
  return {
    idle: { open: idle.lanes.length - idle.broken, events: idle.events, broken: idle.broken },
  };
}

const send = (reply: LoadReply): void => void process.send?.(reply);

process.on('message', (command: LoadCommand) => {
  obey(command).then(send, (error: unknown) => send({ failed: String(error) }));
});
process.on('disconnect', () => {
  for (const { child } of targets.values()) child?.kill();
  process.exit();
});
send({ ready: true });
