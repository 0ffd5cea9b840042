import { expect, test } from 'vitest';
import {
  formatTraceParent,
  parseTraceParent,
} from '../../../../src/sources/gateway/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a context survives writing and reading', () => {
  const context = { traceId: TRACE, spanId: SPAN, sampled: true };
  expect(parseTraceParent(formatTraceParent(context))).toEqual(context);
});

test('a later version with more fields is read like the first', () => {
  expect(parseTraceParent(`01-${TRACE}-${SPAN}-00-extra`)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    sampled: false,
  });
});

test.each([
  ['nothing', undefined],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['version 00 with more fields', `00-${TRACE}-${SPAN}-01-more`],
  ['header injection', `00-${TRACE}-${SPAN}-01\r\nx: y`],
])('%s is no context', (_case, text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});
