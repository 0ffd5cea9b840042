import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSseScanner } from '../../src/sources/gateway/sse-scanner.ts';
import { cutAnywhere } from '../fakes/cut-anywhere.ts';

const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const payload = fc.record({
  id: fc.oneof(fc.integer(), fc.string()),
  result: fc.record({ content: fc.constantFrom([], [{ type: 'text', text: 'zwölf 😀 boxing' }]) }),
});
const event = fc.record({
  payload,
  isPretty: fc.boolean(),
  before: fc.constantFrom('', ': keep-alive', 'event: message', 'retry: 5', 'id', 'data'),
});

test('the scanner finds every message, wherever the stream is cut and however its lines end', () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }),
      lineEnd,
      fc.array(fc.nat(17)),
      (events, end, cuts) => {
        let text = '';
        for (const { payload: message, isPretty, before } of events) {
          if (before) text += before + end;
          const json = JSON.stringify(message, null, isPretty ? 1 : 0);
          text +=
            json
              .split('\n')
              .map((line) => `data: ${line}${end}`)
              .join('') + end;
        }
        const ids: (string | undefined)[] = [];
        const scanner = createSseScanner((read) =>
          ids.push(...read.messages.map((facts) => facts.id)),
        );
        for (const piece of cutAnywhere(Buffer.from(text), cuts)) scanner.write(piece);
        expect(ids).toEqual(events.map((each) => JSON.stringify(each.payload.id)));
      },
    ),
    { numRuns: 500 },
  );
});

test('a priming event with an id and empty data is no message and makes the stream resumable', () => {
  const seen: unknown[] = [];
  const scanner = createSseScanner((read) => seen.push(read));
  scanner.write(Buffer.from('id: 7\ndata: \n\n: hello\n\n'));
  expect(seen).toEqual([]);
  expect(scanner.isResumable).toBe(true);
});

test('an event larger than the parser keeps is read all the same', () => {
  const found: boolean[] = [];
  const scanner = createSseScanner((read) =>
    found.push(...read.messages.map((facts) => facts.isError)),
  );
  const text = JSON.stringify({
    id: 1,
    result: { content: [{ type: 'text', text: 'x'.repeat(2_000_000) }], isError: true },
  });
  for (const piece of cutAnywhere(Buffer.from(`data: ${text}\n\n`), [65_536])) scanner.write(piece);
  expect(found).toEqual([true]);
});
