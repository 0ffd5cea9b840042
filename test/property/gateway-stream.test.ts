import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readMessages, type ReadMessages } from '../../src/protocol/message-reader.ts';
import { createSseScanner } from '../../src/sources/gateway/sse-scanner.ts';
import { cutAnywhere } from '../fakes/cut-anywhere.ts';

const RUNS = process.env['MCP_EXPORTER_FULL'] === '1' ? 100_000 : 2_000;

const json = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.record({ jsonrpc: fc.constant('2.0'), id: fc.integer(), result: fc.jsonValue() }),
  fc.record({ id: fc.string({ unit: 'grapheme' }), method: fc.string(), params: fc.object() }),
);
const line = fc.oneof(
  json.map((value) => `data: ${JSON.stringify(value)}`),
  json.map((value) => `data:${JSON.stringify(value)}`),
  fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n\uFEFF]/g, '')),
  fc.constantFrom(
    '',
    '',
    ':',
    ': comment',
    'data',
    'data:',
    'data: ',
    'data:  []',
    'datax: {}',
    ' data: {}',
    'Data: {}',
    'id',
    'id: 7',
    'event: message',
    'retry: 5',
  ),
);
const stream = fc
  .tuple(fc.array(line, { maxLength: 20 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
  .map(([lines, end, hasMark]) => `${hasMark ? '\uFEFF' : ''}${lines.join(end)}${end}${end}`);

/** What a string-based parser, which keeps every event whole, makes of the same stream. */
function readByLibrary(text: string): ReadMessages[] {
  const found: ReadMessages[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      found.push(readMessages(Buffer.from(data)));
    },
  });
  parser.feed(text);
  return found;
}

/** The bytes of an event may begin with empty lines, which JSON ignores. */
function messagesOf(reads: readonly ReadMessages[]) {
  return reads
    .filter(({ isJson }) => isJson)
    .map(({ messages, isBatch }) => ({ messages, isBatch }));
}

test('the scanner reads from bytes, cut anywhere, what a library reads from the text', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(9)), (text, cuts) => {
      const found: ReadMessages[] = [];
      const scanner = createSseScanner((read) => found.push(read));
      for (const piece of cutAnywhere(Buffer.from(text), cuts)) scanner.write(piece);
      expect(messagesOf(found)).toEqual(messagesOf(readByLibrary(text)));
    }),
    { numRuns: RUNS },
  );
});
