import { DEFINITION_CHANGES } from '../annotations.ts';
import {
  ROW_TO_CALLS,
  ROW_TO_ERRORS,
  ROW_TO_SERVER,
  SERIES_TO_CALLS,
  SERIES_TO_ERRORS,
  SERIES_TO_SERVER,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { errorRatio, unknownTools } from '../signals/errors.ts';
import { meanLatency, p95Latency } from '../signals/latency.ts';
import { definitionChanges, listBytes } from '../signals/status.ts';
import {
  calledTools,
  listedTools,
  toolCalls,
  toolErrorRatio,
  toolP95,
  toolRate,
  toolTokens,
  unusedTools,
} from '../signals/tools.ts';
import { answerSize, requestCount } from '../signals/traffic.ts';

const NO_CALLS = 'No tool was called';
const TILE = { width: 4, height: 4 } as const;

export const tools: Page = {
  uid: 'mcp-tools',
  description: 'Which tools are slow, which fail, and which are unused?',
  from: 'now-6h',
  refresh: '30s',
  annotations: [DEFINITION_CHANGES],
  sections: [
    {
      panels: [
        statPanel({ ...TILE, empty: '0' }, ask(toolCalls, 'all')),
        statPanel(
          { ...TILE, title: 'Failed', look: 'tile', empty: 'no calls' },
          ask(toolErrorRatio, 'all'),
        ),
        statPanel(TILE, ask(listedTools, 'all')),
        statPanel(TILE, ask(calledTools, 'all')),
        statPanel(TILE, ask(unusedTools, 'all')),
        statPanel({ ...TILE, look: 'tile', empty: '0' }, ask(unknownTools, 'all')),
        tablePanel({
          title: 'Tools',
          description: 'Each tool that was called, in the selected time range.',
          width: 24,
          height: 11,
          sortBy: 'Requests',
          empty: NO_CALLS,
          labels: [
            { label: 'tool', title: 'Tool', links: [ROW_TO_CALLS] },
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER, ROW_TO_ERRORS] },
            { label: 'gateway', title: 'Gateway', width: 100 },
          ],
          values: [
            { question: ask(requestCount, 'tool'), width: 110 },
            { question: ask(meanLatency, 'tool'), look: 'cell', width: 110 },
            { question: ask(p95Latency, 'tool'), look: 'cell', width: 110 },
            { question: ask(errorRatio, 'tool'), look: 'cell', width: 110 },
            { question: ask(toolTokens, 'tool'), width: 110 },
          ],
        }),
      ],
    },
    {
      title: 'The longest lists first',
      panels: [
        barPanel(
          {
            title: 'Most called',
            width: 8,
            height: 9,
            empty: NO_CALLS,
            links: [SERIES_TO_CALLS, SERIES_TO_SERVER],
          },
          ask(toolCalls, 'top', '{{server}} / {{tool}}'),
        ),
        barPanel(
          {
            title: 'Slowest, mean',
            width: 8,
            height: 9,
            empty: NO_CALLS,
            links: [SERIES_TO_CALLS, SERIES_TO_SERVER],
          },
          ask(meanLatency, 'topTools', '{{server}} / {{tool}}'),
        ),
        barPanel(
          {
            width: 8,
            height: 9,
            empty: 'No failed calls',
            links: [SERIES_TO_CALLS, SERIES_TO_ERRORS],
          },
          ask(toolErrorRatio, 'top', '{{server}} / {{tool}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 9, isStacked: true, empty: NO_CALLS },
          ask(toolRate, 'top', '{{server}} / {{tool}}'),
        ),
        timeSeriesPanel(
          // Every tool has fourteen buckets: a point every two minutes is what many servers can be asked for.
          { width: 12, height: 9, hasThresholdLines: true, interval: '2m', empty: NO_CALLS },
          ask(toolP95, 'top', '{{server}} / {{tool}}'),
        ),
      ],
    },
    {
      title: 'What a model has to read',
      panels: [
        tablePanel({
          title: 'Listed and called',
          description: 'Long, rarely used lists cost tokens at every start of a client.',
          width: 12,
          height: 9,
          sortBy: 'Never called',
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [
            { question: ask(listedTools, 'server'), width: 90 },
            { question: ask(calledTools, 'server'), width: 90 },
            { question: ask(unusedTools, 'server'), width: 125 },
            { question: ask(listBytes, 'server'), width: 140 },
          ],
        }),
        barPanel(
          {
            title: 'Most tokens',
            width: 12,
            height: 9,
            empty: NO_CALLS,
            links: [SERIES_TO_SERVER],
          },
          ask(toolTokens, 'top', '{{server}} / {{tool}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, empty: NO_CALLS, links: [SERIES_TO_SERVER] },
          ask(answerSize, 'p95', '{{server}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, isBars: true, empty: 'No changes' },
          ask(definitionChanges, 'change', '{{kind}} {{change}}'),
        ),
      ],
    },
  ],
};
