import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageFacts } from '../../../../src/protocol/message-facts.ts';
import { createLineReader, createTextTail } from '../../../../src/protocol/stdio/child-lines.ts';

function read(chunks: readonly Buffer[], lineBytesMax = 100) {
  const lines: string[] = [];
  const skimmed: (readonly MessageFacts[])[] = [];
  let oversizedCount = 0;
  const reader = createLineReader({
    lineBytesMax,
    onLine: (line) => lines.push(line),
    onOversizedLine: () => (oversizedCount += 1),
    onSkimmedLine: (messages) => skimmed.push(messages),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { lines, oversizedCount, skimmed };
}

function cut(bytes: Buffer, borders: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...borders.map((border) => border % (bytes.length + 1)),
    bytes.length,
  ].toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

test('lines come out whole wherever the chunks break, also inside a character', () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .map((text) => text.replaceAll(/\s/gu, '').trim());
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), (texts, borders) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\r\n`).join(''));
      expect(read(cut(bytes, borders), 1000).lines).toEqual(texts.filter((text) => text !== ''));
    }),
  );
});

const LONG = 'x'.repeat(200);

test.each([
  ['an answer whose id comes first', { id: 7, result: { text: LONG } }, { id: '7' }],
  ['an answer whose id comes last', { result: { text: LONG }, id: 'a' }, { id: '"a"' }],
  ['an error', { error: { code: 1, message: 'no', data: LONG }, id: 7 }, { id: '7' }],
  [
    'a request',
    { method: 'roots/list', params: { LONG }, id: 7 },
    { id: '7', method: 'roots/list' },
  ],
])('of a line that is too long %s is still known', (_what, message, facts) => {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n{"after":1}\n`);
  fc.assert(
    fc.property(fc.array(fc.nat()), (borders) => {
      const { lines, oversizedCount, skimmed } = read(cut(bytes, borders));
      expect(skimmed).toMatchObject([[facts]]);
      expect(oversizedCount).toBe(1);
      expect(lines).toEqual(['{"after":1}']);
    }),
  );
});

test('a line that is too long and no JSON has no messages', () => {
  expect(read([Buffer.from(`${LONG}\n`)]).skimmed).toEqual([[]]);
});

test('an unfinished last line is not handed on', () => {
  expect(read([Buffer.from('{"a":1}\n{"b"')]).lines).toEqual(['{"a":1}']);
});

test('a line past the limit is told once, thrown away, and the next line is read', () => {
  const long = Buffer.from('x'.repeat(250));
  const read100 = read([long, long, Buffer.from('\nnext\n')]);
  expect(read100).toEqual({ lines: ['next'], oversizedCount: 1, skimmed: [[]] });
});

test('a line of exactly the limit is read', () => {
  expect(read([Buffer.from(`${'x'.repeat(100)}\n`)]).lines).toEqual(['x'.repeat(100)]);
});

test('a tail keeps the last lines only', () => {
  const tail = createTextTail({ bytesMax: 1000, linesMax: 2 });
  for (const text of ['one\n', 'two\nthr', 'ee\n']) tail.push(Buffer.from(text));
  expect(tail.text()).toBe('two\nthree');
});

test.each([
  ['one large chunk', [`secret-value\n${'x'.repeat(30)}`]],
  ['many small chunks', ['secret', '-value\n', ...Array.from({ length: 30 }, () => 'x')]],
])('a tail drops the line that its limit cuts: %s', (_, texts) => {
  const tail = createTextTail({ bytesMax: 36, linesMax: 20 });
  for (const text of texts) tail.push(Buffer.from(text));
  expect(tail.text()).toBe('x'.repeat(30));
});

test('a tail of one endless word is empty rather than part of a secret', () => {
  const tail = createTextTail({ bytesMax: 10, linesMax: 20 });
  tail.push(Buffer.from('x'.repeat(100)));
  expect(tail.text()).toBe('');
});
