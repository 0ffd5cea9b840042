/**
 * The upstream of the gateway's benchmarks: an MCP server over Streamable HTTP without an SDK, one listener per era. Runs
 * as a child process and sends its ports over the channel of `fork`; each message to it is a question of EchoQuestion.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerTo, type EchoEra, type Message } from './echo-answers.ts';

/** How many requests came so far; or an event into each open GET stream. */
export type EchoQuestion = 'requests' | 'broadcast';
export type EchoReply =
  | { readonly ports: Readonly<Record<EchoEra, number>> }
  | { readonly requests: number }
  | { readonly sent: number };

const JSON_TYPE = 'application/json';
const SSE_HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
const TICK_DEFAULTS = { events: 10, intervalMs: 20 };

const streams = new Set<http.ServerResponse>();
let requests = 0;
let sessions = 0;

/** Milliseconds of the machine's monotonic clock, which all processes share. */
function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function sendTicks(response: http.ServerResponse, message: Message): void {
  const { events, intervalMs } = { ...TICK_DEFAULTS, ...message.params?.arguments };
  let left = events;
  response.writeHead(200, SSE_HEADERS);
  response.flushHeaders();
  const timer = setInterval(() => {
    left -= 1;
    if (left >= 0) {
      response.write(
        `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":{"at":${machineMs()}}}}\n\n`,
      );
      return;
    }
    clearInterval(timer);
    response.end(`event: message\ndata: ${answerTo(message, 'legacy')}\n\n`);
  }, intervalMs);
  response.on('close', () => clearInterval(timer));
}

function answer(response: http.ServerResponse, message: Message, era: EchoEra): void {
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const tool = message.method === 'tools/call' ? message.params?.name : undefined;
  if (tool === 'ticks') {
    sendTicks(response, message);
    return;
  }
  const text = answerTo(message, era);
  if (tool?.endsWith('_sse')) {
    response.writeHead(200, SSE_HEADERS);
    response.end(`event: message\ndata: ${text}\n\n`);
    return;
  }
  const body = Buffer.from(text);
  if (message.method === 'initialize' && era === 'legacy') {
    sessions += 1;
    response.setHeader('mcp-session-id', `session-${sessions}`);
  }
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': body.length });
  response.end(body);
}

function serve(era: EchoEra): http.Server {
  const server = http.createServer((request, response) => {
    requests += 1;
    if (request.method === 'GET') {
      if (era === 'modern') {
        response.writeHead(405).end();
        return;
      }
      response.writeHead(200, SSE_HEADERS);
      response.flushHeaders();
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    if (request.method === 'DELETE') {
      response.writeHead(200).end();
      return;
    }
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => answer(response, JSON.parse(text) as Message, era));
  });
  server.keepAliveTimeout = 120_000;
  return server.listen(0, '127.0.0.1', 4_096);
}

function reply(message: EchoReply): void {
  process.send?.(message);
}

async function portOf(server: http.Server): Promise<number> {
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

process.on('message', (question: EchoQuestion) => {
  if (question === 'requests') {
    reply({ requests });
    return;
  }
  for (const stream of streams)
    stream.write('event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
  reply({ sent: streams.size });
});
process.on('disconnect', () => process.exit());
reply({ ports: { legacy: await portOf(serve('legacy')), modern: await portOf(serve('modern')) } });
