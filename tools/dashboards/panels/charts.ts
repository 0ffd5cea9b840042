import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as piechart from '@grafana/grafana-foundation-sdk/piechart';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import { finishPanel, type Panel, type PanelOptions, type Question } from './panel.ts';
import { lastValue } from './stat.ts';

/** The longest bars first: who uses, costs or fails most. */
export function barPanel(options: PanelOptions, ...questions: readonly Question[]): Panel {
  const builder = new bargauge.PanelBuilder()
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .orientation(common.VizOrientation.Horizontal)
    .valueMode(common.BarGaugeValueMode.Color)
    .namePlacement(common.BarGaugeNamePlacement.Left)
    .sizing(common.BarGaugeSizing.Manual)
    .minVizHeight(26)
    .maxVizHeight(30)
    .minVizWidth(8)
    .showUnfilled(true)
    // Left alone, long names are cut off in favour of large numbers.
    .text(new common.VizTextDisplayOptionsBuilder().titleSize(10).valueSize(14))
    // Explicit, because Grafana does not show the name of a single bar.
    .displayName('${__series.name}')
    .reduceOptions(lastValue());
  return finishPanel(builder, options, questions, 'instant');
}

/** Shares of a whole. */
export function piePanel(options: PanelOptions, ...questions: readonly Question[]): Panel {
  const builder = new piechart.PanelBuilder()
    .pieType(piechart.PieChartType.Donut)
    .displayLabels([])
    .reduceOptions(lastValue())
    .legend(
      new piechart.PieChartLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Right)
        .calcs([])
        .values([piechart.PieChartLegendValues.Percent]),
    )
    .tooltip(tooltip());
  return finishPanel(builder, options, questions, 'instant');
}

/** As many rows as there is room for, without heading, axis and page navigation. */
function rowsWithin(height: number): number {
  const pixels = height * 38 - 104;
  return Math.max(1, Math.floor(pixels / 18));
}

/** What state each was in, and when. */
export function stateTimelinePanel(
  options: PanelOptions,
  ...questions: readonly Question[]
): Panel {
  const builder = new statetimeline.PanelBuilder()
    .showValue(common.VisibilityMode.Auto)
    .alignValue(common.TimelineValueAlignment.Left)
    .mergeValues(true)
    .rowHeight(0.85)
    .perPage(rowsWithin(options.height))
    .lineWidth(0)
    .fillOpacity(80)
    .spanNulls(false)
    .maxDataPoints(300)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(tooltip());
  return finishPanel(builder, options, questions, 'range');
}

/** How a histogram changed: each row is a bucket. */
export function heatmapPanel(options: PanelOptions, question: Question): Panel {
  const builder = new heatmap.PanelBuilder()
    .calculate(false)
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .fill('dark-orange')
        .scale(heatmap.HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .cellGap(1)
    .cellValues(new heatmap.CellValuesBuilder().unit('reqps'))
    .filterValues(new heatmap.FilterValueRangeBuilder().le(1e-9))
    .rowsFrame(new heatmap.RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Auto))
    .showValue(common.VisibilityMode.Never)
    // Without calls it would go from infinity to minus infinity.
    .hideLegend()
    .exemplarsColor('rgba(255,0,255,0.7)')
    .yAxis(
      new heatmap.YAxisConfigBuilder()
        .axisPlacement(common.AxisPlacement.Left)
        .unit(question.signal.unit)
        .reverse(false),
    )
    .tooltip(
      new heatmap.HeatmapTooltipBuilder().mode(common.TooltipDisplayMode.Single).yHistogram(true),
    );
  return finishPanel(builder, options, [question], 'heatmap');
}

function tooltip(): common.VizTooltipOptionsBuilder {
  return new common.VizTooltipOptionsBuilder()
    .mode(common.TooltipDisplayMode.Multi)
    .sort(common.SortOrder.Descending);
}
