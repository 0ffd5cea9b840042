import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJsonSkimmer } from '../../src/protocol/json-skimmer.ts';
import { factsOfMessage, type MessageFacts } from '../../src/protocol/message-facts.ts';
import { cutAnywhere } from '../fakes/cut-anywhere.ts';

const id = fc.oneof(fc.integer(), fc.string(), fc.constant(0), fc.constant(''));
const request = fc.record(
  {
    jsonrpc: fc.constant('2.0'),
    id,
    method: fc.constantFrom('tools/call', 'initialize', 'resources/read', 'x"y\\z'),
    params: fc.record(
      {
        name: fc.string({ unit: 'binary' }),
        uri: fc.string(),
        arguments: fc.object({ maxDepth: 4, withBigInt: false }),
        _meta: fc.record({ traceparent: fc.string() }, { requiredKeys: [] }),
        requestId: id,
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['jsonrpc', 'method'] },
);
const response = fc.record(
  {
    jsonrpc: fc.constant('2.0'),
    id,
    result: fc.record(
      {
        content: fc.array(
          fc.record({
            type: fc.constant('text'),
            text: fc.constantFrom('"isError":true', '\\"', '{"id":1}', 'é\u2028😀'),
          }),
        ),
        isError: fc.boolean(),
        resultType: fc.constantFrom('complete', 'input_required'),
        _meta: fc.dictionary(fc.string(), fc.integer()),
        structuredContent: fc.jsonValue(),
        tools: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record(
              {
                name: fc.oneof(fc.string(), fc.jsonValue()),
                inputSchema: fc.record({ name: fc.string(), tools: fc.jsonValue() }),
              },
              { requiredKeys: [] },
            ),
          ),
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['id', 'result'] },
);
const failure = fc.record({
  id,
  error: fc.record(
    { code: fc.integer({ min: -33000, max: 0 }), message: fc.string(), data: fc.jsonValue() },
    { requiredKeys: ['code', 'message'] },
  ),
});
const message = fc.oneof(request, response, failure);
const body = fc.oneof(message, fc.array(message, { minLength: 1, maxLength: 5 }));

/** The skimmer keeps neither arguments nor content: they are what it exists not to keep. */
function withoutContent(facts: MessageFacts): MessageFacts {
  const { arguments: _arguments, errorText: _text, ...kept } = facts;
  return kept;
}

test('the skimmer finds in pieces what a parser finds in the whole', () => {
  fc.assert(
    fc.property(body, fc.array(fc.nat(40)), fc.constantFrom(0, 2), (value, cuts, indent) => {
      const expected = (Array.isArray(value) ? value : [value])
        .map(factsOfMessage)
        .filter((facts) => facts !== undefined);
      const found: MessageFacts[] = [];
      const skimmer = createJsonSkimmer((facts) => found.push(facts));
      for (const piece of cutAnywhere(Buffer.from(JSON.stringify(value, null, indent)), cuts))
        skimmer.write(piece);
      expect(skimmer.end()).toBe(true);
      expect(found).toEqual(JSON.parse(JSON.stringify(expected.map(withoutContent))));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['a text that breaks off', '{"id":1,"result":{"a":'],
  ['a bracket that does not match', '{"id":1]'],
  ['two texts in a row', '{"id":1}{"id":2}'],
  ['nothing', ''],
  ['nesting without end', '['.repeat(5000)],
])('%s is no JSON to the skimmer', (_case, text) => {
  const skimmer = createJsonSkimmer(() => undefined);
  skimmer.write(Buffer.from(text));
  expect(skimmer.end()).toBe(false);
});
