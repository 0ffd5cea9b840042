import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isMissing } from './support/programs.ts';
import { PROMTOOLS, run } from './support/promtools.ts';
import { readRuleFiles } from '../../tools/rules/read-rules.ts';
import { PROMETHEUS_FOLDER, readTestFiles } from './support/rule-files.ts';

// Goal: the shipped folder is accepted, and its rules do what their tests say, on Prometheus 2 and 3.
// Method: promtool of both, over the files as they are shipped.

const TESTS = readTestFiles().map(({ file }) => file);
const CONFIG = readFileSync(`${PROMETHEUS_FOLDER}/prometheus.yml`, 'utf8');
const LINT = ['--lint=all', '--lint-fatal'];
const RULES = readRuleFiles().map(({ file }) => file);
const scratch = mkdtempSync(join(tmpdir(), 'mcp-exporter-rules-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.concurrent.each(PROMTOOLS)('%s', (promtool) => {
  const isSkipped = isMissing(promtool);

  test.skipIf(isSkipped).for(TESTS)('passes %s', async (file, { expect }) => {
    const { code, output } = await run(promtool, ['test', 'rules', file], PROMETHEUS_FOLDER);
    expect(output).toContain('SUCCESS');
    expect(code, output).toBe(0);
  });

  test.skipIf(isSkipped)('finds nothing in the rules', async ({ expect }) => {
    const args = ['check', 'rules', ...LINT, ...RULES];
    const { code, output } = await run(promtool, args, PROMETHEUS_FOLDER);
    expect(code, output).toBe(0);
    expect(output.match(/SUCCESS: \d+ rules found/g)).toHaveLength(RULES.length);
  });

  test.skipIf(isSkipped)('finds nothing in prometheus.yml', async ({ expect }) => {
    const args = ['check', 'config', ...LINT, 'prometheus.yml'];
    const { code, output } = await run(promtool, args, PROMETHEUS_FOLDER);
    expect(code, output).toBe(0);
    expect(output).toContain('mcp.alerts.yml');
  });

  test.skipIf(isSkipped)('accepts the optional job for /probe', async ({ expect }) => {
    const text = CONFIG.replaceAll('#~', '');
    const names = (parse(text) as { scrape_configs: { job_name: string }[] }).scrape_configs;
    expect(names.map(({ job_name }) => job_name)).toContain('mcp-probe');
    const file = join(scratch, `${promtool}.yml`);
    writeFileSync(file, text);
    const { code, output } = await run(promtool, ['check', 'config', ...LINT, file]);
    expect(code, output).toBe(0);
  });

  test.skipIf(isSkipped)('finds an alert that does not fire', async ({ expect }) => {
    const folder = mkdtempSync(join(scratch, `${promtool}-`));
    symlinkSync(`${PROMETHEUS_FOLDER}/rules`, join(folder, 'rules'));
    const text = readFileSync(`${PROMETHEUS_FOLDER}/tests/mcp-gateway-alerts.yml`, 'utf8');
    const broken = text.replaceAll('../rules', 'rules').replace('0x19', '1x19');
    expect(broken).not.toBe(text.replaceAll('../rules', 'rules'));
    writeFileSync(join(folder, 'test.yml'), broken);
    const { code } = await run(promtool, ['test', 'rules', 'test.yml'], folder);
    expect(code).toBe(1);
  });
});

test.skipIf(isMissing('promtool'))(
  'Prometheus 3 accepts histograms with custom buckets in addition to the classic ones',
  async () => {
    const text = CONFIG.replace(/# (convert_classic_histograms_to_nhcb)/, '$1').replace(
      /# (always_scrape_classic_histograms)/,
      '$1',
    );
    expect(text).not.toBe(CONFIG);
    const file = join(scratch, 'nhcb.yml');
    writeFileSync(file, text);
    const { code, output } = await run('promtool', ['check', 'config', '--lint-fatal', file]);
    expect(code, output).toBe(0);
  },
);

test('the alert about samples uses the sample limit of the scrape', () => {
  const { scrape_configs } = parse(CONFIG) as {
    scrape_configs: { job_name: string; sample_limit: number }[];
  };
  const limit = scrape_configs.find(({ job_name }) => job_name === 'mcp-exporter')?.sample_limit;
  const rules = readFileSync(`${PROMETHEUS_FOLDER}/rules/meta.alerts.yml`, 'utf8');
  expect(rules).toContain(`> 0.8 * ${limit}\n`);
});
