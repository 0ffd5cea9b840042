import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport as PipeV1 } from '@modelcontextprotocol/sdk/inMemory.js';
import { Server as LowLevelV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import {
  InMemoryTransport as PipeV2,
  McpServer as McpServerV2,
  Server as LowLevelV2,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { MetricRegistry } from '../../../../src/instrument/metrics/metric-registry.ts';

/** What the tests do with a server of either SDK. */
export interface Sdk {
  /** With the tools `add`, `fails`, `waits` (until it is cancelled) and `counts` (reports progress). */
  readonly server: McpServerV1;
  readonly client: ClientV1;
  connect(): Promise<void>;
}

export interface SdkVersion {
  readonly McpServer: typeof McpServerV1;
  readonly LowLevel: typeof LowLevelV1;
  readonly Client: typeof ClientV1;
  readonly Pipe: typeof PipeV1;
}

/** The APIs are the same as far as the tests use them. */
export const SDKS: [string, SdkVersion][] = [
  ['v1', { McpServer: McpServerV1, LowLevel: LowLevelV1, Client: ClientV1, Pipe: PipeV1 }],
  [
    'v2',
    {
      McpServer: McpServerV2,
      LowLevel: LowLevelV2,
      Client: ClientV2,
      Pipe: PipeV2,
    } as unknown as SdkVersion,
  ],
];

const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: String(value) }] });

export function createSdk({ McpServer, Client, Pipe }: SdkVersion): Sdk {
  const server = new McpServer({ name: 'demo', version: '1.0.0' });
  const numbers = z.object({ a: z.number(), b: z.number() });
  server.registerTool('add', { inputSchema: numbers }, ({ a, b }) => text(a + b));
  server.registerTool('fails', {}, () => {
    throw new Error('the disk is broken');
  });
  const client = new Client({ name: 'tester', version: '2.0.0' });
  return {
    server,
    client,
    async connect() {
      const [near, far] = Pipe.createLinkedPair();
      await server.connect(near);
      await client.connect(far);
    },
  };
}

/** The lines of a metrics page without comments and buckets, as `{ line: value }`. */
export async function readSeries(registry: MetricRegistry): Promise<Record<string, number>> {
  const lines = (await registry.metrics())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket{'));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Requests by tool or operation and outcome, as in `add success`. */
export async function readOutcomes(registry: MetricRegistry): Promise<Record<string, number>> {
  const counted = Object.entries(await readSeries(registry))
    .filter(([line]) => line.startsWith('mcp_requests_total{'))
    .map(([line, value]) => {
      const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
      return [`${label('tool') || label('operation')} ${label('outcome')}`, value] as const;
    });
  return Object.fromEntries(counted);
}
