import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface SunkRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly receivedAtMs: number;
}

export interface RequestSink {
  /** Without a slash at the end. */
  readonly url: string;
  readonly requests: readonly SunkRequest[];
}

/** An HTTP server on loopback that keeps the JSON it gets and is content with all of it; it ends with the test. */
export async function startRequestSink(): Promise<RequestSink> {
  const requests: SunkRequest[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({
        path: request.url ?? '',
        authorization: request.headers.authorization,
        body: JSON.parse(body) as SunkRequest['body'],
        receivedAtMs: Date.now(),
      });
      // What PagerDuty and Slack answer: the one wants JSON, the other the word "ok".
      const isSlack = request.url === '/slack';
      response.writeHead(isSlack ? 200 : 202).end(isSlack ? 'ok' : '{"status":"success"}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests };
}
