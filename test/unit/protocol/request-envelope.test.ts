import { expect, test } from 'vitest';
import {
  type EnvelopeHeaders,
  findEnvelopeFault,
  hasEnvelope,
} from '../../../src/protocol/request-envelope.ts';
import { factsOfMessage, type MessageFacts } from '../../../src/protocol/message-facts.ts';

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const HEADERS: EnvelopeHeaders = {
  protocolVersion: '2026-07-28',
  method: 'tools/call',
  name: 'grüße',
};

function call(meta: object | undefined, name = 'grüße', method = 'tools/call'): MessageFacts {
  const params = { name, ...(meta && { _meta: meta }) };
  return factsOfMessage({ jsonrpc: '2.0', id: 1, method, params }) as MessageFacts;
}

test.each<[string, MessageFacts, Partial<EnvelopeHeaders>, string | undefined]>([
  ['a request whose headers repeat its body', call(META), {}, undefined],
  ['a name in Base64', call(META), { name: '=?base64?Z3LDvMOfZQ==?=' }, undefined],
  ['no _meta at all', call(undefined), {}, 'invalid_envelope'],
  ['no revision', call({ ...META, [Object.keys(META)[0] ?? '']: 7 }), {}, 'invalid_envelope'],
  [
    'no capabilities',
    call({ 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }),
    {},
    'invalid_envelope',
  ],
  ['another revision in the header', call(META), { protocolVersion: 'x' }, 'header_mismatch'],
  ['no revision in the header', call(META), { protocolVersion: undefined }, 'header_mismatch'],
  ['another method in the header', call(META), { method: 'tools/list' }, 'header_mismatch'],
  ['another name in the header', call(META), { name: 'cheap' }, 'header_mismatch'],
  ['no name in the header', call(META), { name: undefined }, 'header_mismatch'],
  ['Base64 that is none', call(META), { name: '=?base64?A?=' }, 'header_mismatch'],
  [
    'a method that has no name',
    call(META, 'x', 'tools/list'),
    { method: 'tools/list', name: undefined },
    undefined,
  ],
])('%s: what is refused before the server sees it', (_what, facts, headers, refusal) => {
  expect(findEnvelopeFault(facts, { ...HEADERS, ...headers })?.refusal).toBe(refusal);
});

test('a request belongs to the era without sessions only if its body says so', () => {
  expect(hasEnvelope(call(META))).toBe(true);
  expect(hasEnvelope(call({}))).toBe(false);
  expect(hasEnvelope(call(undefined))).toBe(false);
});
