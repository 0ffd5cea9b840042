import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSseDecoder, type SseEvent } from '../../src/protocol/sse/sse-decoder.ts';
import { cutAnywhere } from '../fakes/cut-anywhere.ts';

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ' '));
const noise = fc.constantFrom(': keep-alive', 'id: 7', 'retry: 10', 'data:', 'unknown: x');
const events = fc.array(
  fc.record({
    event: fc.constantFrom('message', 'endpoint'),
    lines: fc.array(line, { minLength: 1, maxLength: 3 }),
    noise,
  }),
  { maxLength: 5 },
);

test('events come out the same wherever the bytes are cut, with any line ending', () => {
  fc.assert(
    fc.property(
      events,
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(9), { minLength: 1 }),
      (given, newline, sizes) => {
        const text = given
          .map(({ event, lines, noise: prefix }) =>
            [prefix, '', `event: ${event}`, ...lines.map((each) => `data: ${each}`), '', ''].join(
              newline,
            ),
          )
          .join('');
        const expected = given
          .map(({ event, lines }) => ({ event, data: lines.join('\n') }))
          .filter(({ data }) => data !== '');
        const decoder = createSseDecoder();
        const found: SseEvent[] = [];
        // A last CR is only known to end its line when the next byte comes.
        for (const chunk of cutAnywhere(Buffer.from(`${text}: end\n`), sizes)) {
          const decoded = decoder.push(chunk);
          expect(decoded.ok).toBe(true);
          if (decoded.ok) found.push(...decoded.events);
        }
        expect(found).toEqual(expected);
      },
    ),
  );
});

test('any bytes are decoded or refused without a throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      const decoder = createSseDecoder();
      for (const chunk of chunks) {
        const decoded = decoder.push(chunk);
        expect(typeof decoded.ok).toBe('boolean');
        if (!decoded.ok) return;
      }
    }),
  );
});
