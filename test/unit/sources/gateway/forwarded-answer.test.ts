import { EventEmitter, once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { failTest } from '../../../fakes/fail-test.ts';
import { ForwardedAnswer } from '../../../../src/sources/gateway/forwarded-answer.ts';
import type { ResponseHeaders } from '../../../../src/sources/gateway/relay.ts';

const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const EVENTS_TYPE = { 'content-type': 'text/event-stream' };

/** Reads the pieces to their end: the ids and bytes of what was reported, in order. */
async function read(headers: ResponseHeaders, pieces: readonly (string | Buffer)[]) {
  const seen: string[] = [];
  const over = new EventEmitter();
  const reader = new ForwardedAnswer(headers, {
    onMessages: ({ messages }, bytes) => {
      seen.push(`${messages.map(({ id }) => id).join('+')} in ${bytes} B`);
    },
    onAnswerFault: failTest,
    onAnswerOver: (isGivenUp) => {
      seen.push(isGivenUp ? 'given up' : 'over');
      over.emit('over');
    },
  });
  const ended = once(over, 'over');
  for (const piece of pieces) reader.write(Buffer.from(piece));
  const isResumable = reader.isResumable;
  reader.end();
  await ended;
  return { content: reader.content, seen, isResumable };
}

test.each<readonly [string, string | undefined, string]>([
  ['JSON', 'application/json', 'json'],
  ['JSON with a parameter, in upper case', 'Application/JSON; charset=utf-8', 'json'],
  ['a structured suffix', 'application/vnd.x+json', 'json'],
  ['something that only begins like JSON', 'application/jsonl', 'other'],
  ['server-sent events', 'text/event-stream; charset=utf-8', 'events'],
  ['server-sent events in upper case', 'Text/Event-Stream; charset=UTF-8', 'events'],
  ['a page', 'text/html', 'other'],
  ['nothing', undefined, 'other'],
])('%s is read as what it is', async (_title, type, content) => {
  expect((await read({ 'content-type': type }, [])).content).toBe(content);
});

test('JSON is one text, and is read at its end', async () => {
  const { seen } = await read(JSON_TYPE, [RESULT.slice(0, 7), RESULT.slice(7)]);
  expect(seen).toEqual([`1 in ${RESULT.length} B`, 'over']);
});

test('an empty answer has no messages', async () => {
  expect((await read(JSON_TYPE, [])).seen).toEqual(['over']);
});

test('each event counts with the bytes since the last one', async () => {
  const event = `data: ${RESULT}\n\n`;
  const { seen, isResumable } = await read(EVENTS_TYPE, [': hello\n\n', event, event]);
  const bytes = event.length;
  expect(seen).toEqual([`1 in ${bytes + 9} B`, `1 in ${bytes} B`, 'over']);
  expect(isResumable).toBe(false);
});

test('an event with an id makes a stream resumable', async () => {
  expect((await read(EVENTS_TYPE, ['id: 4\ndata:\n\n'])).isResumable).toBe(true);
});

test('a compressed answer is read as well, and counts with its size on the wire', async () => {
  const compressed = gzipSync(RESULT);
  const { seen } = await read({ ...JSON_TYPE, 'content-encoding': 'gzip' }, [compressed]);
  expect(seen).toEqual([`1 in ${compressed.length} B`, 'over']);
});

test('an encoding that is not known makes an answer unreadable', async () => {
  const { content, seen } = await read({ ...JSON_TYPE, 'content-encoding': 'snappy' }, [RESULT]);
  expect([content, ...seen]).toEqual(['unreadable', 'over']);
});

test.each(['identity', ' Identity ', ''])('the encoding "%s" is none', async (encoding) => {
  const { content, seen } = await read({ ...JSON_TYPE, 'content-encoding': encoding }, [RESULT]);
  expect([content, ...seen]).toEqual(['json', `1 in ${RESULT.length} B`, 'over']);
});

test('the encoding of what holds no messages does not matter', async () => {
  const headers = { 'content-type': 'text/html', 'content-encoding': 'snappy' };
  expect((await read(headers, ['<p>'])).content).toBe('other');
});

test('a reader that was stopped reports nothing more', async () => {
  const headers = { ...EVENTS_TYPE, 'content-encoding': 'gzip' };
  const events = gzipSync(`data: ${RESULT}\n\n`);
  const seen: string[] = [];
  const reader = new ForwardedAnswer(headers, {
    onMessages: () => seen.push('messages'),
    onAnswerOver: () => seen.push('over'),
    onAnswerFault: failTest,
  });
  reader.write(events);
  reader.stop();
  // By the time that a second reader is done, the first one would have reported the same.
  expect((await read(headers, [events])).seen).toEqual([`1 in ${events.length} B`, 'over']);
  expect(seen).toEqual([]);
});
