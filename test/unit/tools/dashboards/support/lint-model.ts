import { type Dashboard, isOfWeeks, type Variable } from './dashboard.ts';
import { variablesIn } from './query.ts';

/** What holds for each page as a whole. */
export function lintModel(dashboard: Dashboard): string[] {
  const findings: [boolean, string][] = [
    [dashboard.schemaVersion === 42, 'schemaVersion is not 42'],
    [dashboard.editable === false, 'it can be edited, and the edit would be lost'],
    [dashboard.graphTooltip === 1, 'the crosshair is not shared'],
    [/^(?:10s|30s|5m)$/.test(dashboard.refresh ?? ''), 'it does not refresh itself'],
    [dashboard.tags?.join() === tagsOf(dashboard), `its tags are not ${tagsOf(dashboard)}`],
    [Boolean(dashboard.description?.endsWith('?')), 'no question that it answers'],
    [dashboard.time?.to === 'now', 'it does not end now'],
    [!('__inputs' in dashboard), '__inputs, which nobody fills in from a file'],
    [
      !textsOf(dashboard).some((text) => text.includes('${DS_')),
      'a data source that only an import by hand would fill in',
    ],
  ];
  return findings.filter(([isRight]) => !isRight).map(([, finding]) => finding);
}

/** Every string in it. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** By the second tag the menus on top of each page tell hours from weeks. */
function tagsOf(dashboard: Dashboard): string {
  return isOfWeeks(dashboard) ? 'mcp,month' : 'mcp,live';
}

/** A choice of all has to find series without the label, too. */
const ALL = '.*';

export function lintVariables(dashboard: Dashboard): string[] {
  const { list } = dashboard.templating;
  const names = list.map(({ name }) => name);
  const texts = textsOf(dashboard);
  const used = new Set(texts.flatMap(variablesIn));
  return [
    ...['datasource', 'job', 'gateway']
      .filter((name) => !names.includes(name))
      .map((name) => `no variable ${name}`),
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `two variables ${name}`),
    ...[...used].filter((name) => !names.includes(name)).map((name) => `$${name} is not defined`),
    ...names.filter((name) => !used.has(name)).map((name) => `$${name} is not used`),
    ...list
      .filter(
        ({ type, multi, name }) =>
          type === 'query' && !multi && texts.some((text) => text.includes(`=~"$${name}`)),
      )
      .map(({ name }) => `$${name} is one name, which Grafana does not escape for a pattern`),
    ...list.flatMap((variable) =>
      lintVariable(variable).map((finding) => `$${variable.name}: ${finding}`),
    ),
  ];
}

function lintVariable(variable: Variable): string[] {
  const findings: [boolean, string][] =
    variable.type === 'query'
      ? [
          [variable.datasource?.uid === '${datasource}', 'not of the chosen data source'],
          [variable.refresh === 2, 'not asked for again when the time changes'],
          [variable.includeAll !== true || variable.allValue === ALL, `All is not ${ALL}`],
          [variable.includeAll !== true || variable.multi === true, 'all or one, but not some'],
          [selectorOfVariable(variable) !== undefined, 'not a query of label values'],
        ]
      : [[variable.type !== 'datasource' || typeof variable.query === 'string', 'of what type?']];
  return [[Boolean(variable.label), 'no label'] as const, ...findings]
    .filter(([isRight]) => !isRight)
    .map(([, finding]) => finding);
}

/** `label_values(selector, label)` in two. */
export function selectorOfVariable({
  query,
}: Variable): { readonly selector: string; readonly label: string } | undefined {
  const text = (typeof query === 'string' ? query : query?.query) ?? '';
  const [, selector, label] = /^label_values\((.+),\s*(\w+)\)$/s.exec(text) ?? [];
  return selector === undefined || label === undefined ? undefined : { selector, label };
}
