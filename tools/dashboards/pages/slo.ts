import {
  LAST_DAY,
  linkToPage,
  ROW_TO_ERRORS_DAY,
  ROW_TO_SERVER_DAY,
  SERIES_TO_SERVER_DAY,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import {
  budgetLeft,
  burnAlerts,
  burnRates,
  objective,
  overdrawnBudgets,
  reached,
} from '../signals/slo.ts';

const NOT_YET = 'Nothing recorded yet';
const NO_TRAFFIC = 'No traffic, or nothing recorded yet';
const NAMES = { shows: 'value_and_name', empty: NOT_YET } as const;
const HOURLY = { interval: '1h' } as const;
const SLO = '{{slo}}';
const [within5m, within30m, withinHour, within2h, within6h, withinDay, within3d] = burnRates;
const TO_ALERTS = linkToPage('mcp-alerts', 'Alerts, last 24 hours', { time: LAST_DAY });
/** Coloring by size would treat a small remainder like a large one. */
const LINES = [
  { pattern: '1 hour', color: 'orange' },
  { pattern: '6 hours', color: 'yellow' },
  { pattern: '1 day', color: 'blue' },
  { pattern: '3 days', color: 'purple' },
] as const;

function burnPanel(slo: 'availability' | 'latency' | 'uptime', title: string) {
  return timeSeriesPanel(
    {
      ...HOURLY,
      title,
      description:
        'How many times faster than allowed the budget was used in the window before each point. Above 1 it does not last for 30 days; the red line is 6.',
      width: 8,
      height: 9,
      hasThresholdLines: true,
      empty: NO_TRAFFIC,
      styles: LINES,
    },
    ask(withinHour, slo, '1 hour'),
    ask(within6h, slo, '6 hours'),
    ask(withinDay, slo, '1 day'),
    ask(within3d, slo, '3 days'),
  );
}

export const slo: Page = {
  uid: 'mcp-slo',
  description: 'Do we meet our objectives, and how long will the error budget last?',
  from: 'now-30d',
  refresh: '5m',
  sections: [
    {
      panels: [
        statPanel({ ...NAMES, width: 12, height: 4, look: 'tile' }, ask(budgetLeft, 'slo', SLO)),
        statPanel({ width: 6, height: 4, look: 'tile' }, ask(overdrawnBudgets, 'all')),
        statPanel(
          { width: 6, height: 4, look: 'tile', links: [TO_ALERTS] },
          ask(burnAlerts, 'all'),
        ),
        statPanel({ ...NAMES, width: 8, height: 4 }, ask(reached, 'slo', SLO)),
        statPanel({ ...NAMES, width: 8, height: 4 }, ask(objective, 'slo', SLO)),
        statPanel({ ...NAMES, width: 8, height: 4, look: 'tile' }, ask(within6h, 'slo', SLO)),
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Burn-down of the error budget',
            description:
              'Error budget left of the 30 days before each point, for all servers together. It recovers when failures become older than 30 days.',
            width: 12,
            height: 9,
            hasThresholdLines: true,
            empty: NOT_YET,
          },
          ask(budgetLeft, 'slo', SLO),
        ),
        barPanel(
          {
            title: 'Servers with the least budget left',
            description: 'The ten worst pairs of server and objective.',
            width: 12,
            height: 9,
            empty: NOT_YET,
            // From used up to untouched; only the number shows how much is overspent.
            min: 0,
            max: 1,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(budgetLeft, 'worst', '{{server}}: {{slo}}'),
        ),
      ],
    },
    {
      title: 'How fast the budget is used',
      panels: [
        burnPanel('availability', 'Burn rate of availability'),
        burnPanel('latency', 'Burn rate of latency'),
        burnPanel('uptime', 'Burn rate of uptime'),
      ],
    },
    {
      title: 'Servers',
      panels: [
        tablePanel({
          title: 'Servers and objectives',
          description:
            'Each objective of each server, the worst first: availability in 30 days, error budget left, and burn rate in each window.',
          width: 24,
          height: 12,
          sortBy: 'Budget left',
          isAscending: true,
          empty: NOT_YET,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER_DAY, ROW_TO_ERRORS_DAY] },
            { label: 'slo', title: 'Objective', width: 110 },
            { label: 'gateway', title: 'Gateway', width: 110 },
          ],
          values: [
            { question: ask(reached, 'server'), title: 'Reached, 30 d', width: 120 },
            {
              question: ask(budgetLeft, 'server'),
              title: 'Budget left',
              look: 'cell',
              width: 115,
            },
            { question: ask(within5m, 'server'), title: 'Burn, 5 min', look: 'cell', width: 105 },
            { question: ask(within30m, 'server'), title: 'Burn, 30 min', look: 'cell', width: 105 },
            { question: ask(withinHour, 'server'), title: 'Burn, 1 h', look: 'cell', width: 105 },
            { question: ask(within2h, 'server'), title: 'Burn, 2 h', look: 'cell', width: 105 },
            { question: ask(within6h, 'server'), title: 'Burn, 6 h', look: 'cell', width: 105 },
            { question: ask(withinDay, 'server'), title: 'Burn, 1 d', look: 'cell', width: 105 },
            { question: ask(within3d, 'server'), title: 'Burn, 3 d', look: 'cell', width: 105 },
          ],
        }),
      ],
    },
    {
      title: 'By the hour and by server',
      isCollapsed: true,
      panels: [
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Reached in each hour',
            description: 'Share that met the objective in the hour before each point.',
            width: 12,
            height: 9,
            empty: NO_TRAFFIC,
          },
          ask(reached, 'hourly', SLO),
        ),
        timeSeriesPanel(
          {
            ...HOURLY,
            title: 'Burn-down by server',
            description: 'Error budget left for each server and objective at each point.',
            width: 12,
            height: 9,
            hasThresholdLines: true,
            empty: NOT_YET,
            links: [SERIES_TO_SERVER_DAY],
          },
          ask(budgetLeft, 'server', '{{server}}: {{slo}}'),
        ),
      ],
    },
  ],
};
