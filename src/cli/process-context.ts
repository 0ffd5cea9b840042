import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { resultWithin } from '../facts/deadline.ts';
import type { Clock } from '../facts/ports/clock.ts';
import { createSystemClock } from '../app/system-clock.ts';
import { VERSION } from '../app/version.ts';
import type { CommandContext, CommandOutput } from './command-context.ts';

export interface ProcessContext extends CommandContext {
  /** Ends the process once its output is flushed, or after a short limit. */
  exit(code: number): Promise<void>;
}

const FLUSH_MS_MAX = 1_000;
const ASK_MS_MAX = 5_000;
const MAIN = fileURLToPath(
  import.meta.resolve(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js'),
);

/** The real process. */
export function createProcessContext(): ProcessContext {
  const clock = createSystemClock();
  const stdout = outputOf(process.stdout);
  const stderr = outputOf(process.stderr);
  return {
    // Only on demand: reading this property starts a stream.
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
    env: process.env,
    clock,
    program: [process.execPath, MAIN],
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => process.off(signal, listener);
    },
    onFatal(listener) {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
      return () => {
        process.off('uncaughtException', listener);
        process.off('unhandledRejection', listener);
      };
    },
    onExit(listener) {
      process.on('exit', listener);
      return () => process.off('exit', listener);
    },
    exitNow: (code) => process.exit(code),
    async exit(code) {
      await resultWithin(clock, FLUSH_MS_MAX, Promise.all([flushed(stdout), flushed(stderr)]));
      process.exit(code);
    },
    ...createOnDemand(clock),
  };
}

/** What loads its modules on first use, so that `healthcheck` stays cheap. */
function createOnDemand(
  clock: Clock,
): Pick<CommandContext, 'createApp' | 'openBrowser' | 'askForAuthorization' | 'createConnector'> {
  return {
    async createApp(options) {
      const { createApp } = await import('../app/app.ts');
      const app = createApp(options);
      process.once('exit', () => app.killChildren());
      return app;
    },
    async openBrowser(url) {
      const { openBrowser } = await import('./open-browser.ts');
      return openBrowser(url, process.platform, process.env);
    },
    async askForAuthorization(target) {
      const { askForAuthorization } = await import('../protocol/oauth/ask-for-authorization.ts');
      const options = { clock, userAgent: `mcp-exporter/${VERSION}`, limitMs: ASK_MS_MAX };
      return askForAuthorization(target, options);
    },
    async createConnector() {
      const { createConnector } = await import('../sources/probe/connection/connector.ts');
      const connector = createConnector({
        clientName: 'mcp-exporter',
        clientVersion: VERSION,
        clock,
      });
      process.once('exit', () => connector.killChildren());
      return connector;
    },
  };
}

function outputOf(stream: NodeJS.WriteStream & { readonly fd: number }): CommandOutput {
  // `mcp-exporter probe … | head` closes its end early, which is not an error.
  stream.on('error', () => undefined);
  const isTerminal = isatty(stream.fd);
  return { stream, isTerminal, hasColours: isTerminal && !process.env['NO_COLOR'] };
}

async function flushed({ stream }: CommandOutput): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.write('', () => resolve());
  await promise;
}
