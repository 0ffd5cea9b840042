import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import {
  finishPanel,
  type Link,
  linkOf,
  mappingsOf,
  NOTHING_MAPPING,
  type Panel,
  type PanelOptions,
  type Question,
  refIdOf,
  thresholdsOf,
} from './panel.ts';

/** A label that the rows are about. */
interface LabelColumn {
  readonly label: string;
  readonly title: string;
  readonly links?: readonly Link[];
  readonly width?: number;
  /** The same in every row, or shown by another column. */
  readonly isHidden?: boolean;
  /** Not shown either, but there for links. */
  readonly isForLinks?: boolean;
}

/** A number of each row. */
interface ValueColumn {
  readonly question: Question;
  readonly title?: string;
  readonly width?: number;
  readonly links?: readonly Link[];
  /** Asked for the sake of its labels only. */
  readonly isHidden?: boolean;
  /** `cell` colours the cell by threshold or mapping, `gauge` draws a bar. */
  readonly look?: 'plain' | 'cell' | 'text' | 'gauge';
}

interface TableOptions extends PanelOptions {
  readonly labels: readonly LabelColumn[];
  readonly values: readonly ValueColumn[];
  /** Title of the column to sort by, descending by default. */
  readonly sortBy?: string;
  readonly isAscending?: boolean;
  readonly rowsMax?: number;
}

/** One row for each set of labels; the answers to all questions are brought together by the labels that they share. */
export function tablePanel(options: TableOptions): Panel {
  const { labels, values, sortBy } = options;
  const questions = values.map(({ question }) => question);
  const builder = new table.PanelBuilder()
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .filterable(false)
    .align(common.FieldTextAlignment.Auto)
    .transformations([
      { id: 'merge', options: {} },
      { id: 'organize', options: organizeOptions(options) },
      ...(options.rowsMax === undefined
        ? []
        : [{ id: 'limit', options: { limitField: options.rowsMax } }]),
    ])
    .overrides([
      ...labels.filter(({ isHidden }) => isHidden !== true).map(labelOverride),
      ...values.map(valueOverride),
    ]);
  if (sortBy !== undefined)
    builder.sortBy([
      new common.TableSortByFieldStateBuilder()
        .displayName(sortBy)
        .desc(options.isAscending !== true),
    ]);
  return finishPanel(builder, options, questions, 'table');
}

/** Grafana adds the letter of the query only if there are several. */
function fieldOf(index: number, count: number): string {
  return count === 1 ? 'Value' : `Value #${refIdOf(index)}`;
}

function organizeOptions({ labels, values }: TableOptions) {
  const names = [
    ...labels.map(({ label, title }) => [label, title] as const),
    ...values.map(
      ({ question, title }, index) =>
        [fieldOf(index, values.length), title ?? question.signal.title] as const,
    ),
  ];
  return {
    excludeByName: {
      Time: true,
      ...Object.fromEntries(
        labels.flatMap(({ label, isHidden }) => (isHidden === true ? [[label, true]] : [])),
      ),
      ...Object.fromEntries(
        values.flatMap(({ isHidden }, index) =>
          isHidden === true ? [[fieldOf(index, values.length), true]] : [],
        ),
      ),
    },
    includeByName: {},
    indexByName: Object.fromEntries(names.map(([name], index) => [name, index])),
    renameByName: Object.fromEntries(names),
  };
}

function labelOverride({ title, links, width, isForLinks = false }: LabelColumn) {
  return override(title, [
    // Else what has no such label would read as the words for an empty table.
    { id: 'noValue', value: '–' },
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(links ? [{ id: 'links', value: links.map(linkOf) }] : []),
    ...(isForLinks ? [{ id: 'custom.hideFrom.viz', value: true }] : []),
  ]);
}

function valueOverride({ question, title, width, links, look = 'plain' }: ValueColumn) {
  const { signal } = question;
  const properties: dashboard.DynamicConfigValue[] = [{ id: 'unit', value: signal.unit }];
  if (signal.decimals !== undefined) properties.push({ id: 'decimals', value: signal.decimals });
  if (signal.min !== undefined) properties.push({ id: 'min', value: signal.min });
  if (signal.max !== undefined) properties.push({ id: 'max', value: signal.max });
  properties.push({
    id: 'mappings',
    value: [...mappingsOf(signal.mappings ?? []), NOTHING_MAPPING],
  });
  if (signal.thresholds)
    properties.push({ id: 'thresholds', value: thresholdsOf(signal.thresholds) });
  if (width !== undefined) properties.push({ id: 'custom.width', value: width });
  if (links) properties.push({ id: 'links', value: links.map(linkOf) });
  properties.push({ id: 'custom.cellOptions', value: CELLS[look] });
  // Else the longest bar would be that of another column.
  if (look === 'gauge') properties.push({ id: 'fieldMinMax', value: true });
  return override(title ?? signal.title, properties);
}

const CELLS = {
  plain: { type: 'auto' },
  cell: { type: 'color-background', mode: 'basic' },
  text: { type: 'color-text' },
  gauge: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
} as const;

function override(name: string, properties: dashboard.DynamicConfigValue[]) {
  return { matcher: { id: 'byName', options: name }, properties };
}
