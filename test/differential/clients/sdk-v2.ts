import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { type Address, attempt, type TryClient } from './client.ts';

/** `@modelcontextprotocol/client`, which negotiates the era. */
export const trySdkV2: TryClient = (address, limitMs) => {
  const client = new Client(
    { name: 'sdk-v2', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
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
