import * as common from '@grafana/grafana-foundation-sdk/common';
import * as logs from '@grafana/grafana-foundation-sdk/logs';
import * as loki from '@grafana/grafana-foundation-sdk/loki';
import { finishPanel, type Panel, type PanelOptions } from './panel.ts';

/** The variable of a page that shows log lines; it has no value if Loki is not installed. */
const LOKI_REF = { type: 'loki', uid: '${loki}' } as const;

/** Lines of the exporter's log, as the profile `logs` collects them. */
export function logsPanel(options: PanelOptions & { readonly query: string }): Panel {
  const builder = new logs.PanelBuilder()
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .dedupStrategy(common.LogsDedupStrategy.None)
    .sortOrder(common.LogsSortOrder.Descending);
  const panel = finishPanel(builder, options, [], 'range');
  const query = new loki.DataqueryBuilder()
    .refId('A')
    .expr(options.query)
    .editorMode(loki.QueryEditorMode.Code)
    .queryType(loki.LokiQueryType.Range)
    .datasource(LOKI_REF);
  return {
    ...panel,
    model: { ...panel.model, datasource: LOKI_REF, targets: [query.build()] },
  };
}
