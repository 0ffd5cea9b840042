import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Client } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { acceptValidResponses, findResponseParser } from '../../../src/protocol/response-parser.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A client that uses one connection after the other, and the number of those that it has opened. */
async function startClient(
  answers: string[],
  isLast = false,
): Promise<{ client: Client; opened: () => number }> {
  let opened = 0;
  const server = createServer((socket) => {
    opened += 1;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      socket.write(answers.shift() ?? OK);
      if (isLast) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  acceptValidResponses(client);
  onTestFinished(async () => {
    await client.destroy();
    server.close();
  });
  return { client, opened: () => opened };
}

async function ask(client: Client): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await client.request({ path: '/', method: 'GET' });
  return { status: statusCode, body: await body.text() };
}

test('the parser of undici is where it is looked for, and is changed', async () => {
  const { client } = await startClient([]);
  await ask(client);
  const parser = findResponseParser(client);
  expect(parser).toMatchObject({ contentLength: '', headers: [] });
  expect(Object.hasOwn(parser ?? {}, 'onHeadersComplete')).toBe(true);
});

test.each([
  ['204 without a length', 'HTTP/1.1 204 No Content\r\n\r\n', 1],
  ['204 with a length of 0', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', 1],
  ['204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', 2],
  ['204 in chunks', 'HTTP/1.1 204 No Content\r\nTRANSFER-ENCODING: chunked\r\n\r\n', 2],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 2],
  ['100 and a response', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, 1],
  [
    'three times 100, 103 and a response',
    `${'HTTP/1.1 100 Continue\r\nA: b\r\n\r\n'.repeat(3)}HTTP/1.1 103 Early Hints\r\n\r\n${OK}`,
    1,
  ],
])('after %s the next request gets its response', async (_what, answer, connections) => {
  const { client, opened } = await startClient([answer]);
  const { status } = await ask(client);
  expect(answer).toContain(`HTTP/1.1 ${status} `);
  await expect(ask(client)).resolves.toEqual({ status: 200, body: 'ok' });
  expect(opened()).toBe(connections);
});

test.each([204, 304])(
  'a response in the body of %d is that of no later request',
  async (status) => {
    const hidden = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden';
    const answer = `HTTP/1.1 ${status} X\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`;
    const { client, opened } = await startClient([answer]);
    const [first, second] = await Promise.all([ask(client), ask(client)]);
    expect([first.status, second.body]).toEqual([status, 'ok']);
    expect(opened()).toBe(2);
  },
);

test('a body that ends before its length is an error', async () => {
  const { client } = await startClient(
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nab'],
    true,
  );
  await expect(ask(client)).rejects.toThrow();
});
