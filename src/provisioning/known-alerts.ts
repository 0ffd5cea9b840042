import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const RULES = 'prometheus/rules';

interface RuleFile {
  readonly groups?: readonly { readonly rules?: readonly { readonly alert?: string }[] }[];
}

/** `src/metrics/known-alerts.ts`: the names of our own alerts, in the form that prettier leaves alone. */
export function renderKnownAlerts(): string {
  const names = new Set(
    readdirSync(RULES)
      .filter((name) => name.endsWith('.yml'))
      .flatMap((name) => alertsOf(readFileSync(join(RULES, name), 'utf8'))),
  );
  const lines = [...names].toSorted().map((name) => `  '${name}',\n`);
  return `/** Names of the alerts in \`${RULES}/\`. Generated from there: \`npm run generate\`. */
export const KNOWN_ALERTS: readonly string[] = [
${lines.join('')}];
`;
}

function alertsOf(text: string): string[] {
  const { groups } = parse(text) as RuleFile;
  return (groups ?? []).flatMap(({ rules }) =>
    (rules ?? []).flatMap(({ alert }) => (alert === undefined ? [] : [alert])),
  );
}
