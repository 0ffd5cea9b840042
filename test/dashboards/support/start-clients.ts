import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import type { Ending } from './ending.ts';

/** Each is a user of the gateway with a token of its own. */
export const USERS = ['ana', 'ben', 'nightly-batch'] as const;
export type User = (typeof USERS)[number];

export const tokenOf = (user: User): string => `token-of-${user}-0123456789`;

interface ToolCall {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
}

interface ClientProfile {
  readonly name: string;
  readonly user: User;
  readonly server: string;
  readonly transport?: 'sse';
  readonly era?: 'modern';
  /** Called in turn. */
  readonly tools: readonly ToolCall[];
  /** One that fails, after so many good ones. */
  readonly mistake?: ToolCall & { readonly every: number };
}

const PROFILES: readonly ClientProfile[] = [
  {
    name: 'desktop-assistant',
    user: 'ana',
    server: 'reports',
    tools: [
      { name: 'echo', arguments: { message: 'hello' } },
      { name: 'get-sum', arguments: { a: 2, b: 40 } },
    ],
    mistake: { every: 150, name: 'no-such-tool' },
  },
  {
    name: 'code-editor',
    user: 'ben',
    server: 'files',
    tools: [
      { name: 'list_allowed_directories' },
      { name: 'list_directory', arguments: { path: '.' } },
    ],
    mistake: { every: 200, name: 'read_file', arguments: { path: '/' } },
  },
  { name: 'desktop-assistant', user: 'ben', server: 'memory', tools: [{ name: 'read_graph' }] },
  {
    name: 'desktop-assistant',
    user: 'ana',
    server: 'search',
    tools: [{ name: 'search' }, { name: 'search' }, { name: 'fetch-page' }],
  },
  {
    name: 'support-bot',
    user: 'ben',
    server: 'tickets',
    era: 'modern',
    tools: [{ name: 'find-tickets' }, { name: 'comment' }, { name: 'create-ticket' }],
  },
  {
    name: 'support-bot',
    user: 'ana',
    server: 'events',
    transport: 'sse',
    tools: [{ name: 'list-events' }, { name: 'create-event' }],
  },
  {
    name: 'code-editor',
    user: 'ben',
    server: 'weather',
    tools: [{ name: 'echo', arguments: { message: 'a note' } }],
  },
];

export interface ClientsOptions {
  /** Base address of the gateway. */
  readonly gatewayUrl: string;
  /** Between two calls of one client. */
  readonly pauseMs: number;
  readonly ending: Ending;
}

/** Clients of several kinds at work, and what else comes to a gateway: a wrong token, a wrong name, and far too much. */
export function startClients(options: ClientsOptions): void {
  const stopping = new AbortController();
  const pause = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  const running = [
    ...PROFILES.map((profile) => beClient(profile, options, stopping.signal, pause)),
    beNuisance(options, stopping.signal, pause),
  ];
  options.ending.add(async () => {
    stopping.abort();
    await Promise.all(running);
  });
}

type Pause = (ms: number) => Promise<void>;

async function beClient(
  profile: ClientProfile,
  { gatewayUrl, pauseMs }: ClientsOptions,
  signal: AbortSignal,
  pause: Pause,
): Promise<void> {
  let client: Client | undefined;
  for (let turn = 0; !signal.aborted; turn += 1) {
    try {
      client ??= await connect(profile, gatewayUrl);
      if (turn % 10 === 0) await client.listTools();
      const call = callOf(profile, turn);
      // What a call ends in is the server's business; only a lost connection is ours.
      if (call) await client.callTool(call).catch(() => client?.listTools());
    } catch {
      await client?.close().catch(() => undefined);
      client = undefined;
    }
    await pause(pauseMs);
  }
  await client?.close().catch(() => undefined);
}

function callOf({ tools, mistake }: ClientProfile, turn: number): ToolCall | undefined {
  return mistake && turn % mistake.every === 20 ? mistake : tools[turn % tools.length];
}

async function connect(
  { name, server, user, transport, era }: ClientProfile,
  gatewayUrl: string,
): Promise<Client> {
  const client = new Client(
    { name, version: '1.4.0' },
    { versionNegotiation: { mode: era === 'modern' ? 'auto' : 'legacy' } },
  );
  const requestInit = { headers: { authorization: `Bearer ${tokenOf(user)}` } };
  const url = (route: string): URL => new URL(`${gatewayUrl}/${server}/${route}`);
  await client.connect(
    transport === 'sse'
      ? new SSEClientTransport(url('sse'), { requestInit })
      : new StreamableHTTPClientTransport(url('mcp'), { requestInit }),
  );
  return client;
}

const NUISANCE_PAUSE_MS = 1_500;
const BURST = 60;

async function beNuisance(
  { gatewayUrl }: ClientsOptions,
  signal: AbortSignal,
  pause: Pause,
): Promise<void> {
  const post = (server: string, token: string): Promise<unknown> =>
    fetch(`${gatewayUrl}/${server}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      signal,
    }).then(
      (response) => response.text(),
      () => undefined,
    );
  while (!signal.aborted) {
    await post('reports', 'a-wrong-token');
    await post('no-such-server', tokenOf('ana'));
    await Promise.all(Array.from({ length: BURST }, () => post('crm', tokenOf('nightly-batch'))));
    await pause(NUISANCE_PAUSE_MS);
  }
}
