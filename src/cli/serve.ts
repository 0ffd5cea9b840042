import { resultWithin } from '../facts/deadline.ts';
import type { LogLevel } from '../settings/config.ts';
import type { App, AppAddresses } from '../app/app.ts';
import { VERSION } from '../app/version.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly logLevel?: LogLevel;
}

const STOP_MS_MAX = 10_000;
/** Shutdown limit after an uncaught error, shorter than the usual one. */
const CRASH_STOP_MS_MAX = 3_000;

/** Runs the service until a signal or an uncaught error ends it. */
export async function serve(options: ServeOptions, context: CommandContext): Promise<ExitCode> {
  const app = await context.createApp({
    configPath: options.config,
    listen: options.listen,
    logLevel: options.logLevel,
    env: context.env,
    output: context.stdout,
    report: (line) => complain(context, line),
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<ServiceEnd>();
  const removals = listenToProcess(app, context, end);
  try {
    return await run(app, ended, context);
  } finally {
    for (const remove of removals) remove();
  }
}

type ServiceEnd = 'signal' | 'crash';

async function run(
  app: App,
  ended: Promise<ServiceEnd>,
  context: CommandContext,
): Promise<ExitCode> {
  const starting = app.start();
  const started = await Promise.race([starting, ended]);
  // A signal during the start: the service must be complete before it can be stopped.
  const stop = () => starting.then(() => app.stop());
  if (typeof started === 'object' && !started.ok) {
    context.stderr.stream.write(`${started.message}\n`);
    await settles(stop(), STOP_MS_MAX, context);
    return EXIT.failed;
  }
  // Without a terminal, the first line of the log has the same information.
  if (typeof started === 'object' && context.stdout.isTerminal)
    context.stdout.stream.write(welcome(started.addresses));
  const isCrash = (await ended) === 'crash';
  const isStopped = await settles(stop(), isCrash ? CRASH_STOP_MS_MAX : STOP_MS_MAX, context);
  return isStopped && !isCrash ? EXIT.ok : EXIT.failed;
}

function listenToProcess(
  app: App,
  context: CommandContext,
  end: (how: ServiceEnd) => void,
): readonly (() => void)[] {
  let isEnding = false;
  const begin = (how: ServiceEnd) => {
    // A second signal means that the user does not want to wait.
    if (isEnding) context.exitNow(EXIT.failed);
    isEnding = true;
    end(how);
  };
  return [
    context.onSignal('SIGTERM', () => begin('signal')),
    context.onSignal('SIGINT', () => begin('signal')),
    context.onSignal('SIGHUP', () => void app.reload('signal')),
    context.onFatal((error) => {
      app.crash(error);
      begin('crash');
    }),
  ];
}

/** @returns whether it stopped within the limit */
async function settles(
  stopped: Promise<void>,
  limitMs: number,
  context: CommandContext,
): Promise<boolean> {
  const work = stopped.then(() => true as const);
  const isStopped = (await resultWithin(context.clock, limitMs, work)) ?? false;
  if (!isStopped) complain(context, `not everything ended within ${limitMs / 1_000} s`);
  return isStopped;
}

function complain({ stderr }: CommandContext, line: string): void {
  stderr.stream.write(`mcp-exporter: ${line}\n`);
}

function welcome({ http, gateway, config, servers }: AppAddresses): string {
  const watched = `${servers} ${servers === 1 ? 'server' : 'servers'} of ${config ?? 'the built-in demonstration'}`;
  return `
  mcp-exporter ${VERSION} watches ${watched}

    status    ${http}/
    metrics   ${http}/metrics
    health    ${http}/health${gateway === undefined ? '' : `\n    gateway   ${gateway}/NAME/mcp`}

  Ctrl-C ends it.

`;
}
