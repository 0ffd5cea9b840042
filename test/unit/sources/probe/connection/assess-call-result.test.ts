import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { assessCallResult } from '../../../../../src/sources/probe/connection/assess-call-result.ts';

function assess(matches: string, text: string) {
  const call = { tool: 'status', arguments: {}, expect: { matches } };
  return assessCallResult(call, { content: [{ type: 'text', text }] });
}

test.each([
  ['^\\d+ documents$', '12 documents', true],
  ['^\\d+ documents$', '12 documents\nmore', false],
  ['(?<!not )ready', 'it is ready', true],
  ['(?<!not )ready', 'it is not ready', false],
  ['^x', `x${'y'.repeat(300_000)}`, true],
])('%s matches a text as in JavaScript', (matches, text, isMatch) => {
  expect(assess(matches, text) === undefined).toBe(isMatch);
});

test.each(['^(a+)+$', '(a|a)*$b', '(.*.*=.*)*x'])(
  '%s, which takes JavaScript longer than anybody waits, is matched at once',
  (matches) => {
    const startedMs = performance.now();
    expect(assess(matches, `${'a'.repeat(20_000)}!`)).toMatchObject({ kind: 'assertion' });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  },
);
