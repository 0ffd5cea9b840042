import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Mutant } from './support/mutate-thresholds.ts';
import { mutateThresholds } from './support/mutate-thresholds.ts';
import { isMissing, run } from './support/promtools.ts';
import type { AlertRule } from './support/rule-files.ts';
import {
  alertRules,
  PROMETHEUS_FOLDER,
  readRuleFiles,
  readTestFiles,
} from './support/rule-files.ts';

// Goal: the tests of alerts really stand on both sides of each threshold. Method: move one threshold at a time, a fifth
// down or two fifths up, and demand that a test of that alert fails.

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
/** Without `test:full` one in this many, so that the way it is done does not rot. */
const SAMPLE = 20;

const scratch = mkdtempSync(join(tmpdir(), 'mcp-exporter-mutants-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const MUTANTS = readRuleFiles().flatMap(({ file, groups }) =>
  alertRules(groups).flatMap((rule) =>
    mutateThresholds(rule).map((mutant) => ({ ...mutant, file, original: rule.expr })),
  ),
);
const CHOSEN = MUTANTS.filter((_, index) => isFull || index % SAMPLE === 0);
const TESTS = readTestFiles();

/** A copy of `prometheus/` in which one rule is another. */
function plant(mutant: Mutant & { readonly file: string; readonly original: string }): string {
  const folder = mkdtempSync(join(scratch, 'mutant-'));
  cpSync(`${PROMETHEUS_FOLDER}/rules`, join(folder, 'rules'), { recursive: true });
  cpSync(`${PROMETHEUS_FOLDER}/tests`, join(folder, 'tests'), { recursive: true });
  const path = join(folder, mutant.file);
  const content = parse(readFileSync(path, 'utf8')) as { groups: { rules: AlertRule[] }[] };
  const groups = content.groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) =>
      rule.expr === mutant.original ? { ...rule, expr: mutant.expr } : rule,
    ),
  }));
  writeFileSync(path, stringify({ groups }));
  return folder;
}

test('there are thresholds to move', () => {
  expect(MUTANTS.length).toBeGreaterThan(70);
});

test
  .skipIf(isMissing('promtool'))
  .each(CHOSEN.map((mutant) => [mutant.alert, mutant.change, mutant] as const))(
  'a test fails where %s has %s',
  async (_alert, _change, mutant) => {
    const name = mutant.alert.split(' ')[0] ?? '';
    const files = TESTS.filter(
      ({ file, text }) => text.includes(`alertname: ${name}\n`) && file !== 'tests/no-series.yml',
    ).map(({ file }) => file);
    const { code, output } = await run('promtool', ['test', 'rules', ...files], {
      cwd: plant(mutant),
    });
    expect(output).toContain('alertname:');
    expect(code).toBe(1);
  },
);
