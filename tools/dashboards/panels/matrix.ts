import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { finishPanel, type Panel, type PanelOptions, type Question } from './panel.ts';

interface MatrixOptions extends PanelOptions {
  /** Labels of the answer. */
  readonly row: string;
  readonly column: string;
  /** `heat` colors from least to most, `thresholds` by those of the signal. */
  readonly look: 'heat' | 'thresholds';
}

/** A number for each pair of two labels, coloured by its size. */
export function matrixPanel(options: MatrixOptions, question: Question): Panel {
  const { row, column } = options;
  const corner = `${row}\\${column}`;
  const builder = new table.PanelBuilder()
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .align(common.FieldTextAlignment.Center)
    // All hours of a day fit into one row.
    .minWidth(50)
    .colorScheme(
      new dashboard.FieldColorBuilder().mode(
        (options.look === 'heat' ? 'continuous-blues' : 'thresholds') as dashboard.FieldColorModeId,
      ),
    )
    .cellOptions({
      type: common.TableCellDisplayMode.ColorBackground,
      mode: common.TableCellBackgroundDisplayMode.Basic,
    })
    .transformations([
      // The matrix orders rows and columns by their first occurrence.
      { id: 'sortBy', options: { fields: {}, sort: [{ field: column }] } },
      {
        id: 'groupingToMatrix',
        options: { columnField: column, rowField: row, valueField: 'Value', emptyValue: 'null' },
      },
      { id: 'sortBy', options: { fields: {}, sort: [{ field: corner }] } },
    ])
    .overrides([
      {
        matcher: { id: 'byName', options: corner },
        properties: [
          { id: 'custom.cellOptions', value: { type: 'auto' } },
          { id: 'custom.align', value: 'left' },
          { id: 'unit', value: 'none' },
          { id: 'displayName', value: ' ' },
        ],
      },
    ]);
  return finishPanel(builder, options, [question], 'matrix');
}
