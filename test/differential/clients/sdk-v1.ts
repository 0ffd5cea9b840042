import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type Address, attempt, type TryClient } from './client.ts';

/** `@modelcontextprotocol/sdk`: revisions with sessions only. */
export const trySdkV1: TryClient = (address, limitMs) => {
  const client = new Client({ name: 'sdk-v1', version: '1.0.0' });
  const list = async (): Promise<unknown> => {
    await client.connect(transportTo(address));
    return client.listTools();
  };
  return attempt(limitMs, list, () => client.close());
};

function transportTo(address: Address): Transport {
  switch (address.transport) {
    case 'stdio': {
      const { command, args } = address;
      return new StdioClientTransport({ command, args: [...args], stderr: 'ignore' });
    }
    case 'sse':
      return new SSEClientTransport(new URL(address.url));
    case 'http':
      return new StreamableHTTPClientTransport(new URL(address.url));
  }
}
