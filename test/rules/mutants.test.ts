import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mutateThresholds } from './support/mutate-thresholds.ts';
import { plantAlert } from './support/plant-alert.ts';
import { isMissing } from './support/programs.ts';
import { run } from './support/promtools.ts';
import type { AlertRule } from '../../src/catalog/rule-file.ts';
import { readRuleFiles } from '../../tools/rules/read-rules.ts';
import { alertRules } from './support/rule-files.ts';

// Goal: the tests of alerts really stand on both sides of each threshold, and wait as long as the alert does. Method: move
// one threshold at a time, a fifth down or two fifths up, or take the wait away, and demand that a test of that alert fails.

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
/** Without `test:full` one in this many, so that the way it is done does not rot. */
const SAMPLE = 12;

const FILES = readRuleFiles();
const RULES = FILES.flatMap(({ groups }) => alertRules(groups));
const MUTANTS = RULES.flatMap((original) =>
  mutateThresholds(original).map((mutant) => ({ ...mutant, original })),
);
const CHOSEN = Map.groupBy(
  MUTANTS.filter((_, index) => isFull || index % SAMPLE === 0),
  ({ original }) => original.alert,
);

const scratch = mkdtempSync(join(tmpdir(), 'mcp-exporter-mutants-'));
afterAll(() => rmSync(scratch, { recursive: true }));

async function testAlert(alert: string, rules: readonly AlertRule[]) {
  const folder = mkdtempSync(join(scratch, 'alert-'));
  return run('promtool', ['test', 'rules', ...plantAlert(folder, FILES, [alert, rules])], folder);
}

test('alerts have thresholds to change', () => {
  expect(MUTANTS.length).toBeGreaterThan(110);
});

test
  .skipIf(isMissing('promtool'))
  .each([...CHOSEN].map(([alert, mutants]) => ({ alert, mutants })))(
  'the tests of $alert pass, and fail for each changed threshold',
  async ({ alert, mutants }) => {
    const rules = RULES.filter((rule) => rule.alert === alert);
    const { code, output } = await testAlert(alert, rules);
    expect(code, output).toBe(0);
    const unnoticed: string[] = [];
    for (const { change, rule, original } of mutants) {
      const result = await testAlert(
        alert,
        rules.map((one) => (one === original ? rule : one)),
      );
      // 1 is a test that fails, and not a rule that does not parse.
      if (result.code !== 1 || !result.output.includes(`alertname: ${alert}`))
        unnoticed.push(`${original.labels['window'] ?? alert}: ${change}`);
    }
    expect(unnoticed).toEqual([]);
  },
);
