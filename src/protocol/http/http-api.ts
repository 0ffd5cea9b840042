import { Agent, fetch } from 'undici';
import type { HttpApi } from '../../facts/ports/http-api.ts';
import type { RemoteApi } from '../../facts/service-settings.ts';
import { createConnector } from '../undici-connector.ts';
import { readText } from './read-text.ts';

const ANSWER_MS_MAX = 10_000;
/** Some ten thousand silences or alerts. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Requests to the API of another program. Redirects are refused, since they could lead credentials elsewhere. */
export function createHttpApi(
  { url, headers, access }: RemoteApi,
  userAgent: string,
): HttpApi & { close(): Promise<void> } {
  const agent = new Agent({ connect: createConnector(access) });
  return {
    async request(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          'user-agent': userAgent,
          accept: 'application/json',
          ...Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, value.reveal()]),
          ),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
        dispatcher: agent,
      });
      return { status: response.status, text: await readText(response.body, BODY_BYTES_MAX) };
    },
    close: () => agent.destroy(),
  };
}
