import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { renderConfigDocs, renderConfigSchema } from './docs/config-docs.ts';
import { renderAlertmanagerText } from '../src/cli/render.ts';
import { loadConfig } from '../src/settings/load-config.ts';
import { formatProblems } from '../src/settings/source-file.ts';
import { CATALOG } from '../src/catalog/catalog.ts';
import { renderDocuments } from './docs/render-documents.ts';
import { renderMetricsDocs } from './docs/render-metrics-docs.ts';
import { renderDashboards } from './dashboards/render.ts';
import { renderKnownAlerts, renderRecordedSeries } from './rules/render-names.ts';
import { renderRules } from './rules/render-rules.ts';

const EXAMPLE = 'alertmanager/mcp-exporter.example.yml';
const example = await loadConfig({ path: EXAMPLE, env: {} });
if (!example.ok) throw new Error(formatProblems(example.problems));
const { alerting } = example.config;
if (!alerting) throw new Error(`${EXAMPLE} has no alerting`);

/** uPlot as the pages load it: as a copy with its licence, so that it is no dependency of the package. */
function renderVendored(file: string): string {
  const folder = new URL('.', import.meta.resolve('uplot/package.json'));
  const read = (path: string) => readFileSync(new URL(path, folder), 'utf8').trim();
  return `/*!\n${read('LICENSE')}\n*/\n${read(`dist/${file}`)}\n`;
}

/** Files that follow from code. They are committed, so that people read them and editors use them without a build. */
const GENERATED: Readonly<Record<string, () => string>> = {
  'alertmanager/alertmanager.yml': () => renderAlertmanagerText(alerting),
  'docs/config.schema.json': renderConfigSchema,
  'docs/configuration.md': renderConfigDocs,
  'docs/metrics.md': () => renderMetricsDocs(CATALOG),
  ...renderDashboards(),
  'prometheus/rules/mcp.rules.yml': renderRules,
  'src/catalog/known-alerts.ts': renderKnownAlerts,
  'src/sinks/web/assets/uplot.css': () => renderVendored('uPlot.min.css'),
  'src/sinks/web/assets/uplot.js': () =>
    `${renderVendored('uPlot.iife.min.js')}export default uPlot;\n`,
  'tools/dashboards/recorded-series.ts': renderRecordedSeries,
  // After the documents that are generated themselves.
  ...renderDocuments(),
};

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

// One after the other, because the lists of names are read from the rules.
for (const [path, render] of Object.entries(GENERATED)) {
  const text = render();
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (values.check) {
    process.stderr.write(`${path} is stale: npm run generate\n`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
