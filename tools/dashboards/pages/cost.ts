import { linkToPage, ROW_TO_SERVER_DAY, ROW_TO_TOOLS_DAY, SERIES_TO_SERVER_DAY } from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, piePanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import {
  budgetUsed,
  cost,
  costGrowth,
  costPerRequest,
  costPerUser,
  projectedCost,
  reportedShare,
  tokens,
} from '../signals/cost.ts';
import { requestTotal } from '../signals/usage.ts';

const NO_PRICES = 'no prices, or no calls';
const NOTHING = 'No prices in the configuration, or no calls';
const NO_TOKENS = 'No tool calls in a full hour yet';
const NO_USERS = 'No authenticated users, or no prices';
const TILE = { width: 4, height: 4, empty: NO_PRICES } as const;
const NUMBER = { width: 6, height: 4, empty: NO_PRICES } as const;
const HOURLY = { interval: '1h' } as const;
const DAILY = { interval: '1d', isBars: true, isStacked: true } as const;
const TO_USAGE = linkToPage('mcp-usage', 'Who uses it');

export const costPage: Page = {
  uid: 'mcp-cost',
  description: 'What does it cost, why, and will it stay within the limit?',
  from: 'now-30d',
  refresh: '5m',
  sections: [
    {
      panels: [
        statPanel({ ...TILE, title: 'Last 24 hours' }, ask(cost, 'today')),
        statPanel({ ...TILE, title: 'Last 7 days' }, ask(cost, 'week')),
        statPanel({ ...TILE, title: 'Last 30 days' }, ask(cost, 'month')),
        statPanel({ ...TILE, empty: 'needs a week of history' }, ask(projectedCost, 'month')),
        statPanel({ ...TILE, look: 'tile' }, ask(budgetUsed, 'most')),
        statPanel(
          {
            ...TILE,
            title: 'Limit a day',
            description:
              'mcp:limit:cost_usd_per_day, configurable in the rules: cost of a gateway within 24 hours above which an alert fires.',
          },
          ask(cost, 'limit'),
        ),
        statPanel(
          { ...NUMBER, look: 'tile', empty: 'needs two weeks of history' },
          ask(costGrowth, 'fleet'),
        ),
        statPanel({ ...NUMBER, links: [TO_USAGE] }, ask(costPerRequest, 'fleet')),
        statPanel({ ...NUMBER, links: [TO_USAGE] }, ask(costPerUser, 'fleet')),
        statPanel(NUMBER, ask(reportedShare, 'fleet')),
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Cost of a day, now and a week before',
            description:
              'Cost of the 24 hours before each point, the same a week earlier, and the limit of one gateway.',
            width: 12,
            height: 9,
            empty: NOTHING,
            styles: [
              { pattern: 'A week before', isDashed: true, color: 'purple' },
              { pattern: 'Limit', isDashed: true, color: 'red' },
            ],
          },
          ask(cost, 'daily', 'Cost of 24 hours'),
          ask(cost, 'dailyWeekBefore', 'A week before'),
          ask(cost, 'limit', 'Limit'),
        ),
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Cost of a day by server',
            description: 'Cost of the 24 hours before each point, by server.',
            width: 12,
            height: 9,
            isStacked: true,
            empty: NOTHING,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(cost, 'serverDaily', '{{server}}'),
        ),
      ],
    },
    {
      title: 'What causes the cost',
      panels: [
        piePanel(
          {
            title: 'Shares of the servers',
            width: 8,
            height: 8,
            empty: NOTHING,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(cost, 'mostExpensive', '{{server}}'),
        ),
        barPanel(
          { title: 'Most expensive tools', width: 8, height: 8, empty: NOTHING },
          ask(cost, 'topTools', '{{tool}} ({{server}})'),
        ),
        piePanel(
          {
            title: 'Reported and estimated',
            description:
              'Cost by source of the token counts: reported by the server, or estimated as a quarter of the bytes.',
            width: 8,
            height: 8,
            empty: NOTHING,
          },
          ask(cost, 'source', '{{source}}'),
        ),
        tablePanel({
          title: 'Servers',
          description: 'Every server that cost something in the selected time range.',
          width: 24,
          height: 9,
          sortBy: 'Cost',
          empty: NOTHING,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER_DAY, ROW_TO_TOOLS_DAY] },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [
            { question: ask(cost, 'server'), look: 'gauge', width: 190 },
            {
              question: ask(costGrowth, 'server'),
              title: 'Change in a week',
              look: 'cell',
              width: 150,
            },
            { question: ask(projectedCost, 'server'), width: 150 },
            { question: ask(requestTotal, 'server'), width: 120 },
            { question: ask(costPerRequest, 'server'), width: 160 },
            { question: ask(tokens, 'serverInput'), title: 'Tokens in', width: 120 },
            { question: ask(tokens, 'serverOutput'), title: 'Tokens out', width: 120 },
          ],
        }),
      ],
    },
    {
      title: 'Tokens and users',
      panels: [
        timeSeriesPanel(
          {
            ...DAILY,
            title: 'Tokens a day by direction',
            description:
              'Each bar covers the 24 hours before it. Output is what a model had to read.',
            width: 12,
            height: 8,
            empty: NO_TOKENS,
          },
          ask(tokens, 'directionDaily', '{{direction}}'),
        ),
        barPanel(
          {
            title: 'Tokens by server',
            width: 6,
            height: 8,
            empty: NO_TOKENS,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(tokens, 'server', '{{server}}'),
        ),
        statPanel(
          {
            title: 'Tokens in and out',
            width: 6,
            height: 8,
            shows: 'value_and_name',
            empty: NO_TOKENS,
          },
          ask(tokens, 'direction', '{{direction}}'),
        ),
      ],
    },
    {
      title: 'All tools, users and sources',
      isCollapsed: true,
      panels: [
        tablePanel({
          title: 'Tools',
          description: 'Every tool that cost something in the selected time range.',
          width: 12,
          height: 10,
          sortBy: 'Cost',
          empty: NOTHING,
          labels: [
            { label: 'tool', title: 'Tool' },
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER_DAY] },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [{ question: ask(cost, 'tool'), look: 'gauge', width: 200 }],
        }),
        tablePanel({
          title: 'Users',
          description:
            'Cost by authenticated user across all servers. Users are pseudonyms; the log of the exporter has the names.',
          width: 12,
          height: 10,
          sortBy: 'Cost',
          empty: NO_USERS,
          labels: [
            { label: 'user', title: 'User' },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [{ question: ask(cost, 'user'), look: 'gauge', width: 200 }],
        }),
        timeSeriesPanel(
          {
            ...DAILY,
            title: 'Cost a day by source',
            description: 'Each bar covers the 24 hours before it, by source of the token counts.',
            width: 24,
            height: 8,
            empty: NOTHING,
          },
          ask(cost, 'sourceDaily', '{{source}}'),
        ),
      ],
    },
  ],
};
