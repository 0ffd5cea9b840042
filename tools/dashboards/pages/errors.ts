import { DEFINITION_CHANGES, FIRING_ALERTS, STATUS_CHANGES } from '../annotations.ts';
import {
  LAST_MONTH,
  linkToPage,
  POINT_TO_SPIKE,
  ROW_TO_SERVER,
  ROW_TO_TOOLS,
  SERIES_TO_CALLS,
  SERIES_TO_SERVER,
  SERIES_TO_SPIKE,
  TO_ERRORS_OF_RANGE,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, piePanel } from '../panels/charts.ts';
import { logsPanel } from '../panels/logs.ts';
import { matrixPanel } from '../panels/matrix.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import {
  errorCount,
  errorPeak,
  errorRatio,
  errors,
  errorsNow,
  failureRate,
  refusals,
  statusCodes,
  timeouts,
  unknownTools,
} from '../signals/errors.ts';
import { lokiVariable, operationVariable } from '../variables.ts';

const NO_CALLS = 'No calls through the gateway';
const NO_ERRORS = 'No errors';
const TILE = { width: 4, height: 4, look: 'tile' } as const;

/** The log line only says that a call failed; the call is in its structured metadata in Loki. */
const ERROR_LINE =
  '{{__line__}}: {{.server}} {{.operation}}{{with .tool}} {{.}}{{end}}, {{.error_type}}{{with .status}} {{.}}{{end}}{{with .duration_ms}}, {{.}} ms{{end}}{{with .client}}, {{.}}{{end}}';

export const errorsPage: Page = {
  uid: 'mcp-errors',
  description: 'What fails, for whom, since when, and what changed just before?',
  from: 'now-6h',
  refresh: '30s',
  variables: [operationVariable(), lokiVariable()],
  annotations: [STATUS_CHANGES, DEFINITION_CHANGES, FIRING_ALERTS],
  sections: [
    {
      panels: [
        statPanel({ ...TILE, empty: 'no calls' }, ask(errorRatio, 'fleet')),
        statPanel({ ...TILE, look: 'number', empty: '0' }, ask(errorCount, 'all')),
        statPanel({ ...TILE, empty: '0' }, ask(timeouts, 'all')),
        statPanel({ ...TILE, empty: '0' }, ask(unknownTools, 'all')),
        statPanel(
          { ...TILE, empty: '0', links: [linkToPage('mcp-security', 'Who was refused')] },
          ask(refusals, 'all'),
        ),
        statPanel(
          {
            ...TILE,
            title: 'Failures per second',
            description: 'Failed calls of all servers now.',
            look: 'number',
            hasTrend: true,
            empty: '0',
          },
          ask(failureRate, 'fleet'),
        ),
        timeSeriesPanel(
          {
            title: 'Error ratio by server',
            description:
              'Ratio of calls that failed. The lines are the alert thresholds. Annotations mark changes of status, configuration and capabilities.',
            width: 12,
            height: 9,
            hasThresholdLines: true,
            empty: NO_CALLS,
            links: [SERIES_TO_SPIKE, TO_ERRORS_OF_RANGE, SERIES_TO_SERVER],
          },
          ask(errorRatio, 'server', '{{server}}'),
        ),
        timeSeriesPanel(
          {
            width: 12,
            height: 9,
            isStacked: true,
            empty: NO_ERRORS,
            links: [POINT_TO_SPIKE, TO_ERRORS_OF_RANGE],
          },
          ask(errors, 'type', '{{error_type}}'),
        ),
      ],
    },
    {
      title: 'What and who',
      panels: [
        barPanel(
          { title: 'Most frequent types', width: 8, height: 8, empty: NO_ERRORS },
          ask(errorCount, 'type', '{{error_type}}'),
        ),
        barPanel(
          {
            title: 'Servers with most errors',
            width: 8,
            height: 8,
            empty: NO_ERRORS,
            links: [SERIES_TO_SERVER],
          },
          ask(errorCount, 'server', '{{server}}'),
        ),
        piePanel(
          { title: 'Errors by operation', width: 8, height: 8, empty: NO_ERRORS },
          ask(errorCount, 'operation', '{{operation}}'),
        ),
        tablePanel({
          title: 'Affected servers and operations',
          description: 'Errors by server, operation and type, the most frequent first.',
          width: 12,
          height: 9,
          sortBy: 'Errors',
          empty: NO_ERRORS,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER, ROW_TO_TOOLS] },
            { label: 'gateway', title: 'Gateway', width: 90 },
            { label: 'operation', title: 'Operation' },
            { label: 'error_type', title: 'Type' },
          ],
          values: [{ question: ask(errorCount, 'affected'), width: 90 }],
        }),
        matrixPanel(
          {
            title: 'Error ratio by server and operation',
            width: 12,
            height: 9,
            row: 'server',
            column: 'operation',
            look: 'thresholds',
            empty: NO_CALLS,
          },
          ask(errorRatio, 'serverOperation'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, isStacked: true, empty: NO_CALLS },
          ask(statusCodes, 'status', '{{status}}'),
        ),
        barPanel(
          {
            title: 'Tools with most errors',
            width: 12,
            height: 8,
            empty: NO_ERRORS,
            links: [SERIES_TO_SERVER, SERIES_TO_CALLS],
          },
          ask(errorCount, 'tool', '{{server}} / {{tool}}'),
        ),
      ],
    },
    {
      title: 'Has this happened before?',
      panels: [
        tablePanel({
          title: 'Similar incidents',
          description: 'Current rate of each error type, and its highest rate in the last 30 days.',
          width: 24,
          height: 8,
          sortBy: 'Now',
          empty: 'No errors in 30 days',
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway' },
            {
              label: 'error_type',
              title: 'Type',
              links: [linkToPage('mcp-alerts', 'Alerts of 30 days', { time: LAST_MONTH })],
            },
          ],
          values: [{ question: ask(errorsNow, 'type') }, { question: ask(errorPeak, 'type') }],
        }),
      ],
    },
    {
      title: 'Error samples (needs the profile "logs")',
      isCollapsed: true,
      panels: [
        logsPanel({
          title: 'Samples',
          description:
            'Errors with stack traces and links to traces, from the log of the exporter.',
          width: 24,
          height: 12,
          empty: 'No errors, or no Loki',
          query: `{service_name="mcp-exporter"} | channel="error" | server=~"$server" | line_format "${ERROR_LINE}"`,
        }),
      ],
    },
  ],
};
