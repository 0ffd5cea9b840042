import { createHash } from 'node:crypto';
import * as modern from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdioTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResultSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { Address } from '../../differential/clients/client.ts';
import { answerElicitation, answerRoots, answerSampling } from './client-answers.ts';

export type Sdk = 'v1' | 'v2';
export type Message = Readonly<Record<string, unknown>>;

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  readonly onprogress?: (progress: unknown) => void;
}

/** How a request ended, as the code that uses the client sees it. */
export type Outcome =
  | { readonly result: unknown }
  | {
      readonly error: {
        readonly name: string;
        readonly code: unknown;
        readonly message: string;
        readonly data: unknown;
      };
    };

/** An official client of either version, connected to a server. */
export interface Peer {
  /** Every message that the transport gave to the client, in its order. */
  readonly received: readonly Message[];
  readonly era: 'legacy' | 'modern';
  /** What the client knows of the server. */
  describe(): unknown;
  /** Never rejects. */
  request(method: string, params?: Message, options?: RequestOptions): Promise<Outcome>;
  /** With the checks of the SDK, such as the one of the output schema. */
  callTool(params: Message): Promise<Outcome>;
  listTools(): Promise<Outcome>;
  notify(method: string, params?: Message): Promise<void>;
  /** Opens `subscriptions/listen`; only in 2026-07-28. */
  listen(filter: Message): Promise<{ close(): Promise<void> }>;
  /** Sends DELETE, where there is a session, and closes. */
  terminate(): Promise<void>;
  close(): Promise<void>;
}

const IDENTITY = { name: 'report', title: 'Zażółć 🧑‍🚀', version: '1.2.3' };
const CAPABILITIES = {
  sampling: {},
  elicitation: { form: {} },
  roots: { listChanged: true },
  experimental: { 'test/client': { list: [null, 1.5] } },
};
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;
/** A client that resumes a stream does so at once. */
const RECONNECTION = {
  initialReconnectionDelay: 10,
  maxReconnectionDelay: 100,
  reconnectionDelayGrowFactor: 1,
  maxRetries: 20,
};
const TIMEOUT_MS = 60_000;
const TEXT_LENGTH_MAX = 2_000;

export async function connectPeer(sdk: Sdk, address: Address): Promise<Peer> {
  const received: Message[] = [];
  if (sdk === 'v1') return connectV1(address, received);
  return connectV2(address, received);
}

async function connectV1(address: Address, received: Message[]): Promise<Peer> {
  const client = new Client(IDENTITY, { capabilities: CAPABILITIES });
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) =>
    answerSampling(params as never),
  );
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => answerElicitation(params as never));
  client.setRequestHandler(ListRootsRequestSchema, () => answerRoots());
  const transport = transportV1(address);
  record(transport, received);
  await client.connect(transport, { timeout: TIMEOUT_MS });
  return {
    received,
    era: 'legacy',
    describe: () => describe(client),
    request: (method, params, options) =>
      outcomeOf(() =>
        client.request({ method, ...(params && { params }) }, ResultSchema, {
          timeout: TIMEOUT_MS,
          ...options,
        }),
      ),
    callTool: (params) => outcomeOf(() => client.callTool(params as never)),
    listTools: () => outcomeOf(() => client.listTools()),
    notify: (method, params) => client.notification({ method, ...(params && { params }) }),
    listen: () => Promise.reject(new Error('there is no subscriptions/listen')),
    async terminate() {
      if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
      await client.close();
    },
    close: () => client.close(),
  };
}

function transportV1(address: Address) {
  switch (address.transport) {
    case 'stdio': {
      const { command, args } = address;
      return new StdioClientTransport({
        command,
        args: [...args],
        stderr: 'ignore',
        maxBufferSize: BUFFER_BYTES_MAX,
      });
    }
    case 'sse':
      return new SSEClientTransport(new URL(address.url));
    case 'http':
      return new StreamableHTTPClientTransport(new URL(address.url), {
        reconnectionOptions: RECONNECTION,
      });
  }
}

async function connectV2(address: Address, received: Message[]): Promise<Peer> {
  const client = new modern.Client(IDENTITY, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: 'auto' },
  });
  client.setRequestHandler('sampling/createMessage', ({ params }) =>
    answerSampling(params as never),
  );
  client.setRequestHandler('elicitation/create', ({ params }) =>
    answerElicitation(params as never),
  );
  client.setRequestHandler('roots/list', () => answerRoots());
  const transport = transportV2(address);
  record(transport, received);
  await client.connect(transport, { timeout: TIMEOUT_MS });
  return {
    received,
    era: client.getProtocolEra() ?? 'legacy',
    describe: () => ({ ...describe(client), discovered: client.getDiscoverResult() }),
    request: (method, params, options) =>
      outcomeOf(() =>
        client.request({ method, ...(params && { params }) } as never, {
          timeout: TIMEOUT_MS,
          ...options,
        }),
      ),
    callTool: (params) => outcomeOf(() => client.callTool(params as never)),
    listTools: () => outcomeOf(() => client.listTools()),
    notify: (method, params) => client.notification({ method, ...(params && { params }) }),
    listen: (filter) => client.listen(filter),
    async terminate() {
      if (transport instanceof modern.StreamableHTTPClientTransport)
        await transport.terminateSession();
      await client.close();
    },
    close: () => client.close(),
  };
}

function transportV2(address: Address) {
  switch (address.transport) {
    case 'stdio': {
      const { command, args } = address;
      return new ModernStdioTransport({
        command,
        args: [...args],
        stderr: 'ignore',
        maxBufferSize: BUFFER_BYTES_MAX,
      });
    }
    case 'sse':
      return new modern.SSEClientTransport(new URL(address.url));
    case 'http':
      return new modern.StreamableHTTPClientTransport(new URL(address.url), {
        reconnectionOptions: RECONNECTION,
      });
  }
}

/** Sees each message before the client does. */
function record(transport: object, received: Message[]): void {
  let handler: ((message: Message, extra: unknown) => void) | undefined;
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    get: () => handler,
    set(given: typeof handler) {
      handler =
        given &&
        ((message, extra) => {
          received.push(shorten(message));
          given(message, extra);
        });
    },
  });
}

/** A copy; long texts become their digest. */
function shorten(message: Message): Message {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) =>
      typeof value === 'string' && value.length > TEXT_LENGTH_MAX ? digestOf(value) : value,
    ),
  ) as Message;
}

function digestOf(text: string): unknown {
  return { length: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

function describe(client: Client | modern.Client): Record<string, unknown> {
  return {
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
  };
}

async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await run() };
  } catch (error) {
    const { name, code, message, data } = error as Error & { code?: unknown; data?: unknown };
    return { error: { name, code, message, data } };
  }
}
