import { PassThrough } from 'node:stream';
import type { App } from '../../src/app/app.ts';
import type { AppOptions } from '../../src/app/part.ts';
import type {
  CommandContext,
  CommandOutput,
  CommandSignal,
} from '../../src/cli/command-context.ts';
import type { Connector } from '../../src/sources/probe/ports.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createFakeConnector } from './fake-connector.ts';

export interface FakeContextOptions {
  readonly app?: App;
  readonly connector?: Connector;
  /** Without it no server wants authorization. */
  readonly askForAuthorization?: CommandContext['askForAuthorization'];
  readonly clock?: FakeClock;
  readonly isTerminal?: boolean;
  readonly hasColours?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Without it there is no browser. */
  readonly openBrowser?: (url: string) => void;
}

export interface FakeContext extends CommandContext {
  readonly stdin: PassThrough;
  readonly clock: FakeClock;
  /** Everything printed so far. */
  readonly out: () => string;
  readonly err: () => string;
  send(signal: CommandSignal): void;
  fail(error: unknown): void;
  readonly exits: number[];
  readonly appOptions: AppOptions[];
  /** Listeners that nobody took away. */
  listenerCount(): number;
}

/** A command's surroundings without a process: captured output, signals by call, and parts of your choice. */
export function createFakeContext(options: FakeContextOptions = {}): FakeContext {
  const clock = options.clock ?? createFakeClock();
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const stdout = createCapture(options);
  const stderr = createCapture(options);
  const exits: number[] = [];
  const appOptions: AppOptions[] = [];

  function listen(event: string, listener: (value: unknown) => void): () => void {
    const set = listeners.get(event) ?? new Set();
    listeners.set(event, set.add(listener));
    return () => set.delete(listener);
  }
  function emit(event: string, value?: unknown): void {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(value);
  }

  return {
    stdin: new PassThrough(),
    stdout: stdout.output,
    stderr: stderr.output,
    env: options.env ?? {},
    clock,
    program: ['/usr/bin/node', '/opt/mcp-exporter/dist/main.js'],
    onSignal: listen,
    onFatal: (listener) => listen('fatal', listener),
    onExit: (listener) => listen('exit', listener),
    exitNow: (code) => exits.push(code),
    async createApp(given) {
      appOptions.push(given);
      if (!options.app) throw new Error('this test has no app');
      return options.app;
    },
    askForAuthorization:
      options.askForAuthorization ?? (async () => ({ kind: 'none_wanted' as const })),
    createConnector: async () => options.connector ?? createFakeConnector({ clock }),
    async openBrowser(url) {
      options.openBrowser?.(url);
      return options.openBrowser !== undefined;
    },
    out: stdout.text,
    err: stderr.text,
    send: (signal) => emit(signal),
    fail: (error) => emit('fatal', error),
    exits,
    appOptions,
    listenerCount: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

function createCapture({ isTerminal = false, hasColours = false }: FakeContextOptions): {
  readonly output: CommandOutput;
  readonly text: () => string;
} {
  let text = '';
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { output: { stream, isTerminal, hasColours }, text: () => text };
}
