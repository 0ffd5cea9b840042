// A server as most published ones are: McpServer of SDK v1 over standard input and output.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const server = new McpServer({ name: 'sdk-v1', version: '1.0.0' });
server.registerTool('hello', { description: 'Greets' }, () => ({
  content: [{ type: 'text', text: 'hello' }],
}));
await server.connect(new StdioServerTransport());
