import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { localUrl, LISTEN_DEFAULT, peekListen } from '../settings/gateway-address.ts';
import { findConfig, readText } from '../settings/files.ts';
import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { stripControls } from './strip-controls.ts';

export interface HealthcheckOptions {
  /** The running service; a URL without a path means `/health`. Default: the address in the configuration. */
  readonly url?: URL;
  /** Default: the configuration in the working directory, otherwise the default address. */
  readonly config?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 5_000;
const ANSWER_CHARS_SHOWN_MAX = 200;

/** Asks a running service whether it is up, for a container's HEALTHCHECK. Monitored servers that are down have no influence. */
export async function healthcheck(
  { url, config, timeout = TIMEOUT_MS }: HealthcheckOptions,
  { stdout, stderr, env }: Pick<CommandContext, 'stdout' | 'stderr' | 'env'>,
): Promise<ExitCode> {
  const found = url === undefined ? await findService(config, env) : { ok: true as const, url };
  if (!found.ok) {
    stderr.stream.write(`unhealthy: ${found.reason}\n`);
    return EXIT.failed;
  }
  const address = found.url.pathname === '/' ? new URL('/health', found.url) : found.url;
  try {
    const answer = await ask(address, url === undefined, timeout);
    if (answer.status >= 200 && answer.status < 300) {
      stdout.stream.write(`healthy: ${shorten(answer.text)}\n`);
      return EXIT.ok;
    }
    stderr.stream.write(`unhealthy: ${address.href} answered ${answer.status}\n`);
  } catch (error) {
    stderr.stream.write(`unhealthy: ${address.href}: ${describe(error)}\n`);
  }
  return EXIT.failed;
}

type FoundService =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly reason: string };

/** Parses no more of the configuration than `listen`, if it can: containers run this every few seconds. */
async function findService(
  config: string | undefined,
  env: CommandContext['env'],
): Promise<FoundService> {
  const path = config ?? (await findConfig());
  if (path === undefined) return { ok: true, url: new URL(localUrl(LISTEN_DEFAULT)) };
  const peek = await peekListen(path, readText);
  if (peek.kind === 'address') return { ok: true, url: new URL(localUrl(peek.listen)) };
  const { loadConfig } = await import('../settings/load-config.ts');
  const loaded = await loadConfig({ path, env });
  if (!loaded.ok) {
    const { formatProblems } = await import('../settings/source-file.ts');
    return { ok: false, reason: formatProblems(loaded.problems, 1) };
  }
  const { listen, web } = loaded.config;
  return { ok: true, url: new URL(localUrl(listen, web?.tls ? 'https' : 'http')) };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(address: URL, isOwn: boolean, timeoutMs: number): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  if (!isOwn || address.protocol === 'http:') {
    const response = await fetch(address, { signal });
    return { status: response.status, text: await response.text() };
  }
  // The certificate is for the public name, not for the loopback address by which it is reached here.
  const { get } = await import('node:https');
  const { text } = await import('node:stream/consumers');
  const request = get(address, { signal, agent: false, rejectUnauthorized: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await text(response) };
}

function shorten(text: string): string {
  const line = stripControls(text.replaceAll(/\s+/g, ' '));
  return line.length > ANSWER_CHARS_SHOWN_MAX ? `${line.slice(0, ANSWER_CHARS_SHOWN_MAX)}…` : line;
}

/** `fetch` puts the reason into `cause`. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
