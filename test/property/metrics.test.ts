import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundLabelValue } from '../../src/sinks/prometheus/bound-label-value.ts';
import { negotiateFormat } from '../../src/sinks/prometheus/negotiate-format.ts';
import { writeSamples } from '../../src/sinks/prometheus/write-family.ts';
import { readPage } from '../unit/sinks/prometheus/read-page.ts';
import {
  createTestMetrics,
  httpServer,
  observation,
} from '../unit/sinks/prometheus/sample-facts.ts';

/** Any UTF-16, with the characters that matter to the format and unpaired surrogates well represented. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', '"', '\n', '\r', ',', '{', '}', '=', '#', '|', 'n', '\0', '\ud800'),
  }),
);

const header = '# HELP m Some.\n# TYPE m gauge\n';

test('a label value of any text is read back from the page unchanged', () => {
  fc.assert(
    fc.property(anyText, anyText, fc.double({ noNaN: true }), (first, second, value) => {
      const text = header + writeSamples('m', [{ labels: { a: first, b: second }, value }], 'text');
      const [sample] = readPage(text).get('m')?.samples ?? [];
      expect(sample?.labels).toEqual({ a: first, b: second });
      expect(sample?.value === value).toBe(true);
    }),
  );
});

test('a bounded label value is short, well-formed, printable and bounded already', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyText, fc.string({ unit: 'binary', minLength: 100, maxLength: 400 })),
      (text) => {
        const bounded = boundLabelValue(text);
        expect(Buffer.byteLength(bounded)).toBeLessThanOrEqual(128);
        expect(bounded.isWellFormed()).toBe(true);
        expect(bounded).not.toMatch(/\p{Cc}/u);
        expect(boundLabelValue(bounded)).toBe(bounded);
      },
    ),
  );
});

test('whatever servers are called and say of themselves, the page is sound and each has one info series of bounded values', async () => {
  const servers = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), {
    minLength: 1,
    maxLength: 5,
  });
  const sayings = fc.array(fc.tuple(fc.nat(), anyText, anyText, anyText), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(servers, sayings, async (names, said) => {
      const { metrics, publish } = createTestMetrics();
      for (const name of names) publish({ fact: 'server_added', server: httpServer(name) });
      for (const [number, protocolVersion, implementation, version] of said) {
        const server = names[number % names.length] ?? '';
        publish(
          observation(server, {
            identity: {
              transport: 'http',
              era: 'legacy',
              protocolVersion,
              implementation,
              version,
            },
          }),
        );
      }
      const page = readPage((await metrics.render('text/plain')).body);
      const infos = page.get('mcp_server_info')?.samples ?? [];
      expect(infos.map(({ labels }) => labels['server']).sort()).toEqual(names.toSorted());
      for (const { labels } of infos) {
        for (const label of ['protocol_version', 'implementation', 'version']) {
          expect(Buffer.byteLength(labels[label] ?? '')).toBeLessThanOrEqual(128);
        }
      }
      for (const name of names) publish({ fact: 'server_removed', server: name });
      const empty = readPage((await metrics.render('text/plain')).body);
      const left = [...empty.values()]
        .flatMap(({ samples }) => samples)
        .filter(({ labels }) => 'server' in labels);
      expect(left).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test('no Accept header makes anything but one of the two content types, always fit for a header', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string()), (accept) => {
      expect(negotiateFormat(accept).contentType).toMatch(
        /^(text\/plain; version=0\.0\.4|application\/openmetrics-text; version=1\.0\.0); charset=utf-8(; escaping=[a-z0-9-]+)?$/,
      );
    }),
  );
});
