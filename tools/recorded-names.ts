import { readRules, renderNames } from './read-rules.ts';

/** `tools/dashboards/recorded-series.ts`: the names of what our rules record. */
export function renderRecordedSeries(): string {
  const names = readRules().flatMap(({ record }) => record ?? []);
  const docs = 'Names of the series that Prometheus records by our rules.';
  return `${renderNames(docs, 'RECORDED_SERIES', names)} as const;\n`;
}
