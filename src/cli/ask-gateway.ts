import type { Clock } from '../facts/ports/clock.ts';
import { openConnections, type TlsTrust } from '../protocol/http/connections.ts';
import { createHttpEndpoint } from '../protocol/http/http-endpoint.ts';
import { readBody } from '../protocol/http/read-body.ts';

/** Long enough for a gateway on a busy machine. If another program listens there and never answers, the start takes this long once. */
const ANSWER_MS_MAX = 2_000;
const ANSWER_LIMITS = { bytesMax: 10_000, isStrict: false };

export type GatewayAnswer = 'knows_server' | 'unknown_server' | 'other_program' | 'absent';

/** Whether our own gateway, not another program, listens at `url`, and whether it knows this server. Never rejects. */
export async function askGateway(
  url: string,
  server: string,
  clock: Clock,
  tls: TlsTrust = { tlsSkipVerify: false },
): Promise<GatewayAnswer> {
  const address = new URL(`${url}/-/identity?server=${encodeURIComponent(server)}`);
  const endpoint = createHttpEndpoint({
    url: address,
    headers: {},
    connections: await openConnections(address, tls),
    clock,
    retriesStale: false,
  });
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const sent = await endpoint.send({
    method: 'GET',
    headers: { accept: 'application/json' },
    waitedFor: 'answer',
    signal,
  });
  const read = sent.ok ? await readBody(sent.response, signal, ANSWER_LIMITS) : sent;
  endpoint.release();
  if (read.ok) return judge(read.text);
  return sent.ok || sent.wasConnected ? 'other_program' : 'absent';
}

function judge(text: string): GatewayAnswer {
  try {
    const body = JSON.parse(text) as { readonly service?: unknown; readonly knowsServer?: unknown };
    if (body.service !== 'mcp-exporter') return 'other_program';
    return body.knowsServer === true ? 'knows_server' : 'unknown_server';
  } catch {
    return 'other_program';
  }
}
