import { readRules } from './read-rules.ts';

/** `src/catalog/known-alerts.ts`: the names of our own alerts. */
export function renderKnownAlerts(): string {
  const names = readRules().flatMap((rule) => ('alert' in rule ? [rule.alert] : []));
  const docs = 'Names of the alerts that come with the exporter.';
  return `${renderNames(docs, 'KNOWN_ALERTS: readonly string[]', names)};\n`;
}

/** `tools/dashboards/recorded-series.ts`: the names of the series that our rules record. */
export function renderRecordedSeries(): string {
  const names = readRules().flatMap((rule) => ('record' in rule ? [rule.record] : []));
  const docs = 'Names of the series that our rules record in Prometheus.';
  return `${renderNames(docs, 'RECORDED_SERIES', names)} as const;\n`;
}

/** A module with one list of names, formatted as prettier would. */
function renderNames(docs: string, declaration: string, names: readonly string[]): string {
  const lines = [...new Set(names)].toSorted().map((name) => `  '${name}',\n`);
  return `/** ${docs} Generated from \`prometheus/rules/\`: \`npm run generate\`. */\nexport const ${declaration} = [\n${lines.join('')}]`;
}
