import { expect, test } from 'vitest';
import { createRewriter, parseKeepingNumbers } from '../../../src/protocol/rewrite-ids.ts';

test('requests of several clients with the same id get ids of their own, and their answers the old ones back', () => {
  const rewriter = createRewriter();
  const first = rewriter.request('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  const second = rewriter.request('{"jsonrpc":"2.0","id":"1","method":"ping"}');
  expect(first.wireId).not.toBe(second.wireId);
  const answer = (wireId: string) => `{"jsonrpc":"2.0","id":${wireId},"result":{}}`;
  expect(JSON.parse(rewriter.answer(answer(second.wireId), second.wireId) ?? '')).toHaveProperty(
    'id',
    '1',
  );
  expect(JSON.parse(rewriter.answer(answer(first.wireId), first.wireId) ?? '')).toHaveProperty(
    'id',
    1,
  );
});

test('progress goes back with the token that its client chose', () => {
  const rewriter = createRewriter();
  const { text, wireId } = rewriter.request(
    '{"id":7,"method":"tools/call","params":{"_meta":{"progressToken":"mine"}}}',
  );
  expect(JSON.parse(text)).toHaveProperty('params._meta.progressToken', Number(wireId));
  const back = rewriter.notification(
    `{"method":"notifications/progress","params":{"progressToken":${wireId},"progress":1}}`,
  );
  expect(back?.wireId).toBe(wireId);
  expect(JSON.parse(back?.text ?? '')).toHaveProperty('params.progressToken', 'mine');
});

test('a notification of no known request is nobody’s', () => {
  expect(
    createRewriter().notification(
      '{"method":"notifications/progress","params":{"progressToken":99}}',
    ),
  ).toBeUndefined();
});

test.each([['9007199254740993'], ['1.0'], ['1e400'], ['-0'], ['0.10']])(
  'the number %s keeps its spelling',
  (number) => {
    expect(JSON.stringify(parseKeepingNumbers(`{"n":${number}}`))).toBe(`{"n":${number}}`);
  },
);

test.each(['"\\u0041"', '"a\\/b"', '1.0', '1e400'])(
  'the id %s comes back as it was written',
  (id) => {
    const rewriter = createRewriter();
    const { wireId } = rewriter.request(`{"id":${id},"method":"ping","params":{"id":"\\u0042"}}`);
    expect(rewriter.writtenId(wireId)).toBe(id);
    expect(rewriter.answer(`{"id":${wireId},"result":{"id":"\\u0043"}}`, wireId)).toBe(
      `{"id":${id},"result":{"id":"\\u0043"}}`,
    );
    rewriter.forget(wireId);
    expect(rewriter.writtenId(wireId)).toBeUndefined();
  },
);
