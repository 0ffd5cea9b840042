import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { finishPanel, type Panel, type PanelOptions, type Question } from './panel.ts';

interface TimeSeriesOptions extends PanelOptions {
  /** Parts of a whole, on top of each other. */
  readonly isStacked?: boolean;
  readonly isBars?: boolean;
  /** The thresholds of the signal as dashed lines. */
  readonly hasThresholdLines?: boolean;
  /** Points that lead to a trace. */
  readonly hasExemplars?: boolean;
  /** Least step, such as `1h` for what is recorded once an hour. */
  readonly interval?: string;
  /** By name of the line or a pattern in slashes. */
  readonly styles?: readonly LineStyle[];
  readonly legend?: 'table' | 'list' | 'none';
}

export interface LineStyle {
  readonly pattern: string;
  readonly isDashed?: boolean;
  readonly color?: string;
  readonly fillBelowTo?: string;
  /** A bound of a band: no line, and not in the legend. */
  readonly isBand?: boolean;
  readonly unit?: string;
  readonly axis?: 'right';
}

/** How something changed. */
export function timeSeriesPanel(
  options: TimeSeriesOptions,
  ...questions: readonly Question[]
): Panel {
  const { isStacked = false, isBars = false, legend = 'table' } = options;
  const builder = new timeseries.PanelBuilder()
    .drawStyle(isBars ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .lineInterpolation(common.LineInterpolation.Linear)
    .lineWidth(isStacked || isBars ? 1 : 2)
    .fillOpacity(isBars ? 70 : isStacked ? 40 : 8)
    .gradientMode(common.GraphGradientMode.None)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(false)
    .axisBorderShow(false)
    .axisSoftMin(0)
    .stacking(
      new common.StackingConfigBuilder()
        .mode(isStacked ? common.StackingMode.Normal : common.StackingMode.None)
        .group('A'),
    )
    .thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(
        options.hasThresholdLines === true
          ? common.GraphThresholdsStyleMode.Dashed
          : common.GraphThresholdsStyleMode.Off,
      ),
    )
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(legend !== 'none')
        .displayMode(
          legend === 'table' ? common.LegendDisplayMode.Table : common.LegendDisplayMode.List,
        )
        .placement(common.LegendPlacement.Bottom)
        .calcs(legend === 'table' ? ['mean', 'max', 'lastNotNull'] : [])
        .sortBy('Mean')
        .sortDesc(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .overrides((options.styles ?? []).map(overrideOf));
  if (options.interval !== undefined) builder.interval(options.interval);
  return finishPanel(
    builder,
    options,
    questions,
    options.hasExemplars === true ? 'exemplars' : 'range',
  );
}

function overrideOf(style: LineStyle) {
  const isPattern = style.pattern.startsWith('/');
  const properties: dashboard.DynamicConfigValue[] = [];
  if (style.isDashed === true)
    properties.push({ id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } });
  if (style.color !== undefined)
    properties.push({ id: 'color', value: { mode: 'fixed', fixedColor: style.color } });
  if (style.fillBelowTo !== undefined)
    properties.push(
      { id: 'custom.fillBelowTo', value: style.fillBelowTo },
      { id: 'custom.fillOpacity', value: 12 },
    );
  if (style.isBand === true)
    properties.push(
      { id: 'custom.lineWidth', value: 0 },
      { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
    );
  if (style.unit !== undefined) properties.push({ id: 'unit', value: style.unit });
  if (style.axis !== undefined) properties.push({ id: 'custom.axisPlacement', value: style.axis });
  return {
    matcher: {
      id: isPattern ? 'byRegexp' : 'byName',
      options: style.pattern,
    },
    properties,
  };
}
