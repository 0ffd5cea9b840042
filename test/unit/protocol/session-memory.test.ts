import { expect, test } from 'vitest';
import { readLine } from '../../../src/protocol/read-line.ts';
import { createSessionMemory, isReplayId } from '../../../src/protocol/session-memory.ts';

function remember(...texts: string[]) {
  const memory = createSessionMemory();
  for (const text of texts) {
    const [facts] = readLine(text).messages;
    if (facts) memory.note(facts, text);
  }
  return memory;
}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-11-25","big":12345678901234567890}}';

test('the opening is said again as it was, under an id of ours', () => {
  const opening = remember(INITIALIZE).opening() ?? '';
  expect(opening).toContain('"big":12345678901234567890');
  const { id } = JSON.parse(opening) as { id: string };
  expect(isReplayId(JSON.stringify(id))).toBe(true);
  expect(isReplayId('3')).toBe(false);
});

test('without an opening there is nothing to say again', () => {
  expect(remember('{"jsonrpc":"2.0","id":1,"method":"ping"}').opening()).toBeUndefined();
});

test('the last log level and the subscriptions that are left are said again', () => {
  const subscribe = (method: string, uri: string) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: `resources/${method}`, params: { uri } });
  const level = (name: string) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: name } });
  const memory = remember(
    INITIALIZE,
    level('info'),
    level('debug'),
    subscribe('subscribe', 'a'),
    subscribe('subscribe', 'b'),
    subscribe('unsubscribe', 'a'),
  );
  const said = memory.settings().map((text) => JSON.parse(text) as { id: string; params: object });
  expect(said.map(({ params }) => params)).toEqual([{ level: 'debug' }, { uri: 'b' }]);
  expect(new Set(said.map(({ id }) => id)).size).toBe(2);
  expect(said.every(({ id }) => isReplayId(JSON.stringify(id)))).toBe(true);
});

test('a new opening forgets what was said in the session before', () => {
  const memory = remember(
    INITIALIZE,
    '{"jsonrpc":"2.0","id":4,"method":"logging/setLevel","params":{"level":"debug"}}',
    INITIALIZE,
  );
  expect(memory.settings()).toEqual([]);
});
