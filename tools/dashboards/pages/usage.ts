import {
  LAST_DAY,
  linkToPage,
  ROW_TO_COST,
  ROW_TO_SERVER_DAY,
  SERIES_SERVER,
  SERIES_TO_SERVER_DAY,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, piePanel } from '../panels/charts.ts';
import { matrixPanel } from '../panels/matrix.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { requestGrowth } from '../signals/capacity.ts';
import { activeUsers } from '../signals/traffic.ts';
import {
  clients,
  openSessions,
  requestsPerDay,
  requestTotal,
  serversOfClient,
  sessionsStarted,
  usersOverTime,
  weeklyHours,
} from '../signals/usage.ts';

const NO_HOUR = 'No data yet: this panel needs complete hours';
const TILE = { width: 4, height: 4 } as const;
const DAILY = { interval: '1d', isBars: true } as const;
const HOURLY = { interval: '1h' } as const;
const TO_TOOLS = linkToPage('mcp-tools', 'Tools of this server, last 24 hours', {
  about: SERIES_SERVER,
  time: LAST_DAY,
});
const TO_CAPACITY = linkToPage('mcp-capacity', 'Headroom');

export const usage: Page = {
  uid: 'mcp-usage',
  description: 'Who uses what, how much, and when?',
  from: 'now-30d',
  refresh: '5m',
  sections: [
    {
      panels: [
        statPanel({ ...TILE, empty: 'no full hour yet' }, ask(requestTotal, 'fleet')),
        statPanel(
          {
            ...TILE,
            title: 'Requests a day',
            description:
              'Requests in the selected time range, divided by its days. Days without data count as days without requests.',
            empty: 'no full hour yet',
          },
          ask(requestsPerDay, 'mean'),
        ),
        statPanel(
          { ...TILE, empty: 'needs two weeks', links: [TO_CAPACITY] },
          ask(requestGrowth, 'fleetWeek'),
        ),
        statPanel(
          {
            ...TILE,
            title: 'Busiest hour (UTC)',
            description: 'The hour of the week with the most requests on average, in UTC.',
            shows: 'value_and_name',
            empty: 'no full hour yet',
          },
          ask(weeklyHours, 'busiest', '{{weekday}} {{hour}}:00'),
        ),
        statPanel({ ...TILE, empty: 'none' }, ask(clients, 'all')),
        statPanel({ ...TILE, empty: 'no full hour yet' }, ask(sessionsStarted, 'all')),
        matrixPanel(
          {
            width: 24,
            height: 10,
            row: 'weekday',
            column: 'hour',
            look: 'heat',
            empty: NO_HOUR,
          },
          ask(weeklyHours, 'all'),
        ),
        timeSeriesPanel(
          {
            ...DAILY,
            title: 'Requests a day by server',
            width: 16,
            height: 9,
            isStacked: true,
            empty: NO_HOUR,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(requestsPerDay, 'server', '{{server}}'),
        ),
        barPanel(
          {
            title: 'Peak hours of the week (UTC)',
            description: 'The ten busiest hours of the week, by mean number of requests, in UTC.',
            width: 8,
            height: 9,
            empty: NO_HOUR,
          },
          ask(weeklyHours, 'top', '{{weekday}} {{hour}}:00'),
        ),
      ],
    },
    {
      title: 'What is used',
      panels: [
        barPanel(
          {
            title: 'Most used servers',
            width: 8,
            height: 9,
            empty: NO_HOUR,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(requestTotal, 'topServers', '{{server}}'),
        ),
        barPanel(
          { title: 'Most used operations', width: 8, height: 9, empty: NO_HOUR },
          ask(requestTotal, 'operation', '{{operation}}'),
        ),
        barPanel(
          {
            title: 'Most used tools',
            width: 8,
            height: 9,
            empty: NO_HOUR,
            links: [TO_TOOLS],
          },
          ask(requestTotal, 'topTools', '{{tool}} ({{server}})'),
        ),
      ],
    },
    {
      title: 'Who uses it',
      panels: [
        statPanel(
          {
            title: 'Active users now',
            description:
              'Distinct users within the last hour, 24 hours and 7 days. Someone who uses several servers of a gateway counts once.',
            width: 8,
            height: 8,
            shows: 'value_and_name',
            empty: 'none',
          },
          ask(activeUsers, 'window', 'within {{window}}'),
        ),
        timeSeriesPanel(
          { ...HOURLY, width: 16, height: 8, empty: 'No users yet' },
          ask(usersOverTime, 'window', 'within {{window}}'),
        ),
        piePanel(
          {
            title: 'Shares of the clients',
            description: 'Requests by the name that the client reports.',
            width: 8,
            height: 8,
            empty: NO_HOUR,
          },
          ask(requestTotal, 'client', '{{client}}'),
        ),
        tablePanel({
          title: 'Clients',
          description: 'Each client program, by the name that it reports.',
          width: 8,
          height: 8,
          sortBy: 'Requests',
          empty: NO_HOUR,
          labels: [{ label: 'client', title: 'Client' }],
          values: [
            { question: ask(requestTotal, 'client'), width: 110, look: 'gauge' },
            { question: ask(serversOfClient, 'client'), width: 90 },
          ],
        }),
        timeSeriesPanel(
          {
            ...DAILY,
            title: 'Sessions started a day',
            width: 8,
            height: 8,
            empty: NO_HOUR,
            legend: 'list',
          },
          ask(sessionsStarted, 'daily', 'Sessions'),
        ),
      ],
    },
    {
      title: 'Protocol',
      panels: [
        piePanel(
          {
            title: 'Protocol revisions',
            description: 'Requests by the protocol revision of the client.',
            width: 8,
            height: 8,
            empty: NO_HOUR,
          },
          ask(requestTotal, 'revision', '{{protocol_version}}'),
        ),
        piePanel(
          {
            title: 'Eras of the servers',
            description:
              'Requests by the protocol era of the server: legacy starts with initialize, modern with server/discover.',
            width: 8,
            height: 8,
            empty: NO_HOUR,
          },
          ask(requestTotal, 'era', '{{era}}'),
        ),
        piePanel(
          {
            title: 'Transports of the servers',
            description: 'Requests by the transport between the gateway and the server.',
            width: 8,
            height: 8,
            empty: NO_HOUR,
          },
          ask(requestTotal, 'transport', '{{transport}}'),
        ),
        timeSeriesPanel(
          {
            ...DAILY,
            title: 'Requests a day by protocol revision',
            description:
              'Shows which clients still have to upgrade. Each bar covers the 24 hours before it, by the protocol revision of the client.',
            width: 24,
            height: 8,
            isStacked: true,
            empty: NO_HOUR,
          },
          ask(requestsPerDay, 'revision', '{{protocol_version}}'),
        ),
      ],
    },
    {
      title: 'All servers, tools, clients and sessions',
      isCollapsed: true,
      panels: [
        tablePanel({
          title: 'Servers',
          description: 'Every server with its requests in the selected time range.',
          width: 12,
          height: 10,
          sortBy: 'Requests',
          empty: NO_HOUR,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER_DAY, ROW_TO_COST] },
            { label: 'gateway', title: 'Gateway', width: 120 },
          ],
          values: [{ question: ask(requestTotal, 'server'), width: 160, look: 'gauge' }],
        }),
        tablePanel({
          title: 'Tools',
          description: 'Every tool that was called in the selected time range.',
          width: 12,
          height: 10,
          sortBy: 'Requests',
          empty: NO_HOUR,
          labels: [
            { label: 'tool', title: 'Tool' },
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER_DAY] },
            { label: 'gateway', title: 'Gateway', width: 120 },
          ],
          values: [{ question: ask(requestTotal, 'tool'), width: 160, look: 'gauge' }],
        }),
        timeSeriesPanel(
          {
            ...DAILY,
            title: 'Requests a day by client',
            width: 12,
            height: 9,
            isStacked: true,
            empty: NO_HOUR,
          },
          ask(requestsPerDay, 'client', '{{client}}'),
        ),
        timeSeriesPanel(
          { ...HOURLY, width: 12, height: 9, empty: 'No sessions', links: [SERIES_TO_SERVER_DAY] },
          ask(openSessions, 'server', '{{server}}'),
        ),
      ],
    },
  ],
};
