import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { activityAt } from './daily-rhythm.ts';
import { nextCall, nextServer, type Persona } from './personas.ts';

export interface RunClientOptions {
  /** Base URL of the gateway. */
  readonly gateway: string;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onAnswer: () => void;
  readonly onError: (error: unknown) => void;
}

const MINUTE_MS = 60_000;
const PAUSE_MS_MAX = MINUTE_MS;
const RETRY_MS = 5_000;
const CALLS_PER_SESSION_MAX = 25;

/** One client that has sessions, one after the other, until the signal ends it. */
export async function runClient(persona: Persona, options: RunClientOptions): Promise<void> {
  const { signal, random, onError } = options;
  while (!signal.aborted) {
    try {
      await runSession(persona, options);
    } catch (error) {
      if (!signal.aborted) onError(error);
      await pause(RETRY_MS * (1 + random()), signal);
    }
  }
}

async function runSession(
  persona: Persona,
  { gateway, random, signal, onAnswer }: RunClientOptions,
): Promise<void> {
  const server = nextServer(persona, random);
  const client = new Client(
    { name: persona.name, version: persona.version },
    { versionNegotiation: { mode: persona.era } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(`${gateway}/${server}/mcp`));
  await client.connect(transport);
  try {
    await client.listTools();
    const calls = Math.ceil(random() * CALLS_PER_SESSION_MAX);
    for (let n = 0; n < calls && !signal.aborted; n++) {
      // What a call ends in is the server's business; only a lost connection is ours.
      await client.callTool(nextCall(server, random)).catch(() => client.ping());
      onAnswer();
      await pause(pauseMs(persona, random), signal);
    }
  } finally {
    await transport.terminateSession().catch(() => undefined);
    await client.close();
  }
}

/** Calls of many people come without a rhythm of their own, so pauses are exponential. */
function pauseMs({ callsPerMinuteAtPeak, rhythm }: Persona, random: () => number): number {
  const meanMs = MINUTE_MS / (callsPerMinuteAtPeak * activityAt(rhythm, new Date()));
  return Math.min(PAUSE_MS_MAX, -Math.log(1 - random()) * meanMs);
}

/** Ends early, and well, with the signal. */
async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
