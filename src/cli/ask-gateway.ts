import { createHttpClient, type TlsTrust } from '../protocol/http-client.ts';

/** A gateway on a busy machine takes its time; a stranger that never answers costs this once, at the start. */
const ANSWER_MS_MAX = 2_000;
const ANSWER_CHARS_MAX = 10_000;

/** Whether our own gateway listens there, and not some other program, and has this server. Never rejects. */
export async function askGateway(
  url: string,
  server: string,
  tls: TlsTrust = { rejectUnauthorized: true },
): Promise<'knows_server' | 'unknown_server' | 'stranger' | 'absent'> {
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
      if (text.length > ANSWER_CHARS_MAX) return 'stranger';
    }
    const said = JSON.parse(text) as { readonly service?: unknown; readonly knowsServer?: unknown };
    if (said.service !== 'mcp-exporter') return 'stranger';
    return said.knowsServer === true ? 'knows_server' : 'unknown_server';
  } catch {
    return exchange.wasConnected() ? 'stranger' : 'absent';
  } finally {
    http.close();
  }
}
