import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../../src/app/system-clock.ts';
import type { ChannelFailure } from '../../../src/protocol/message-channel.ts';
import type { HttpTarget, StdioTarget } from '../../../src/facts/server.ts';
import { openDirect } from '../../../src/protocol/open-channel.ts';
import {
  type ChildListeners,
  createChildChannels,
} from '../../../src/protocol/stdio/child-messages.ts';
import { buildServer } from '../../fakes/build-server.ts';
import { fakeServer, type StdioBehaviour } from '../../fakes/stdio-behaviour.ts';

const INITIALIZE = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function open(target: HttpTarget | StdioTarget, listeners: ChildListeners = {}) {
  const children = createChildChannels(createSystemClock(), listeners);
  const messages: string[] = [];
  const unanswered: unknown[] = [];
  const waiting: (() => void)[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<ChannelFailure>();
  const opening = await openDirect(
    buildServer('a', { target }),
    children,
    {
      onMessage(text) {
        messages.push(text);
        for (const wake of waiting.splice(0)) wake();
      },
      onRequestFailed: (id, { refusal }) => unanswered.push([id, refusal]),
      onClose: resolve,
    },
    createSystemClock(),
  );
  if (!opening.ok) return { failure: opening.failure };
  const { channel } = opening;
  onTestFinished(() => channel.close());
  return {
    channel,
    messages,
    unanswered,
    closed,
    async received(count: number) {
      while (messages.length < count)
        await new Promise<void>((wake) => {
          waiting.push(wake);
        });
      return messages.map((text) => JSON.parse(text) as object);
    },
  };
}

function httpTarget(url: string, transport: HttpTarget['transport']): HttpTarget {
  return { kind: 'http', url, transport, headers: {}, tlsSkipVerify: false };
}

function stdioTarget(behaviour: StdioBehaviour): StdioTarget {
  return fakeServer(behaviour);
}

/** HTTP+SSE that answers each request with its method, and takes its time for notifications. */
function sseServer(order: string[]): RequestListener {
  let stream: ServerResponse | undefined;
  return (request, response) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      stream.write('event: endpoint\ndata: /messages?id=1\n\n');
      return;
    }
    if (request.url !== '/messages?id=1') {
      response.writeHead(404).end('Not Found');
      return;
    }
    void readAll(request).then((body) => {
      const { id, method } = JSON.parse(body) as { id?: number; method: string };
      order.push(method);
      setImmediate(() => response.writeHead(202).end('Accepted'));
      if (id !== undefined)
        stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { method } })}\n\n`);
    });
  };
}

test('over HTTP+SSE, messages keep their order and answers come on the stream', async () => {
  const order: string[] = [];
  const url = await listen(sseServer(order));
  const { channel, received } = await open(httpTarget(`${url}/sse`, 'sse'));
  for (const text of [INITIALIZE, INITIALIZED, PING]) channel?.send(text);
  expect(await received?.(2)).toMatchObject([{ id: 0 }, { id: 1 }]);
  expect(order).toEqual(['initialize', 'notifications/initialized', 'ping']);
});

test('with the transport auto, an endpoint that refuses initialize is tried as HTTP+SSE', async () => {
  const order: string[] = [];
  const url = await listen(sseServer(order));
  const { channel, received } = await open(httpTarget(`${url}/anything`, 'auto'));
  for (const text of [INITIALIZE]) channel?.send(text);
  expect(await received?.(1)).toMatchObject([{ id: 0, result: { method: 'initialize' } }]);
  channel?.send(PING);
  expect(await received?.(2)).toMatchObject([{}, { id: 1, result: { method: 'ping' } }]);
});

test('with a configured transport, a refusal is the answer', async () => {
  const url = await listen(sseServer([]));
  const { channel, received } = await open(httpTarget(`${url}/anything`, 'http'));
  channel?.send(INITIALIZE);
  expect(await received?.(1)).toMatchObject([{ id: 0, error: { code: -32_050 } }]);
});

test.each([
  ['another origin', 'http://example.invalid/messages', 'another origin'],
  ['nothing in time', undefined, 'announced no endpoint in time'],
])('an event stream that announces %s is refused', async (_name, endpoint, detail) => {
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    if (endpoint !== undefined) response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
  });
  const children = createChildChannels(createSystemClock());
  const base = buildServer('a', { target: httpTarget(`${url}/sse`, 'sse') });
  const spec = { ...base, monitor: { ...base.monitor, startTimeoutMs: 100 } };
  const opening = await openDirect(
    spec,
    children,
    {
      onMessage: () => undefined,
      onRequestFailed: () => undefined,
      onClose: () => undefined,
    },
    createSystemClock(),
  );
  expect(opening).toMatchObject({
    ok: false,
    failure: { detail: expect.stringContaining(detail) as string },
  });
});

test('what a child wrote on standard error goes to a listener, and never to the client', async () => {
  const dying = { exitAtOnce: { code: 3, stderr: 'no database\n' } };
  const lastWords: string[] = [];
  const quiet = await open(stdioTarget(dying), {
    onLastWords: (_server, { stderrTail }) => void lastWords.push(stderrTail),
  });
  expect((await quiet.closed)?.detail).toBe('exit code 3');
  expect(lastWords).toEqual(['no database']);
  let heard = '';
  const loud = await open(stdioTarget(dying), {
    onErrorOutput: (chunk) => (heard += chunk.toString()),
  });
  expect((await loud.closed)?.detail).toBe('exit code 3');
  expect(heard).toBe('no database\n');
});

test('a child that is closed is not a failure', async () => {
  const { channel, closed } = await open(stdioTarget({}));
  await channel?.close();
  const later = await Promise.race([closed, Promise.resolve('nothing')]);
  expect(later).toBe('nothing');
});

test('a message over the limit is dropped and reported, its sender and its request get an error, and the next one arrives', async () => {
  const { promise: lost, resolve } = Promise.withResolvers<unknown[]>();
  const script = `
    const text = 'x'.repeat(65 * 1024 * 1024);
    process.stdout.write(JSON.stringify({ result: { text }, id: 7 }) + '\\n');
    process.stdout.write(JSON.stringify({ method: 'sampling/createMessage', id: 'ask', text }) + '\\n');
    process.stdin.pipe(process.stdout);`;
  const { received, unanswered } = await open(
    { ...stdioTarget({}), args: ['--eval', script] },
    { onLost: (...told) => resolve(told) },
  );
  expect(await lost).toEqual(['a', 64 * 1024 * 1024]);
  expect(await received?.(1)).toMatchObject([{ id: 'ask', error: { code: -32060 } }]);
  expect(unanswered).toEqual([['7', 'message_too_large']]);
});

test('only a child that never served anybody delays the next one', async () => {
  const children = createChildChannels(createSystemClock());
  const openChildOf = (behaviour: StdioBehaviour) => {
    const open = children.channelsOf({ name: 'a', secrets: [], target: stdioTarget(behaviour) });
    return async (text: string) => {
      const { promise: closed, resolve } = Promise.withResolvers<ChannelFailure>();
      const opening = await open({
        onMessage: () => opening.ok && opening.channel.send(PING),
        onRequestFailed: () => undefined,
        onClose: resolve,
      });
      if (!opening.ok) return opening.failure;
      opening.channel.send(text);
      return closed;
    };
  };
  const crash = openChildOf({ ping: 'crash' });
  for (let i = 0; i < 2; i++)
    expect(await crash(INITIALIZE)).toMatchObject({
      detail: expect.stringMatching(/^(?:signal|exit code)/),
    });
  const exit = openChildOf({ exitAtOnce: { code: 3 } });
  expect(await exit(INITIALIZE)).toMatchObject({ detail: expect.stringContaining('code 3') });
  expect(await exit(INITIALIZE)).toMatchObject({
    detail: 'it ended too soon before, and is not started again for 1 s',
  });
});
