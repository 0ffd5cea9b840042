import { expect, test } from 'vitest';
import { redactArguments } from '../../../../src/facts/rules/redact-arguments.ts';

test.each<[string, unknown, string | undefined]>([
  ['no arguments give nothing', undefined, undefined],
  ['null is an argument', null, 'null'],
  [
    'harmless arguments stay as they are',
    { path: '/tmp/a"b', lines: [1, 2.5, true, null], deep: { a: '' } },
    '{"path":"/tmp/a\\"b","lines":[1,2.5,true,null],"deep":{"a":""}}',
  ],
  ['a password is masked', { user: 'a', password: 'hunter2' }, '{"user":"a","password":"***"}'],
  [
    'names are compared without case and punctuation',
    { 'API-Key': 'k', api_key: 'k', 'x.Access Token': 'k', ApiKey: 'k' },
    '{"API-Key":"***","api_key":"***","x.Access Token":"***","ApiKey":"***"}',
  ],
  [
    'a secret is masked whole, whatever it is',
    { credentials: { user: 'a', pass: 'b' }, secrets: ['a', 'b'], token: 5 },
    '{"credentials":"***","secrets":"***","token":"***"}',
  ],
  [
    'secrets are found deep inside and in lists',
    { list: [{ headers: { Authorization: 'Bearer x' } }] },
    '{"list":[{"headers":{"Authorization":"***"}}]}',
  ],
  ['a text is no name', { note: 'password' }, '{"note":"password"}'],
])('%s', (_, value, text) => {
  expect(redactArguments(value)).toBe(text);
});

test('other names can be asked for', () => {
  expect(redactArguments({ Iban: 'DE00', password: 'x' }, { secretNames: ['iban'] })).toBe(
    '{"Iban":"***","password":"x"}',
  );
});

test('long arguments are cut, and cost no more than what is left of them', () => {
  const value = { text: 'x'.repeat(10_000_000), list: Array(1_000_000).fill('y') };

  const text = redactArguments(value, { charsMax: 100 }) ?? '';

  expect(text.length).toBe(101);
  expect(text.endsWith('…')).toBe(true);
  const wholeMs = shortestMs(() => JSON.stringify(value));
  expect(shortestMs(() => redactArguments(value, { charsMax: 100 }))).toBeLessThan(wholeMs / 10);
});

/** Of five runs: a busy machine delays some of them, seldom all. */
function shortestMs(run: () => unknown): number {
  const runsMs = Array.from({ length: 5 }, () => {
    const beganMs = performance.now();
    run();
    return performance.now() - beganMs;
  });
  return Math.min(...runsMs);
}

test('a cut through a surrogate pair leaves well-formed text', () => {
  expect(redactArguments('😀'.repeat(100), { charsMax: 10 })?.isWellFormed()).toBe(true);
});

test('arguments that are nested without end do not overflow the stack', () => {
  const value: unknown = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);

  expect(redactArguments(value)).toBe(`${'['.repeat(16)}"…"${']'.repeat(16)}`);
});

test('a name that is longer than any is compared by its beginning', () => {
  const text = redactArguments({ [`password${'x'.repeat(1_000_000)}`]: 'hunter2' }) ?? '';

  expect(text).not.toContain('hunter2');
  expect(text.length).toBeLessThan(2_100);
});
