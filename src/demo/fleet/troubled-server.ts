import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createTroubleProxy } from './create-trouble-proxy.ts';
import { fateOf, lifetimeOf, type TroubleKind } from './trouble.ts';

/**
 * A real MCP server with a trouble: `node troubled-server.js slow|flaky|mortal FILE ARGS...`
 * The server is told by `PORT` where to listen, as this process was.
 */
const KINDS: readonly TroubleKind[] = ['slow', 'flaky', 'mortal'];
const PORT = Number(process.env['PORT'] ?? 3001);
const UPSTREAM_PORT = PORT + 1;
const RESTART_MS = 1_000;
/** As long as a timer can be. */
const FOREVER_MS = 2 ** 31 - 1;

const [kindName, ...command] = process.argv.slice(2);
const kind = KINDS.find((known) => known === kindName);
if (!kind || command.length === 0) {
  process.stderr.write(`usage: troubled-server ${KINDS.join('|')} FILE [ARGS...]\n`);
  process.exitCode = 2;
} else {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  await live(kind, command, stopping.signal);
}

async function live(
  trouble: TroubleKind,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const lifetime = lifetimeOf(trouble, Math.random);
    const child = spawn(process.execPath, args, {
      env: { ...process.env, PORT: String(UPSTREAM_PORT) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(child, 'exit');
    const nextFate = () => fateOf(trouble, Math.random);
    const server = createServer(createTroubleProxy({ upstreamPort: UPSTREAM_PORT, nextFate }));
    server.listen(PORT);
    const round = new AbortController();
    await Promise.race([
      ended,
      pause(lifetime?.upMs ?? FOREVER_MS, AbortSignal.any([signal, round.signal])),
    ]);
    round.abort();
    // Whoever connects now is refused, as it is with a dead server.
    server.close();
    server.closeAllConnections();
    kill(child);
    await ended;
    await pause(lifetime?.downMs ?? RESTART_MS, signal);
  }
}

function kill(child: ChildProcess): void {
  if (child.exitCode === null) child.kill('SIGKILL');
}

/** Ends early, and well, with the signal. */
async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
