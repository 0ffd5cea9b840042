import { type CommandContext, EXIT, type ExitCode } from './command-context.ts';
import { HEALTH_URL } from './help-text.ts';
import { stripControls } from './strip-controls.ts';

export interface HealthcheckOptions {
  /** The running service; a URL without a path means `/health`. */
  readonly url?: URL;
  /** Milliseconds. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 5_000;
const ANSWER_CHARS_SHOWN_MAX = 200;

/** Asks a running service whether it is up, for a container's HEALTHCHECK. Monitored servers that are down have no influence. */
export async function healthcheck(
  { url = new URL(HEALTH_URL), timeout = TIMEOUT_MS }: HealthcheckOptions,
  { stdout, stderr }: Pick<CommandContext, 'stdout' | 'stderr'>,
): Promise<ExitCode> {
  const address = url.pathname === '/' ? new URL('/health', url) : url;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeout) });
    const text = await response.text();
    if (response.ok) {
      stdout.stream.write(`healthy: ${shorten(text)}\n`);
      return EXIT.ok;
    }
    stderr.stream.write(`unhealthy: ${address.href} answered ${response.status}\n`);
  } catch (error) {
    stderr.stream.write(`unhealthy: ${address.href}: ${describe(error)}\n`);
  }
  return EXIT.failed;
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
