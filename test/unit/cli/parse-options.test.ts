import { expect, test } from 'vitest';
import {
  parseHeaderOption,
  parseListenOption,
  parseTimeoutOption,
} from '../../../src/cli/parse-options.ts';

test.each([
  ['127.0.0.1:19110', { host: '127.0.0.1', port: 19_110 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['localhost:65535', { host: 'localhost', port: 65_535 }],
  ['[::1]:80', { host: '::1', port: 80 }],
])('%s is an address to listen on', (text, address) => {
  expect(parseListenOption(text)).toEqual(address);
});

test.each(['', '19110', ':19110', 'a:65536', '::1:80', 'a b:1', 'http://a:1', 'a:1x'])(
  '%j is no address to listen on',
  (text) => {
    expect(() => parseListenOption(text)).toThrow('HOST:PORT');
  },
);

test.each([
  ['1ms', 1],
  ['5s', 5_000],
  ['1m30s', 90_000],
  ['1h', 3_600_000],
])('%s is a timeout of %d ms', (text, timeoutMs) => {
  expect(parseTimeoutOption(text)).toBe(timeoutMs);
});

test.each(['', '0s', '5', '-1s', '2h', 'soon'])('%j is no timeout', (text) => {
  expect(() => parseTimeoutOption(text)).toThrow('duration');
});

test('headers add up, and only the first colon divides', () => {
  const first = parseHeaderOption('Authorization: Bearer a:b');
  expect(parseHeaderOption('X-Team:  red ', first)).toEqual({
    Authorization: 'Bearer a:b',
    'X-Team': 'red',
  });
});

test.each(['', ': value', 'no value', 'bad name: x', 'A: b\r\nC: d', 'A: ☃'])(
  '%j is no header, and what it holds is not repeated',
  (text) => {
    expect(() => parseHeaderOption(text)).toThrow("It must be 'Name: value', on one line.");
  },
);
