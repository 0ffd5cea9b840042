import * as modern from '@modelcontextprotocol/client';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Names of the tools that the client lists. */
type ListTools = (url: string, expectedIssuer: string) => Promise<readonly string[]>;

/**
 * The official clients, with their own providers of client credentials.
 * @param ends gets what closes each client
 */
export function createOAuthClients(
  credentials: Credentials,
  ends: (() => Promise<unknown>)[],
): { readonly listByV1: ListTools; readonly listByV2: ListTools } {
  return {
    async listByV1(url, expectedIssuer) {
      const client = new Client({ name: 'v1', version: '1' });
      ends.push(() => client.close());
      const authProvider = new ClientCredentialsProvider({ ...credentials, expectedIssuer });
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
      return (await client.listTools()).tools.map(({ name }) => name);
    },
    async listByV2(url, expectedIssuer) {
      const client = new modern.Client({ name: 'v2', version: '1' });
      ends.push(() => client.close());
      const authProvider = new modern.ClientCredentialsProvider({ ...credentials, expectedIssuer });
      const transport = new modern.StreamableHTTPClientTransport(new URL(url), { authProvider });
      await client.connect(transport);
      return (await client.listTools()).tools.map(({ name }) => name);
    },
  };
}
