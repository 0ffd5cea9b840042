import type { KnownSeries } from '../../../../rules/support/known-series.ts';
import { chartsOf, type Dashboard, type Override, type Panel } from './dashboard.ts';
import { promqlOf, scopedSelectors } from './lint-queries.ts';
import { labelsInText, labelsOfQuery } from './query.ts';

/** These name each field that they make or take; others make what nobody foresees. */
const KNOWN_TRANSFORMATIONS = new Set([
  'merge',
  'organize',
  'limit',
  'sortBy',
  'groupingToMatrix',
  'filterByValue',
]);

/** Names of lines and columns: whether the answers have the labels that they are made of. */
export function lintFields(dashboard: Dashboard, known: KnownSeries): string[] {
  return chartsOf(dashboard).flatMap((panel) =>
    [
      ...(panel.type === 'table'
        ? lintColumns(panel, known)
        : lintLegends(panel, fixedLabels(dashboard), known)),
      ...lintNames(panel),
    ].map((finding) => `${panel.title}: ${finding}`),
  );
}

/** A page about one server says which on top. */
function fixedLabels({ templating }: Dashboard): readonly string[] {
  const server = templating.list.find(({ name }) => name === 'server');
  return server && server.multi !== true ? ['gateway', 'server'] : [];
}

function lintLegends(panel: Panel, fixed: readonly string[], known: KnownSeries): string[] {
  if (panel.type === 'heatmap') return [];
  const targets = promqlOf(panel);
  const legends = targets.map(({ legendFormat = '' }) => legendFormat);
  return [
    ...targets.flatMap(({ refId, expr, legendFormat = '' }) => {
      const labels = labelsOfQuery(expr, known);
      const used = labelsInText(legendFormat);
      const several = [...labels].filter(
        // A matcher that wants one value leaves one line.
        (label) => !fixed.includes(label) && !isEqualled(label, expr),
      );
      return [
        ...(legendFormat === '' || legendFormat === '__auto' ? [`${refId} has no legend`] : []),
        ...used
          .filter((label) => !labels.has(label))
          .map((label) => `${refId} has no {{${label}}}`),
        ...(several.length > 0 && used.length === 0
          ? [`${refId} has a line for each ${several.join(', ')}, all under one name`]
          : []),
      ];
    }),
    ...legends
      .filter((legend, index) => legends.indexOf(legend) !== index)
      .map((legend) => `two queries go by the name ${legend}`),
  ];
}

function isEqualled(name: string, expr: string): boolean {
  return scopedSelectors(expr).some(({ matchers }) =>
    matchers.some(({ label, operator }) => label === name && operator === '='),
  );
}

/** Every label of the answers is a column with a title, or hidden; every column named is there. */
function lintColumns(panel: Panel, known: KnownSeries): string[] {
  const { transformations = [] } = panel;
  if (transformations.some(({ id }) => !KNOWN_TRANSFORMATIONS.has(id))) return [];
  const labels = labelsOfPanel(panel, known);
  const values = valueFields(panel);
  const matrix = transformations.find(({ id }) => id === 'groupingToMatrix')?.options;
  if (matrix) {
    const { rowField = '', columnField = '', valueField = '' } = matrix;
    return [
      ...[rowField, columnField]
        .filter((field) => !labels.has(field))
        .map((field) => `no label ${field}`),
      ...(values.includes(valueField) ? [] : [`no field ${valueField}`]),
    ];
  }
  const organize = transformations.find(({ id }) => id === 'organize')?.options ?? {};
  const { renameByName = {}, excludeByName = {}, indexByName = {} } = organize;
  const named = [renameByName, excludeByName, indexByName].flatMap((names) => Object.keys(names));
  const there = new Set(['Time', ...values, ...labels]);
  const shown = (name: string): boolean => excludeByName[name] !== true;
  return [
    ...new Set([
      ...named.filter((name) => !there.has(name)).map((name) => `no field ${name}`),
      ...[...there]
        .filter((name) => shown(name) && (renameByName[name] ?? '') === '')
        .map((name) => `the column ${name} has no title`),
    ]),
  ];
}

/** Labels of at least one answer. */
export function labelsOfPanel(panel: Panel, known: KnownSeries): ReadonlySet<string> {
  return new Set(promqlOf(panel).flatMap(({ expr }) => [...labelsOfQuery(expr, known)]));
}

/** Grafana adds the letter of the query only if there are several. */
export function valueFields({ targets = [] }: Panel): string[] {
  return targets.length === 1 ? ['Value'] : targets.map(({ refId }) => `Value #${refId}`);
}

/** What overrides and the order of a table are about. */
function lintNames(panel: Panel): string[] {
  const { transformations = [], fieldConfig, options, targets = [] } = panel;
  if (transformations.some(({ id }) => !KNOWN_TRANSFORMATIONS.has(id))) return [];
  const matrix = transformations.find(({ id }) => id === 'groupingToMatrix')?.options;
  const titles = transformations.flatMap(({ options: settings }) =>
    Object.values(settings?.renameByName ?? {}),
  );
  const names = [
    ...titles,
    ...(matrix ? [`${matrix.rowField}\\${matrix.columnField}`] : []),
    ...(panel.type === 'table' ? [] : targets.map(({ legendFormat = '' }) => legendFormat)),
  ];
  return [
    ...(fieldConfig?.overrides ?? [])
      .filter((override) => !names.some((name) => isAbout(override, name)))
      .map(({ matcher }) => `nothing is called ${String(matcher.options)}`),
    ...(options?.sortBy ?? [])
      .filter(({ displayName = '' }) => !names.includes(displayName))
      .map(({ displayName }) => `it cannot be sorted by ${displayName}`),
    ...titles
      .filter((title, index) => titles.indexOf(title) !== index)
      .map((title) => `two columns are called ${title}`),
  ];
}

function isAbout({ matcher }: Override, name: string): boolean {
  const wanted = String(matcher.options);
  // A name with {{label}} in it may come out as anything.
  if (name.includes('{{')) return true;
  if (matcher.id !== 'byRegexp') return wanted === name;
  return new RegExp(wanted.replaceAll(/^\/|\/$/g, '')).test(name);
}
