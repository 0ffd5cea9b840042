import { LAST_DAY, linkToPage, ROW_TO_COMPARE_DAY, ROW_TO_SERVER_DAY } from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import {
  busyHour,
  capacityPeak,
  capacityUsed,
  daysToLimit,
  headroom,
  p95Growth,
  requestForecast,
  requestGrowth,
  scalingAdvice,
  serverAdvice,
  weeklyP95,
} from '../signals/capacity.ts';

const TEN_DAYS = 'needs ten days of history';
const TWO_WEEKS = 'needs two weeks of history';
const NOT_YET = 'Nothing recorded yet';
const TILE = { width: 4, height: 4 } as const;
const NUMBER = { width: 6, height: 4 } as const;
const HOURLY = { interval: '1h' } as const;
const TO_USAGE = linkToPage('mcp-usage', 'When it is busy');
const TO_SYSTEM = linkToPage('mcp-system', 'System, last 24 hours', {
  about: { gateway: '${__data.fields.gateway:percentencode}' },
  time: LAST_DAY,
});

export const capacity: Page = {
  uid: 'mcp-capacity',
  description: 'When do we run out, and of what?',
  from: 'now-30d',
  refresh: '5m',
  sections: [
    {
      panels: [
        statPanel(
          {
            ...TILE,
            title: 'Advice',
            description:
              'The most urgent recommendation of the table below. Scale out: the peak use of a resource is over 85 %, or will be in two weeks.',
            look: 'tile',
            empty: NOT_YET,
          },
          ask(scalingAdvice, 'fleet'),
        ),
        statPanel({ ...TILE, look: 'tile', empty: TEN_DAYS }, ask(daysToLimit, 'fleet')),
        statPanel(
          {
            ...TILE,
            title: 'Fullest at its peak',
            description: 'The resource with the least left in the busiest hours of the week.',
            look: 'tile',
            shows: 'value_and_name',
            empty: NOT_YET,
          },
          ask(capacityPeak, 'fullest', '{{resource}}'),
        ),
        statPanel(
          { ...TILE, look: 'tile', empty: 'no calls', links: [TO_USAGE] },
          ask(headroom, 'fleet'),
        ),
        statPanel({ ...TILE, empty: 'no calls', links: [TO_USAGE] }, ask(busyHour, 'fleet')),
        statPanel(
          {
            ...TILE,
            title: 'Limit of a gateway',
            description:
              'Requests per second that a gateway can handle: mcp:limit:requests_per_second, configurable in the rules.',
            empty: NOT_YET,
          },
          ask(busyHour, 'limit'),
        ),
        statPanel(
          {
            ...NUMBER,
            title: 'Growth a day',
            description: 'Daily growth of the weekly mean of requests, over three days.',
            empty: TEN_DAYS,
          },
          ask(requestGrowth, 'fleetDay'),
        ),
        statPanel({ ...NUMBER, empty: TWO_WEEKS }, ask(requestGrowth, 'fleetWeek')),
        statPanel(
          { ...NUMBER, title: 'Requests a day in 30 days, low', empty: TEN_DAYS },
          ask(requestForecast, 'low'),
        ),
        statPanel(
          { ...NUMBER, title: 'Requests a day in 30 days, high', empty: TEN_DAYS },
          ask(requestForecast, 'high'),
        ),
      ],
    },
    {
      title: 'What runs out',
      panels: [
        tablePanel({
          title: 'Resources',
          description:
            'Each resource of each gateway: current use, expected peak use in two weeks, and the recommendation.',
          width: 24,
          height: 8,
          sortBy: 'Peak of the week',
          empty: NOT_YET,
          labels: [
            { label: 'resource', title: 'Resource', links: [TO_SYSTEM] },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [
            { question: ask(scalingAdvice, 'resource'), look: 'cell', width: 120 },
            { question: ask(capacityUsed, 'resource'), look: 'cell', width: 120 },
            { question: ask(capacityPeak, 'resource'), look: 'cell', width: 150 },
            {
              question: ask(capacityUsed, 'most'),
              title: 'Most, time shown',
              look: 'cell',
              width: 150,
            },
            {
              question: ask(capacityPeak, 'predicted'),
              title: 'Peak in two weeks',
              look: 'cell',
              width: 150,
            },
            { question: ask(daysToLimit, 'resource'), look: 'cell', width: 150 },
          ],
        }),
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Use of each resource',
            description: 'The highest share of each step, with the lines at 70 % and 85 %.',
            width: 12,
            height: 9,
            hasThresholdLines: true,
            empty: NOT_YET,
          },
          ask(capacityUsed, 'hourly', '{{gateway}} {{resource}}'),
        ),
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Load and limit',
            description:
              'Requests per second of each gateway, mean of an hour, and the limit of one gateway.',
            width: 12,
            height: 9,
            empty: NOT_YET,
            styles: [{ pattern: 'Limit', isDashed: true, color: 'red' }],
          },
          ask(busyHour, 'now', '{{gateway}}'),
          ask(busyHour, 'limit', 'Limit'),
        ),
      ],
    },
    {
      title: 'Growth',
      panels: [
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Requests per day and forecast',
            description:
              'The mean of the seven days before each point, and the forecast at that point for 30 days later.',
            width: 12,
            height: 9,
            empty: NOT_YET,
            styles: [{ pattern: 'Forecast for 30 days later', isDashed: true, color: 'purple' }],
          },
          ask(requestForecast, 'now', 'Mean of the week'),
          ask(requestForecast, 'course', 'Forecast for 30 days later'),
        ),
        barPanel(
          {
            title: 'Busy hour by gateway',
            description: 'Nineteen of twenty hours in the selected time range had less load.',
            width: 12,
            height: 9,
            empty: NOT_YET,
          },
          ask(busyHour, 'gateway', '{{gateway}}'),
        ),
        tablePanel({
          title: 'Servers',
          description:
            'Growth and latency of each server. A server that gets slower while it grows lacks a resource.',
          width: 24,
          height: 10,
          sortBy: 'Requests a day',
          empty: NOT_YET,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER_DAY, ROW_TO_COMPARE_DAY] },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [
            { question: ask(serverAdvice, 'server'), look: 'cell', width: 120 },
            {
              question: ask(requestForecast, 'serverNow'),
              title: 'Requests a day',
              width: 140,
            },
            { question: ask(requestGrowth, 'serverWeek'), width: 150 },
            {
              question: ask(requestForecast, 'server'),
              title: 'In 30 days, a day',
              width: 150,
            },
            { question: ask(weeklyP95, 'server'), look: 'cell', width: 150 },
            { question: ask(p95Growth, 'server'), look: 'cell', width: 130 },
          ],
        }),
      ],
    },
  ],
};
