import { DEFINITION_CHANGES, FIRING_ALERTS, STATUS_CHANGES } from '../annotations.ts';
import {
  LAST_MONTH,
  ROW_TO_CALLS_OF_SERVER,
  SERIES_TO_SPIKE,
  addressOf,
  linkToPage,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, heatmapPanel, stateTimelinePanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { linkInNewTab, textPanel } from '../panels/text.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { errorCount, errorRatio, errors } from '../signals/errors.ts';
import {
  gatewayOverhead,
  latency,
  meanLatency,
  p95Latency,
  responseTime,
} from '../signals/latency.ts';
import {
  certificateExpiry,
  checkResponse,
  checkFailures,
  checkPhases,
  checkResult,
  consecutiveFailures,
  lastCheck,
} from '../signals/probes.ts';
import { childCpu, childExits, childMemory } from '../signals/process.ts';
import {
  capabilities,
  definitionChanges,
  listBytes,
  serverFacts,
  status,
  statusAndMaintenance,
  statusSince,
  uptime24h,
  uptime30d,
  uptime7d,
} from '../signals/status.ts';
import {
  activeConnections,
  activeSessions,
  inFlight,
  openStreams,
  requestCount,
  requestRate,
} from '../signals/traffic.ts';
import { operationVariable } from '../variables.ts';

const NO_CALLS = 'No calls through the gateway';
/** For links to a server that was removed, or to `_OTHER`, which stands for unknown names. */
const NOT_CHECKED = 'not checked';
const STDIO_ONLY = 'Only for servers that the exporter starts itself (stdio)';
const TO_TOOL = linkToPage('mcp-tools', 'Tools of this server');
const ACTIONS = `
**${linkInNewTab('Check now, disable or enable', '${exporter}/servers/${server:percentencode}')}** ·
${linkInNewTab('Log of the server', '${exporter}/servers/${server:percentencode}/log')} ·
${linkInNewTab('Alerts and notes', '${exporter}/alerts?server=${server:percentencode}')}

[Errors](${addressOf('mcp-errors')}) · [Tools](${addressOf('mcp-tools')}) ·
[This week and last](${addressOf('mcp-compare', { about: { focus: '${server:percentencode}' } })}) ·
[Cost](${addressOf('mcp-cost', { time: LAST_MONTH })}) · [Objectives](${addressOf('mcp-slo', { time: LAST_MONTH })})
`.trim();

/** Shown at the top of the page. */
const THIS_SERVER = [
  { label: 'gateway', title: 'Gateway', isHidden: true },
  { label: 'server', title: 'Server', isHidden: true },
];

export const server: Page = {
  uid: 'mcp-server',
  description: 'What is wrong with this server, and where does its time go?',
  from: 'now-6h',
  refresh: '30s',
  server: 'one',
  variables: [operationVariable()],
  annotations: [STATUS_CHANGES, DEFINITION_CHANGES, FIRING_ALERTS],
  sections: [
    {
      panels: [
        statPanel({ width: 4, height: 4, look: 'tile', empty: NOT_CHECKED }, ask(status, 'server')),
        statPanel({ width: 4, height: 4, empty: 'not checked yet' }, ask(statusSince, 'server')),
        statPanel(
          { width: 4, height: 4, look: 'tile', empty: 'unknown' },
          ask(responseTime, 'server'),
        ),
        statPanel(
          { width: 4, height: 4, look: 'tile', empty: 'no calls' },
          ask(errorRatio, 'server'),
        ),
        statPanel(
          { width: 4, height: 4, look: 'tile', empty: NOT_CHECKED },
          ask(consecutiveFailures, 'server'),
        ),
        statPanel({ width: 4, height: 4, empty: 'not checked yet' }, ask(lastCheck, 'server')),
        statPanel(
          {
            title: 'Uptime',
            description:
              'Share of the time in which the server was not Offline. Time while it was disabled or unknown is excluded.',
            width: 12,
            height: 3,
            shows: 'value_and_name',
            empty: 'not yet known',
          },
          ask(uptime24h, 'server', '24 hours'),
          ask(uptime7d, 'server', '7 days'),
          ask(uptime30d, 'server', '30 days'),
        ),
        statPanel(
          { width: 12, height: 3, shows: 'value_and_name', empty: NOT_CHECKED },
          ask(capabilities, 'kind', '{{kind}}'),
        ),
        tablePanel({
          title: 'Identity',
          description: 'What the server reported in its last handshake.',
          width: 16,
          height: 4,
          empty: 'No server of that name is checked',
          labels: [
            { label: 'endpoint', title: 'Endpoint' },
            { label: 'transport', title: 'Transport', width: 90 },
            { label: 'implementation', title: 'Implementation' },
            { label: 'version', title: 'Version', width: 110 },
            { label: 'protocol_version', title: 'Protocol', width: 110 },
            { label: 'era', title: 'Era', width: 90 },
            ...THIS_SERVER,
          ],
          values: [{ question: ask(serverFacts, 'server'), title: 'Known', isHidden: true }],
        }),
        textPanel({
          title: 'Actions',
          description: 'Pages of the exporter, which ask for the admin token.',
          width: 8,
          height: 4,
          content: ACTIONS,
        }),
      ],
    },
    {
      title: 'Performance',
      panels: [
        timeSeriesPanel(
          {
            width: 12,
            height: 9,
            hasExemplars: true,
            hasThresholdLines: true,
            empty: NO_CALLS,
          },
          ask(latency, 'p50', 'P50'),
          ask(latency, 'p95', 'P95'),
          ask(latency, 'p99', 'P99'),
        ),
        heatmapPanel(
          {
            title: 'Latency, all calls',
            description: 'Each row is a range of durations; the darker, the more calls.',
            width: 12,
            height: 9,
            empty: NO_CALLS,
          },
          ask(latency, 'buckets', '{{le}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Requests per second by operation',
            width: 12,
            height: 8,
            isStacked: true,
            empty: NO_CALLS,
          },
          ask(requestRate, 'operation', '{{operation}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Requests per second by outcome',
            width: 12,
            height: 8,
            isStacked: true,
            empty: NO_CALLS,
          },
          ask(requestRate, 'outcome', '{{outcome}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Error ratio',
            width: 12,
            height: 8,
            hasThresholdLines: true,
            empty: NO_CALLS,
            links: [SERIES_TO_SPIKE],
          },
          ask(errorRatio, 'server', 'Error ratio'),
        ),
        timeSeriesPanel(
          {
            title: 'Connections',
            description: 'Connections, streams and requests of clients at the gateway.',
            width: 12,
            height: 8,
            empty: 'Not behind the gateway',
          },
          ask(activeConnections, 'server', 'Connections'),
          ask(activeSessions, 'server', 'Sessions'),
          ask(openStreams, 'server', 'Event streams'),
          ask(inFlight, 'server', 'In flight'),
        ),
      ],
    },
    {
      title: 'Operations and tools',
      panels: [
        tablePanel({
          title: 'Operations',
          description: 'Each method of the protocol, in the selected time range.',
          width: 12,
          height: 9,
          sortBy: 'Requests',
          empty: NO_CALLS,
          labels: [{ label: 'operation', title: 'Operation' }],
          values: [
            { question: ask(requestCount, 'operation'), width: 95 },
            { question: ask(meanLatency, 'operation'), look: 'cell', width: 90 },
            { question: ask(p95Latency, 'operation'), look: 'cell', width: 90 },
            { question: ask(errorRatio, 'operation'), look: 'cell', width: 100 },
          ],
        }),
        tablePanel({
          title: 'Tools',
          description: 'Each tool, in the selected time range.',
          width: 12,
          height: 9,
          sortBy: 'Requests',
          empty: NO_CALLS,
          labels: [
            { label: 'tool', title: 'Tool', links: [ROW_TO_CALLS_OF_SERVER, TO_TOOL] },
            ...THIS_SERVER,
          ],
          values: [
            { question: ask(requestCount, 'tool'), width: 95 },
            { question: ask(meanLatency, 'tool'), look: 'cell', width: 90 },
            { question: ask(p95Latency, 'tool'), look: 'cell', width: 90 },
            { question: ask(errorRatio, 'tool'), look: 'cell', width: 100 },
          ],
        }),
        barPanel(
          { title: 'Most used tools', width: 8, height: 7, empty: NO_CALLS, links: [TO_TOOL] },
          ask(requestCount, 'topTools', '{{tool}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Errors by type over time',
            width: 16,
            height: 7,
            isStacked: true,
            empty: 'No errors',
          },
          ask(errors, 'type', '{{error_type}}'),
        ),
      ],
    },
    {
      title: 'Checks',
      panels: [
        stateTimelinePanel(
          { width: 12, height: 4 },
          ask(statusAndMaintenance, 'status', '{{server}}'),
          ask(statusAndMaintenance, 'maintenance', 'Maintenance'),
        ),
        stateTimelinePanel({ width: 12, height: 4 }, ask(checkResult, 'timeline', '{{server}}')),
        timeSeriesPanel(
          { width: 8, height: 8, hasThresholdLines: true, empty: 'Not checked' },
          ask(checkResponse, 'mean', 'Mean'),
          ask(checkResponse, 'p95', 'P95'),
        ),
        timeSeriesPanel(
          { width: 8, height: 8, isStacked: true, empty: 'Not checked' },
          ask(checkPhases, 'phase', '{{phase}}'),
        ),
        timeSeriesPanel(
          { width: 8, height: 8, isBars: true, isStacked: true, empty: 'No failed checks' },
          ask(checkFailures, 'reason', '{{reason}}'),
        ),
      ],
    },
    {
      title: 'Process, certificate, definitions and overhead',
      isCollapsed: true,
      panels: [
        timeSeriesPanel(
          { width: 8, height: 8, empty: STDIO_ONLY },
          ask(childCpu, 'server', '{{server}}'),
        ),
        timeSeriesPanel(
          { width: 8, height: 8, empty: STDIO_ONLY },
          ask(childMemory, 'server', '{{server}}'),
        ),
        barPanel(
          { width: 8, height: 8, empty: STDIO_ONLY },
          ask(childExits, 'reason', '{{reason}}'),
        ),
        statPanel({ width: 8, height: 8, empty: 'no TLS' }, ask(certificateExpiry, 'server')),
        timeSeriesPanel(
          { width: 8, height: 8, isBars: true, empty: 'No changes' },
          ask(definitionChanges, 'change', '{{kind}} {{change}}'),
        ),
        barPanel({ width: 8, height: 8, empty: 'Not checked' }, ask(listBytes, 'kind', '{{kind}}')),
        barPanel(
          { title: 'Errors by type', width: 12, height: 8, empty: 'No errors' },
          ask(errorCount, 'type', '{{error_type}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, empty: NO_CALLS },
          ask(gatewayOverhead, 'p50', 'P50'),
          ask(gatewayOverhead, 'p95', 'P95'),
        ),
      ],
    },
  ],
};
