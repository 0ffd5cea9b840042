import * as common from '@grafana/grafana-foundation-sdk/common';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import { finishPanel, type Panel, type PanelOptions, type Question } from './panel.ts';

interface StatOptions extends PanelOptions {
  /** `tile` colors the whole panel, which is easiest to read at a distance; `number` only the text. */
  readonly look?: 'tile' | 'number';
  /** The course of it behind the number. */
  readonly hasTrend?: boolean;
  readonly shows?: 'value' | 'value_and_name' | 'name';
}

/** One number, or one tile a series. */
export function statPanel(options: StatOptions, ...questions: readonly Question[]): Panel {
  const { look = 'number', hasTrend = false, shows = 'value' } = options;
  const names = {
    value: common.BigValueTextMode.Value,
    value_and_name: common.BigValueTextMode.ValueAndName,
    name: common.BigValueTextMode.Name,
  };
  const builder = new stat.PanelBuilder()
    .colorMode(
      look === 'tile' ? common.BigValueColorMode.Background : common.BigValueColorMode.Value,
    )
    .graphMode(hasTrend ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Auto)
    .orientation(common.VizOrientation.Auto)
    .textMode(names[shows])
    .wideLayout(true)
    .showPercentChange(false)
    .text(textSizes(shows, options.height))
    .reduceOptions(lastValue());
  return finishPanel(builder, options, questions, hasTrend ? 'range' : 'instant');
}

/** Tiles in a row are narrow: without a fixed size, text would be cut off, and would be huge in a high tile. */
function textSizes(
  shows: StatOptions['shows'],
  height: number,
): common.VizTextDisplayOptionsBuilder {
  const sizes = new common.VizTextDisplayOptionsBuilder();
  const isHigh = height > 5;
  if (shows === 'value_and_name')
    return isHigh ? sizes.titleSize(16).valueSize(32) : sizes.titleSize(13).valueSize(20);
  return isHigh ? sizes.valueSize(48) : sizes;
}

/** One value a series: the newest. */
export function lastValue(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']).fields('');
}
