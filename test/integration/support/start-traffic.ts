import { setTimeout as delay } from 'node:timers/promises';

export interface Traffic {
  /** Requests that were answered with a result, and all others. */
  counts(): { readonly good: number; readonly bad: number };
  stop(): Promise<void>;
}

/**
 * An ordinary client of the legacy era that calls `echo` again and again. After anything but a result it begins a new
 * session, as people's clients do when their server was restarted.
 */
export function startTraffic(url: string, pauseMs: number): Traffic {
  const stopping = new AbortController();
  let session: string | undefined;
  let lastId = 0;
  let good = 0;
  let bad = 0;

  async function post(message: object): Promise<Response> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session !== undefined && { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(5_000)]),
    });
    const text = await response.text();
    if (!response.ok || text.includes('"error"')) throw new Error(`${response.status}: ${text}`);
    return response;
  }

  async function call(): Promise<void> {
    if (session === undefined) {
      const opened = await post({
        id: (lastId += 1),
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'traffic', version: '1.0.0' },
        },
      });
      session = opened.headers.get('mcp-session-id') ?? undefined;
      await post({ method: 'notifications/initialized' });
    }
    const params = { name: 'echo', arguments: { message: 'hello' } };
    await post({ id: (lastId += 1), method: 'tools/call', params });
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await call();
        good += 1;
      } catch {
        bad += 1;
        session = undefined;
      }
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const done = run();
  return {
    counts: () => ({ good, bad }),
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
