import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import { call, post, result } from './support/post-message.ts';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.ts';

/**
 * Goal: an answer whose head cannot be written as it came reaches the client all the same, or is an error; nobody waits.
 * Method: a raw server that sends every byte in the status line and in a header.
 */
let upstream: RawUpstream;
let gateway: StartedGateway;

beforeAll(async () => {
  upstream = await startRawUpstream();
  const url = `http://127.0.0.1:${upstream.port}/mcp`;
  gateway = await startGateway({ servers: [httpServer('raw', url)] });
});
afterAll(async () => {
  await gateway?.stop(0);
  await upstream?.stop();
});

async function answerOf(name: string, head: string): Promise<string> {
  const body = result(1);
  upstream.on(name, (socket) => {
    socket.write(Buffer.from(`${head}content-length: ${body.length}\r\n\r\n${body}`, 'latin1'));
  });
  const headers = [['x-exchange', name]] as const;
  const { startLine } = await post({
    port: gateway.port,
    path: '/raw/mcp',
    body: call(1),
    headers,
  });
  return startLine;
}

/** Control characters, some of ASCII, and some past it. */
const BYTES = [...Array(35).keys(), 58, 127, 128, 160, 255].map((code) =>
  String.fromCharCode(code),
);
const JSON_TYPE = 'content-type: application/json\r\n';

test.each([
  ['latin1', 'Ung\u00fcltig', 'HTTP/1.1 200 OK'],
  ['UTF-8, which is kept', 'Ung\u00c3\u00bcltig', 'HTTP/1.1 200 Ung\u00c3\u00bcltig'],
  ['a control character', 'O\u0001K', 'HTTP/1.1 200 OK'],
])('a reason phrase in %s', async (name, phrase, expected) => {
  const head = `HTTP/1.1 200 ${phrase}\r\n${JSON_TYPE}`;
  expect(await answerOf(encodeURIComponent(name), head)).toBe(expected);
});

test('whatever byte is in a head, each call is answered, and none stays in flight', async () => {
  const before = gateway.records.length;
  const answers = await Promise.all(
    BYTES.flatMap((byte, code) => [
      answerOf(`s${code}`, `HTTP/1.1 200 a${byte}b\r\n${JSON_TYPE}`),
      answerOf(`n${code}`, `HTTP/1.1 200 OK\r\n${JSON_TYPE}a${byte}b: v\r\n`),
      answerOf(`v${code}`, `HTTP/1.1 200 OK\r\n${JSON_TYPE}x-v: a${byte}b\r\n`),
      answerOf(`l${code}`, `HTTP/1.1 302 Found\r\n${JSON_TYPE}location: /a${byte}b\r\n`),
    ]),
  );
  expect(answers.filter((line) => !/^HTTP\/1\.1 (?:200|302|502) /.test(line))).toEqual([]);
  expect(gateway.records.length - before).toBe(4 * BYTES.length);
  await expect.poll(() => gateway.load().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0);
});
