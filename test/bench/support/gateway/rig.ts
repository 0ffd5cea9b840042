import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { type Contender, createStarter, ECHO_STDIO, type Starter } from './contenders.ts';
import type { DelayResult, LoadCall, LoadReply, LoadResult } from './load-protocol.ts';
import { costOfTree, type TreeCost } from './process-tree.ts';
import { type LoadWorker, startEchoServer, startLoadWorker } from './workers.ts';

/** One contender that runs, with clients connected to it. */
export interface Running {
  readonly name: string;
  /** Of the program that was started for it. */
  readonly pid: number | undefined;
  /** Of the proxy's processes, less the stdio servers behind it; nothing for `direct`. */
  cost(): TreeCost | undefined;
  /** The same with its stdio servers. */
  wholeCost(): TreeCost | undefined;
  run(call: LoadCall, seconds: number, rate?: number): Promise<LoadResult>;
  /** Streams of events beside, in another process of clients. */
  listen(seconds: number): Promise<DelayResult>;
  idle(streams: number): Promise<IdleState>;
  idleState(): Promise<IdleState>;
  stop(): Promise<void>;
}

export interface IdleState {
  readonly open: number;
  readonly events: number;
  readonly broken: number;
}

/** The server, the clients, and what can be put between them. */
export interface Rig {
  readonly main: string;
  readonly starter: Starter;
  /**
   * @param main another compiled service, as a contender of the first
   * @param config keys of its configuration that differ
   */
  starterOf(main: string, config: object): Starter;
  launch(starting: Promise<Contender>): Promise<Running>;
  upstreamRequests(): Promise<number>;
  /** Sends an event into every open GET stream. */
  broadcast(): Promise<number>;
  stop(): Promise<void>;
}

/** @param main the compiled service */
export async function createRig(main: string, nodeArgs: readonly string[] = []): Promise<Rig> {
  const echo = await startEchoServer();
  if (!('ports' in echo.first)) throw new Error('the echo server did not start');
  const callers = await startLoadWorker();
  const listeners = await startLoadWorker();
  const collector = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200).end());
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const upstream = {
    ports: echo.first.ports,
    collectorPort: (collector.address() as AddressInfo).port,
  };
  const starter = createStarter(upstream, [...nodeArgs, main]);
  const running = new Set<Running>();
  let targets = 0;

  async function launch(starting: Promise<Contender>): Promise<Running> {
    const contender = await starting;
    targets += 1;
    const target = targets;
    const { name, to } = contender;
    const opened = pick(await callers.ask({ command: 'open', target, to }), 'opened', name);
    const pid = contender.process?.pid ?? opened.pid;
    let isListening = false;
    // For a pipe without a proxy the server's own process is all there is.
    const isServer = name.startsWith('direct');
    const one: Running = {
      name,
      pid,
      cost: () => (pid === undefined || isServer ? undefined : costOfTree(pid, ECHO_STDIO)),
      wholeCost: () => (pid === undefined ? undefined : costOfTree(pid)),
      async run(call, seconds, rate) {
        const reply = await callers.ask({
          command: 'run',
          target,
          call,
          seconds,
          ...(rate === undefined ? {} : { rate }),
        });
        return pick(reply, 'result', name).result;
      },
      async listen(seconds) {
        if (!isListening)
          pick(await listeners.ask({ command: 'open', target, to }), 'opened', name);
        isListening = true;
        const reply = await listeners.ask({ command: 'listen', target, seconds });
        return pick(reply, 'delays', name).delays;
      },
      idle: async (streams) => idleOf(callers, { command: 'idle', target, streams }, name),
      idleState: async () => idleOf(callers, { command: 'idleState', target }, name),
      async stop() {
        running.delete(one);
        await callers.ask({ command: 'close', target });
        if (isListening) await listeners.ask({ command: 'close', target });
        await contender.process?.stop();
      },
    };
    running.add(one);
    return one;
  }

  return {
    main,
    starter,
    starterOf: (other, config) => createStarter(upstream, [...nodeArgs, other], config),
    launch,
    async upstreamRequests() {
      const reply = await echo.ask('requests');
      return 'requests' in reply ? reply.requests : Number.NaN;
    },
    async broadcast() {
      const reply = await echo.ask('broadcast');
      return 'sent' in reply ? reply.sent : Number.NaN;
    },
    async stop() {
      for (const one of [...running]) await one.stop();
      await Promise.all([callers.stop(), listeners.stop(), echo.stop()]);
      collector.closeAllConnections();
      collector.close();
    },
  };
}

async function idleOf(
  worker: LoadWorker,
  command: Parameters<LoadWorker['ask']>[0],
  name: string,
): Promise<IdleState> {
  return pick(await worker.ask(command), 'idle', name).idle;
}

function pick<Key extends string>(
  reply: LoadReply,
  key: Key,
  name: string,
): Extract<LoadReply, Record<Key, unknown>> {
  if (key in reply) return reply as Extract<LoadReply, Record<Key, unknown>>;
  throw new Error(
    `${name}: ${'failed' in reply ? reply.failed : 'the clients said something else'}`,
  );
}
