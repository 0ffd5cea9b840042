import type { Client } from '@modelcontextprotocol/client';
import type { Clock, Timer } from '../facts/ports/clock.ts';

export interface DemoTrafficOptions {
  /** Of the server at the gateway. */
  readonly url: string;
  readonly clock: Clock;
  readonly version: string;
  readonly onError: (error: unknown) => void;
}

const PAUSE_MS = 2_000;
const RETRY_MS = 5_000;

/** A round of calls as clients make them: mostly good, and the two mistakes that models make most. Neither is a failure of the server. */
const ROUND: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[] = [
  { name: 'echo', arguments: { message: 'hello' } },
  { name: 'get-sum', arguments: { a: 2, b: 40 } },
  {
    name: 'echo',
    arguments: { message: 'a longer message, so that sizes and tokens differ a little' },
  },
  { name: 'get-annotated-message', arguments: { messageType: 'success' } },
  { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 2 } },
  { name: 'get-structured-content', arguments: { location: 'Chicago' } },
  { name: 'get-sum', arguments: { a: 'not a number' } },
  { name: 'no-such-tool', arguments: {} },
];

/**
 * A trickle of real client traffic through the gateway of the demonstration, so that a newcomer sees every number move.
 * @returns a function that ends it
 */
export function startDemoTraffic(options: DemoTrafficOptions): () => Promise<void> {
  let timer: Timer | undefined;
  let client: Client | undefined;
  let turn = 0;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();

  async function step(): Promise<void> {
    let pauseMs = PAUSE_MS;
    try {
      client ??= await connect(options);
      if (turn % ROUND.length === 0) await client.listTools();
      const call = ROUND[turn++ % ROUND.length];
      // What a call ends in is the server's business; only a lost connection is ours.
      if (call) await client.callTool(call).catch(() => client?.ping());
    } catch (error) {
      options.onError(error);
      await client?.close().catch(() => undefined);
      client = undefined;
      pauseMs = RETRY_MS;
    }
    if (!isStopped) timer = options.clock.after(pauseMs, next);
  }

  function next(): void {
    running = step();
  }

  next();
  return async () => {
    isStopped = true;
    timer?.cancel();
    await running;
    await client?.close().catch(() => undefined);
  };
}

async function connect({ url, version }: DemoTrafficOptions): Promise<Client> {
  const sdk = await import('@modelcontextprotocol/client');
  const client = new sdk.Client(
    { name: 'mcp-exporter-demo', version },
    { versionNegotiation: { mode: 'legacy' } },
  );
  await client.connect(new sdk.StreamableHTTPClientTransport(new URL(url)));
  return client;
}
