import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyMessage, isAnswerTo, parseMessages } from '../../src/protocol/json-rpc.ts';

const ids = fc.oneof(fc.string(), fc.integer());

test('any JSON value is sorted without a throw, and calls and answers exclude each other', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const parsed = parseMessages(JSON.stringify(value));
      if (!parsed.ok) return;
      for (const message of parsed.messages) {
        expect(['request', 'notification', 'result', 'error', 'invalid']).toContain(message.kind);
      }
    }),
  );
});

test('any text is parsed or refused without a throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseMessages(text);
      expect(parsed.ok ? parsed.messages.length > 0 : parsed.reason.length > 0).toBe(true);
    }),
  );
});

test('a result answers its own id and no other', () => {
  fc.assert(
    fc.property(ids, ids, fc.jsonValue(), (id, other, result) => {
      const message = classifyMessage({ jsonrpc: '2.0', id, result });
      expect(isAnswerTo(message, id, true)).toBe(true);
      expect(isAnswerTo(message, other, true)).toBe(other === id);
    }),
  );
});
