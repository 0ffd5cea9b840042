import { setTimeout as sleep } from 'node:timers/promises';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

/** The constructor of either SDK; the APIs are the same as far as it is used here. */
export type McpServerClass = typeof McpServer;

/** A server with the tools `add`, `fails`, `refuses` (a JSON-RPC error) and `slow`, a prompt and a resource. */
export function buildServer(Server: McpServerClass): McpServer {
  const server = new Server({ name: 'shop', version: '1.2.3' });
  const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: String(value) }] });
  const numbers = z.object({ a: z.number(), b: z.number() });
  server.registerTool('add', { inputSchema: numbers }, ({ a, b }) => text(a + b));
  server.registerTool('fails', {}, () => {
    throw new Error('the disk is broken');
  });
  server.registerTool('slow', {}, async () => {
    await sleep(30);
    return text('done');
  });
  server.registerPrompt('greet', {}, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
  }));
  server.registerResource('note', 'note://1', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'a note' }],
  }));
  return server;
}
