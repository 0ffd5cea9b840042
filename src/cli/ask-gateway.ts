import { createHttpClient, type TlsTrust } from '../protocol/http/http-client.ts';

/** Generous for a gateway on a busy machine; another program that never answers costs this once, at the start. */
const ANSWER_MS_MAX = 2_000;
const ANSWER_CHARS_MAX = 10_000;

/** Whether our own gateway, not another program, listens at `url`, and whether it knows this server. Never rejects. */
export async function askGateway(
  url: string,
  server: string,
  tls: TlsTrust = { rejectUnauthorized: true },
): Promise<'knows_server' | 'unknown_server' | 'other_program' | 'absent'> {
  const address = new URL(`${url}/-/identity?server=${encodeURIComponent(server)}`);
  const http = await createHttpClient({ url: address, tls });
  const exchange = http.call({
    method: 'GET',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  try {
    const answer = await exchange.answer;
    let text = '';
    for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk;
      if (text.length > ANSWER_CHARS_MAX) return 'other_program';
    }
    const body = JSON.parse(text) as { readonly service?: unknown; readonly knowsServer?: unknown };
    if (body.service !== 'mcp-exporter') return 'other_program';
    return body.knowsServer === true ? 'knows_server' : 'unknown_server';
  } catch {
    return exchange.wasConnected() ? 'other_program' : 'absent';
  } finally {
    http.close();
  }
}
