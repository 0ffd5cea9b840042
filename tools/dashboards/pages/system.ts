import { FIRING_ALERTS } from '../annotations.ts';
import { GATEWAY_ONLY, LAST_MONTH, linkToPage, ROW_TO_SERVER, SERIES_TO_SERVER } from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { childCpu, childExits, childMemory } from '../signals/process.ts';
import {
  activeResources,
  childDeaths,
  childStart,
  diskFree,
  eventLoopLag,
  exporterCpu,
  exporterMemory,
  exporterMemoryShare,
  exporters,
  fileDescriptors,
  garbageCollection,
  heap,
  heapSpaces,
  hostCpu,
  hostMemory,
  journalRows,
  journalSize,
} from '../signals/system.ts';
import { trafficBytes } from '../signals/traffic.ts';

const TILE = { width: 6, height: 3, look: 'tile' } as const;
const STDIO_ONLY = 'Only for servers that the exporter starts itself (stdio)';
const NO_CALLS = 'No calls through the gateway';
const TO_META = [linkToPage('mcp-meta', 'The monitoring itself', GATEWAY_ONLY)];
const TO_CAPACITY = [linkToPage('mcp-capacity', 'Capacity', { time: LAST_MONTH })];

export const system: Page = {
  uid: 'mcp-system',
  description: 'Do the exporter, its host and the servers that it started have enough resources?',
  from: 'now-6h',
  refresh: '30s',
  annotations: [FIRING_ALERTS],
  sections: [
    {
      panels: [
        statPanel({ ...TILE, title: 'Host CPU', links: TO_CAPACITY }, ask(hostCpu, 'worst')),
        statPanel({ ...TILE, title: 'Host memory', links: TO_CAPACITY }, ask(hostMemory, 'worst')),
        statPanel(
          { ...TILE, title: 'Exporter CPU', links: TO_CAPACITY },
          ask(exporterCpu, 'worst'),
        ),
        statPanel(
          { ...TILE, title: 'Exporter memory', links: TO_CAPACITY },
          ask(exporterMemoryShare, 'worst'),
        ),
        statPanel({ ...TILE, title: 'Loop lag, P99' }, ask(eventLoopLag, 'worst')),
        statPanel({ ...TILE, title: 'Open files' }, ask(fileDescriptors, 'worst')),
        statPanel({ ...TILE, empty: 'no journal', links: TO_META }, ask(diskFree, 'worst')),
        statPanel(
          {
            title: 'Bytes in, out',
            width: 6,
            height: 3,
            shows: 'value_and_name',
            empty: 'no calls',
          },
          ask(trafficBytes, 'in', 'in'),
          ask(trafficBytes, 'out', 'out'),
        ),
        timeSeriesPanel(
          {
            title: 'CPU',
            description: 'Host: percentage of its limit. Exporter: percentage of one core.',
            width: 8,
            height: 8,
            hasThresholdLines: true,
          },
          ask(hostCpu, 'gateway', 'Host of {{gateway}}'),
          ask(exporterCpu, 'gateway', 'Exporter {{gateway}}'),
        ),
        timeSeriesPanel(
          {
            width: 8,
            height: 8,
            styles: [{ pattern: 'Limit', isDashed: true, color: 'red' }],
          },
          ask(exporterMemory, 'gateway', 'Exporter {{gateway}}'),
          ask(exporterMemory, 'limit', 'Limit'),
        ),
        timeSeriesPanel(
          { title: 'Memory of the host over time', width: 8, height: 8, hasThresholdLines: true },
          ask(hostMemory, 'gateway', 'Host of {{gateway}}'),
        ),
        tablePanel({
          title: 'Exporters',
          description: 'Every exporter with its version, and how long ago it started.',
          width: 12,
          height: 7,
          sortBy: 'Running for',
          isAscending: true,
          labels: [
            { label: 'gateway', title: 'Gateway' },
            { label: 'instance', title: 'Address', links: TO_META },
            { label: 'version', title: 'Version', width: 90 },
            { label: 'nodejs', title: 'Node.js', width: 90 },
          ],
          values: [{ question: ask(exporters, 'instance'), width: 120 }],
        }),
        timeSeriesPanel(
          { width: 12, height: 7, hasThresholdLines: true },
          ask(eventLoopLag, 'p50', 'P50 {{gateway}}'),
          ask(eventLoopLag, 'p99', 'P99 {{gateway}}'),
          ask(eventLoopLag, 'max', 'Worst {{gateway}}'),
        ),
      ],
    },
    {
      title: 'Disk and network',
      panels: [
        timeSeriesPanel(
          { width: 6, height: 8, empty: 'No journal, or it is in memory' },
          ask(diskFree, 'gateway', '{{gateway}}'),
        ),
        timeSeriesPanel({ width: 6, height: 8 }, ask(journalSize, 'gateway', '{{gateway}}')),
        timeSeriesPanel(
          {
            title: 'Bytes in, by server',
            width: 6,
            height: 8,
            isStacked: true,
            empty: NO_CALLS,
            links: [SERIES_TO_SERVER],
          },
          ask(trafficBytes, 'serverIn', '{{server}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Bytes out, by server',
            width: 6,
            height: 8,
            isStacked: true,
            empty: NO_CALLS,
            links: [SERIES_TO_SERVER],
          },
          ask(trafficBytes, 'serverOut', '{{server}}'),
        ),
      ],
    },
    {
      title: 'Servers that the exporter started (stdio)',
      panels: [
        tablePanel({
          title: 'Child processes',
          description: 'Each includes the processes that it starts. Click a name for details.',
          width: 10,
          height: 9,
          empty: STDIO_ONLY,
          sortBy: 'Memory',
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway', width: 90 },
          ],
          values: [
            { question: ask(childCpu, 'server'), title: 'CPU', width: 80 },
            { question: ask(childMemory, 'server'), title: 'Memory', width: 100 },
            { question: ask(childDeaths, 'server'), look: 'cell', width: 70 },
            { question: ask(childStart, 'server'), width: 80 },
          ],
        }),
        timeSeriesPanel(
          { width: 7, height: 9, empty: STDIO_ONLY, links: [SERIES_TO_SERVER] },
          ask(childCpu, 'server', '{{server}}'),
        ),
        timeSeriesPanel(
          { width: 7, height: 9, empty: STDIO_ONLY, links: [SERIES_TO_SERVER] },
          ask(childMemory, 'server', '{{server}}'),
        ),
      ],
    },
    {
      title: 'Inside the exporter',
      isCollapsed: true,
      panels: [
        timeSeriesPanel(
          { width: 12, height: 8 },
          ask(heap, 'used', 'Used {{gateway}}'),
          ask(heap, 'total', 'Total {{gateway}}'),
          ask(heap, 'external', 'Outside {{gateway}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, isStacked: true },
          ask(garbageCollection, 'kind', '{{kind}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, isStacked: true },
          ask(heapSpaces, 'space', '{{space}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, isStacked: true },
          ask(activeResources, 'type', '{{type}}'),
        ),
        timeSeriesPanel(
          {
            title: 'File descriptors over time',
            width: 8,
            height: 8,
          },
          ask(fileDescriptors, 'gateway', '{{gateway}}'),
        ),
        barPanel({ width: 8, height: 8 }, ask(journalRows, 'kind', '{{kind}}')),
        barPanel(
          { width: 8, height: 8, empty: STDIO_ONLY },
          ask(childExits, 'reason', '{{reason}}'),
        ),
      ],
    },
  ],
};
