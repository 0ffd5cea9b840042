import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SCHEMAS } from '../../../../src/sinks/web/api/schemas.ts';
import { REAL_CLOCK } from '../../../fakes/real-clock.ts';
import { listen } from '../../../../src/sinks/web/listen.ts';

const ANSWERS_AT_ONCE: RequestListener = (_request, response) => {
  response.end('ok');
};

test('a port in use is a value with a sentence that says what to do', async () => {
  const first = await listen(ANSWERS_AT_ONCE, { host: '127.0.0.1', port: 0, clock: REAL_CLOCK });
  assert(first.ok);
  onTestFinished(() => first.close(0));
  const second = await listen(ANSWERS_AT_ONCE, {
    host: '127.0.0.1',
    port: first.port,
    clock: REAL_CLOCK,
  });
  expect(second).toMatchObject({
    ok: false,
    code: 'listen_in_use',
    message: `127.0.0.1:${first.port} is in use; set listen: or stop the other program.`,
  });
});

test('an address of another machine is a value with a sentence that says what to do', async () => {
  const result = await listen(ANSWERS_AT_ONCE, {
    host: '192.0.2.1',
    port: 19110,
    clock: REAL_CLOCK,
  });
  expect(result).toMatchObject({ ok: false, code: 'listen_address' });
});

test('an IPv6 address is written in brackets', async () => {
  const result = await listen(ANSWERS_AT_ONCE, {
    host: '2001:db8::1',
    port: 19110,
    clock: REAL_CLOCK,
  });
  expect(result).toMatchObject({ ok: false });
  assert(!result.ok);
  expect(result.message).toContain('[2001:db8::1]:19110');
});

test('closing waits for a running request and drops idle kept connections', async () => {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const listener = await listen(
    (incoming, response) => {
      if (incoming.url === '/quick') response.end('ok');
      else {
        arrived.resolve();
        void gate.promise.then(() => response.end('done'));
      }
    },
    { host: '127.0.0.1', port: 0, clock: REAL_CLOCK },
  );
  assert(listener.ok);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const quick = request({ host: '127.0.0.1', port: listener.port, path: '/quick', agent }).end();
  const [quickAnswer] = await once(quick, 'response');
  await once(quickAnswer.resume(), 'end');
  const slow = fetch(`http://127.0.0.1:${listener.port}/slow`);
  await arrived.promise;
  const closed = listener.close(60_000);
  gate.resolve();
  expect(await (await slow).text()).toBe('done');
  await closed;
  await expect(fetch(`http://127.0.0.1:${listener.port}/quick`)).rejects.toThrow();
});

test('closing cuts a request that does not end', async () => {
  const arrived = Promise.withResolvers<void>();
  const listener = await listen(() => arrived.resolve(), {
    host: '127.0.0.1',
    port: 0,
    clock: REAL_CLOCK,
  });
  assert(listener.ok);
  const hung = fetch(`http://127.0.0.1:${listener.port}/`);
  const outcome = hung.then(
    () => 'answered',
    () => 'cut',
  );
  await arrived.promise;
  await listener.close(0);
  expect(await outcome).toBe('cut');
});

test('a request without a host is refused before it reaches the app', async () => {
  const listener = await listen(ANSWERS_AT_ONCE, { host: '127.0.0.1', port: 0, clock: REAL_CLOCK });
  assert(listener.ok);
  onTestFinished(() => listener.close(0));
  const socket = connect(listener.port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\n\r\n');
  const [chunk] = await once(socket.setEncoding('utf8'), 'data');
  expect(chunk).toContain('400 Bad Request');
});

test.each([
  [431, 'GET /?', 'x'.repeat(20_000)],
  [400, 'GET / HTTP/9.9', ''],
])('what cannot be read is refused as a problem with status %i', async (status, head, more) => {
  const logged: unknown[] = [];
  const log = { debug: (fields: unknown) => logged.push(fields) };
  const options = { host: '127.0.0.1', port: 0, clock: REAL_CLOCK, log };
  const listener = await listen(ANSWERS_AT_ONCE, options);
  assert(listener.ok);
  onTestFinished(() => listener.close(0));
  const socket = connect(listener.port, '127.0.0.1').setEncoding('utf8');
  socket.write(`${head}${more} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  const answer = (await socket.toArray()).join('');
  expect(answer).toContain(`HTTP/1.1 ${status} `);
  expect(answer).toContain('Content-Type: application/problem+json');
  const problem = SCHEMAS.Problem.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? ''));
  expect(problem).toMatchObject({ status });
  expect(logged).toMatchObject([{ id: problem.id, status }]);
});

test('nothing is written into an answer that is on its way', async () => {
  const app: RequestListener = (_request, response) => void response.write('event');
  const listener = await listen(app, { host: '127.0.0.1', port: 0, clock: REAL_CLOCK });
  assert(listener.ok);
  onTestFinished(() => listener.close(0));
  const socket = connect(listener.port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'readable');
  socket.write('nonsense\r\n\r\n');
  const chunks: string[] = [];
  for await (const chunk of socket) chunks.push(String(chunk));
  expect(chunks.join('')).not.toContain('400');
});
