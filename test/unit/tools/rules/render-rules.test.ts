import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAILED_OUTCOMES } from '../../../../src/facts/call-outcome.ts';
import { fillTemplate, renderRules } from '../../../../tools/rules/render-rules.ts';

const COMMITTED = readFileSync(
  new URL('../../../../prometheus/rules/mcp.rules.yml', import.meta.url),
  'utf8',
);

test('the committed rules are those of the template, with a note not to edit them', () => {
  expect(renderRules()).toBe(COMMITTED);
  expect(COMMITTED.split('\n')[0]).toContain('tools/rules/mcp.rules.template.yml');
});

test('the rule that defines failures names every failed outcome', () => {
  expect(COMMITTED).toContain(`mcp_requests_total{outcome=~"${FAILED_OUTCOMES.join('|')}"}`);
});

test.each([
  ['within a line', 'a: rate(%ONE%[5m])', { ONE: 'x{y="z"}' }, 'a: rate(x{y="z"}[5m])'],
  ['twice in a line', '%ONE% / %ONE%', { ONE: 'x' }, 'x / x'],
  ['on several lines', 'a: |-\n  %ONE%\nb: 1', { ONE: 'x\nor\ny' }, 'a: |-\n  x\n  or\n  y\nb: 1'],
  ['with characters that replacing could interpret', '%ONE%', { ONE: '$& $1' }, '$& $1'],
])('a placeholder %s is replaced', (_where, template, values, text) => {
  expect(fillTemplate(template, values)).toBe(text);
});

test('a placeholder without a value throws', () => {
  expect(() => fillTemplate('%TWO%', {})).toThrow('%TWO%, which has no value');
});

test('a value that the template does not use throws', () => {
  expect(() => fillTemplate('a', { ONE: 'x' })).toThrow('does not use ONE');
});
