import {
  LAST_MONTH,
  linkToPage,
  ROW_TO_ALERT,
  ROW_TO_CHECK,
  ROW_TO_COMPARE,
  ROW_TO_ERRORS,
  ROW_TO_SERVER,
  SERIES_TO_COST,
  SERIES_TO_ERRORS,
  SERIES_TO_SERVER,
  SERIES_TO_SPIKE,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, piePanel, stateTimelinePanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { alertSince } from '../signals/alerts.ts';
import { cost } from '../signals/cost.ts';
import { errorRatio } from '../signals/errors.ts';
import { latency, responseTime } from '../signals/latency.ts';
import { checksPassed, lastCheck } from '../signals/probes.ts';
import {
  criticalServers,
  disabledServers,
  firingAlerts,
  healthyServers,
  offlineServers,
  status,
  statusRank,
  uptime24h,
  warningServers,
} from '../signals/status.ts';
import {
  activeConnections,
  activeUsers,
  requestCount,
  requestRate,
  requestsPerHour,
  requestsPerMinute,
} from '../signals/traffic.ts';

const TILE = { width: 3, height: 4, look: 'tile' } as const;
const TO_ALERTS = [linkToPage('mcp-alerts', 'Alerts')];
const TO_USAGE = [linkToPage('mcp-usage', 'Usage', { time: LAST_MONTH })];

export const overview: Page = {
  uid: 'mcp-overview',
  description: 'Which server is unhealthy, and since when?',
  from: 'now-6h',
  refresh: '10s',
  sections: [
    {
      panels: [
        statPanel(TILE, ask(healthyServers, 'all')),
        statPanel(TILE, ask(warningServers, 'all')),
        statPanel(TILE, ask(criticalServers, 'all')),
        statPanel(TILE, ask(offlineServers, 'all')),
        statPanel(TILE, ask(disabledServers, 'all')),
        statPanel({ ...TILE, links: TO_ALERTS }, ask(firingAlerts, 'all')),
        statPanel(
          { ...TILE, empty: 'no calls', links: [linkToPage('mcp-errors', 'Errors')] },
          ask(errorRatio, 'fleet'),
        ),
        statPanel(
          {
            ...TILE,
            title: 'P95',
            empty: 'no calls',
            links: [linkToPage('mcp-tools', 'Tools')],
          },
          ask(latency, 'p95Fleet'),
        ),
        statPanel(
          { width: 6, height: 3, hasTrend: true, links: TO_USAGE, empty: '0' },
          ask(requestsPerHour, 'fleet'),
        ),
        statPanel({ width: 6, height: 3, links: TO_USAGE }, ask(activeUsers, 'day')),
        statPanel(
          {
            width: 6,
            height: 3,
            title: 'Cost, 24 hours',
            empty: 'no prices',
            links: [linkToPage('mcp-cost', 'Cost', { time: LAST_MONTH })],
          },
          ask(cost, 'today'),
        ),
        statPanel(
          {
            width: 6,
            height: 3,
            links: [linkToPage('mcp-slo', 'Objectives', { time: LAST_MONTH })],
          },
          ask(uptime24h, 'fleet'),
        ),
        statPanel(
          {
            title: 'Status of each server',
            description: 'The worst first. Click a server for details.',
            width: 24,
            height: 5,
            look: 'tile',
            shows: 'value_and_name',
            links: [SERIES_TO_SERVER, SERIES_TO_ERRORS],
          },
          ask(status, 'worst', '{{server}}'),
        ),
      ],
    },
    {
      title: 'Servers',
      panels: [
        tablePanel({
          title: 'Servers',
          description: 'Current data of each server. Click a name for details.',
          width: 24,
          height: 11,
          sortBy: 'Status',
          labels: [
            {
              label: 'server',
              title: 'Server',
              links: [ROW_TO_SERVER, ROW_TO_ERRORS, ROW_TO_COMPARE, ROW_TO_CHECK],
              width: 120,
            },
            { label: 'gateway', title: 'Gateway', width: 80 },
            { label: 'endpoint', title: 'Endpoint' },
            { label: 'transport', title: 'Transport', width: 85 },
            { label: 'protocol_version', title: 'Protocol', width: 95 },
          ],
          values: [
            { question: ask(statusRank, 'server'), look: 'cell', width: 80 },
            { question: ask(responseTime, 'server'), title: 'Response', look: 'cell', width: 85 },
            { question: ask(activeConnections, 'server'), title: 'Clients', width: 70 },
            { question: ask(lastCheck, 'server'), width: 145 },
            { question: ask(requestsPerMinute, 'known'), title: 'Req/min', width: 80 },
            { question: ask(errorRatio, 'known'), title: 'Errors', look: 'cell', width: 75 },
            { question: ask(uptime24h, 'server'), title: 'Uptime 24h', look: 'cell', width: 95 },
            {
              question: ask(checksPassed, 'server'),
              title: 'Checks 24h',
              look: 'cell',
              width: 95,
            },
            { question: ask(cost, 'serverToday'), title: 'Cost 24h', width: 85 },
          ],
        }),
        stateTimelinePanel(
          {
            title: 'Health, 24 hours',
            description: 'The status of each server over the last day.',
            width: 12,
            height: 9,
            timeFrom: '24h',
            links: [SERIES_TO_SERVER],
          },
          ask(status, 'timeline', '{{server}}'),
        ),
        tablePanel({
          title: 'Active alerts',
          width: 12,
          height: 9,
          empty: 'No alerts firing',
          sortBy: 'Since',
          labels: [
            { label: 'alertname', title: 'Alert', links: TO_ALERTS, width: 200 },
            { label: 'severity', title: 'Severity', width: 90 },
            { label: 'server', title: 'Server', links: [ROW_TO_ALERT] },
            { label: 'gateway', title: 'Gateway', width: 100 },
            { label: 'page', title: 'Page', isForLinks: true },
          ],
          values: [{ question: ask(alertSince, 'firing'), width: 140 }],
        }),
      ],
    },
    {
      title: 'Traffic and cost',
      panels: [
        timeSeriesPanel(
          {
            title: 'Requests per second by server',
            width: 12,
            height: 9,
            links: [SERIES_TO_SERVER],
            empty: 'No calls through the gateway',
          },
          ask(requestRate, 'server', '{{server}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Error ratio by server',
            width: 12,
            height: 9,
            hasThresholdLines: true,
            links: [SERIES_TO_SPIKE, SERIES_TO_ERRORS],
            empty: 'No calls through the gateway',
          },
          ask(errorRatio, 'server', '{{server}}'),
        ),
        barPanel(
          {
            title: 'Most used servers',
            width: 8,
            height: 8,
            links: [SERIES_TO_SERVER],
            empty: 'No calls through the gateway',
          },
          ask(requestCount, 'topServers', '{{server}}'),
        ),
        barPanel(
          {
            title: 'Most expensive servers',
            width: 8,
            height: 8,
            links: [SERIES_TO_COST],
            empty: 'No prices in the configuration, or no calls',
          },
          ask(cost, 'topServers', '{{server}}'),
        ),
        piePanel(
          {
            title: 'Shares of the cost',
            width: 8,
            height: 8,
            empty: 'No prices in the configuration, or no calls',
          },
          ask(cost, 'topServers', '{{server}}'),
        ),
      ],
    },
  ],
};
