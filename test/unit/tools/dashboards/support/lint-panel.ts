import type { DataSource, FieldSettings, Mapping, Panel } from './dashboard.ts';

/** Panels that come with Grafana; any other would have to be installed first. */
const TYPES = new Set([
  'barchart',
  'bargauge',
  'gauge',
  'heatmap',
  'histogram',
  'logs',
  'piechart',
  'row',
  'stat',
  'state-timeline',
  'status-history',
  'table',
  'text',
  'timeseries',
]);
const SOURCES = new Set(['${datasource}', '${loki}']);

/** Texts, unit, data source and colours of a panel. */
export function lintPanel(panel: Panel): string[] {
  const { type, title, targets = [] } = panel;
  const findings: [boolean, string][] = [
    [Boolean(title), 'no title'],
    [TYPES.has(type), `a panel of type ${type} is not part of Grafana`],
    ...(type === 'row' ? [] : lookOf(panel)),
    ...(type === 'row' || type === 'text'
      ? []
      : ([
          [targets.length > 0, 'no query'],
          [isChosen(panel.datasource), 'not of the chosen data source'],
          [targets.every(({ datasource }) => isChosen(datasource)), 'a query of another source'],
          [new Set(targets.map(({ refId }) => refId)).size === targets.length, 'a letter twice'],
          [hasUnit(panel), 'no unit'],
          ...coloursOf(panel),
        ] satisfies [boolean, string][])),
  ];
  return findings
    .filter(([isRight]) => !isRight)
    .map(([, finding]) => `${title || type}: ${finding}`);
}

function lookOf({ description, pluginVersion, options }: Panel): [boolean, string][] {
  return [
    [Boolean(description), 'no description'],
    [Boolean(pluginVersion), 'no pluginVersion: old panels may hang'],
    [Object.keys(options ?? {}).length > 0, 'no options: panels without may hang'],
  ];
}

function isChosen(source: DataSource | undefined): boolean {
  return SOURCES.has(source?.uid ?? '');
}

/** A value without a unit is one that words stand for, one that is not shown, or text. */
function hasUnit(panel: Panel): boolean {
  if (panel.type === 'logs') return true;
  if (panel.type !== 'table') return isMeasured(panel.fieldConfig?.defaults);
  return valueColumns(panel).every(({ unit, mappings }) =>
    isMeasured({ ...(unit === undefined ? {} : { unit }), mappings }),
  );
}

function isMeasured({ unit = '', mappings = [] }: FieldSettings = {}): boolean {
  return unit === 'none' ? mappings.some(({ type }) => type !== 'special') : unit !== '';
}

/** Unit and mappings of each number of a table that is shown. */
function valueColumns({ transformations = [], fieldConfig }: Panel) {
  const organize = transformations.find(({ id }) => id === 'organize')?.options;
  const { renameByName = {}, excludeByName = {} } = organize ?? {};
  const { unit, mappings } = fieldConfig?.defaults ?? {};
  if (!organize) return [{ unit, mappings: mappings ?? [] }];
  return Object.entries(renameByName)
    .filter(([name]) => /^Value(?: #[A-Z])?$/.test(name) && excludeByName[name] !== true)
    .map(([, title]) => {
      const own = new Map(
        (fieldConfig?.overrides ?? [])
          .filter(({ matcher }) => matcher.options === title)
          .flatMap(({ properties }) => properties)
          .map(({ id, value }) => [id, value]),
      );
      return {
        unit: (own.get('unit') ?? unit) as string | undefined,
        mappings: (own.get('mappings') ?? mappings ?? []) as readonly Mapping[],
      };
    });
}

/** Whoever does not see the colour has to read the same in words or numbers. */
function coloursOf({ type, options = {}, fieldConfig }: Panel): [boolean, string][] {
  const overridden = (fieldConfig?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === 'mappings')
    .flatMap(({ value }) => value as readonly Mapping[]);
  const mappings = [...(fieldConfig?.defaults?.mappings ?? []), ...overridden];
  const mapped = mappings
    .filter((mapping) => mapping.type === 'value')
    .flatMap((mapping) => Object.values(mapping.options));
  return [
    [mapped.every(({ text }) => Boolean(text)), 'a colour without a word'],
    [
      type !== 'stat' || ['value', 'value_and_name', 'auto'].includes(options.textMode ?? ''),
      'a coloured tile without its value',
    ],
    [
      !['state-timeline', 'status-history'].includes(type) || options.showValue !== 'never',
      'coloured bars without words',
    ],
    [type !== 'bargauge' || options.valueMode !== 'hidden', 'bars without their value'],
    [
      type !== 'state-timeline' || mapped.length > 0,
      'states without words: mappings are what tells them apart',
    ],
  ];
}
