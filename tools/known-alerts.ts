import { readRules, renderNames } from './read-rules.ts';

/** `src/catalog/known-alerts.ts`: the names of our own alerts. */
export function renderKnownAlerts(): string {
  const names = readRules().flatMap(({ alert }) => alert ?? []);
  return `${renderNames('Names of the alerts that come with the exporter.', 'KNOWN_ALERTS: readonly string[]', names)};\n`;
}
