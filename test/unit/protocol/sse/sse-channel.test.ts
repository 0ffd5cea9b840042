import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../../../src/app/system-clock.ts';
import { createSseChannels } from '../../../../src/protocol/sse/sse-channel.ts';

/** An HTTP+SSE server that notes the revision in the header of each POST, and answers `initialize`. */
async function startServer() {
  const revisions: unknown[] = [];
  let stream: ServerResponse | undefined;
  let noted = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      stream.write('event: endpoint\ndata: /messages\n\n');
      return;
    }
    void readAll(request).then((body) => {
      revisions.push(request.headers['mcp-protocol-version']);
      response.writeHead(202).end();
      if (body.includes('"initialize"'))
        stream?.write(
          'data: {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}\n\n',
        );
      noted.resolve();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/sse`),
    revisions,
    async nextPost() {
      await noted.promise;
      noted = Promise.withResolvers();
    },
  };
}

test('every POST after the answer to initialize names its revision', async () => {
  const server = await startServer();
  const answered = Promise.withResolvers<string>();
  const channels = createSseChannels({
    url: server.url,
    headers: {},
    tls: { tlsSkipVerify: false },
    openTimeoutMs: () => 10_000,
    clock: createSystemClock(),
  });
  const opening = await channels.open({
    onMessage: answered.resolve,
    onRequestFailed: () => undefined,
    onClose: () => undefined,
  });
  if (!opening.ok) throw new Error(opening.failure.detail);
  onTestFinished(async () => {
    await opening.channel.close();
    await channels.stop();
  });

  opening.channel.send('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}');
  await server.nextPost();
  await answered.promise;
  opening.channel.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  await server.nextPost();

  expect(server.revisions).toEqual([undefined, '2025-06-18']);
});
