import { expect, test } from 'vitest';
import {
  createMessageReader,
  readMessages,
  type ReadMessages,
} from '../../../src/protocol/message-reader.ts';
import { createWrittenIds, writtenIdIn } from '../../../src/protocol/written-ids.ts';

const skim = (text: string): ReadMessages => {
  const reader = createMessageReader(0);
  for (const byte of Buffer.from(text)) reader.write(Buffer.of(byte));
  return reader.end();
};
const WAYS = [
  ['parsed whole', (text: string) => readMessages(Buffer.from(text))],
  ['read as it passes', skim],
] as const;
const IDS = [
  '1',
  '1.0',
  '1e400',
  '-1e400',
  '-0',
  '1E+2',
  '9007199254740993',
  '0.10',
  '"a"',
  '"\\u0041\\/\\""',
  '""',
  '"é"',
];
const CASES = WAYS.flatMap(([way, read]) => IDS.map((id) => [id, way, read] as const));

test.each(CASES)('the id %s is given back as it was written, %s', (id, _way, read) => {
  const message = `{"params":{"id":2,"a":[{"id":3}]},"id" : ${id} \n,"method":"x","x":{"id":"4"}}`;
  for (const text of [message, `[${message}]`, `[{"id":5.0,"method":"y"}, ${message} ]`]) {
    const found = read(text);
    expect(found.isJson).toBe(true);
    expect(writtenIdIn(found, found.messages.at(-1)?.id)).toBe(id);
  }
});

test.each(WAYS)('each request of a batch has its own, %s', (_way, read) => {
  const found = read('[{"id":1.0,"method":"x"},{"id":"\\u0031","method":"x"},{"method":"x"}]');
  const ids = createWrittenIds(found);
  expect(found.messages.map(({ id }) => ids.of(id))).toEqual(['1.0', '"\\u0031"', undefined]);
});

test.each(['null', 'true', '{"a":1}', '[1]'])('%s is no id', (id) => {
  for (const [, read] of WAYS) {
    const found = read(`{"id":${id},"method":"x"}`);
    expect(writtenIdIn(found, found.messages[0]?.id)).toBeUndefined();
  }
});

test('an id that is in no body is JSON all the same', () => {
  const none: ReadMessages = { messages: [], isBatch: false, isJson: false };
  expect(['1', '"a"', 'Infinity', '-Infinity'].map((id) => writtenIdIn(none, id))).toEqual([
    '1',
    '"a"',
    undefined,
    undefined,
  ]);
});
