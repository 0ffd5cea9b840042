// A stdio server that writes the secrets it was given, in PLANTED and in its arguments, into everything that it says.
import { createInterface } from 'node:readline';

const secret = `${process.env['PLANTED']} ${process.argv.slice(2).join(' ')}`;

interface Asked {
  readonly id?: number;
  readonly method: string;
}

function answerTo(method: string): object {
  if (method === 'initialize') {
    const serverInfo = { name: `name ${secret}`, version: `version ${secret}` };
    return { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo } };
  }
  if (method === 'tools/list') {
    const tool = { name: `tool ${secret}`, description: secret, inputSchema: { type: 'object' } };
    return { result: { tools: [tool] } };
  }
  if (method === 'ping') return { result: {} };
  const data = { stack: `at ${secret} (Authorization: Bearer unkn0wn-to-us)` };
  return { error: { code: -32603, message: `no ${method}: ${secret}`, data } };
}

process.stderr.write(`started with ${secret}\n`);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line) as Asked;
  if (method === 'tools/call') setImmediate(() => process.exit(3));
  process.stderr.write(`${method}: ${secret}\n`);
  if (id === undefined) return;
  process.stdout.write(`not JSON: ${secret}\n`);
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answerTo(method) })}\n`);
});
