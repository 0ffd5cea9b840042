import { FIRING_ALERTS, STATUS_CHANGES } from '../annotations.ts';
import { ROW_TO_COMPARE, ROW_TO_ERRORS, ROW_TO_SERVER } from '../links.ts';
import type { Page } from '../page.ts';
import { ask, type Panel } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import type { Signal } from '../signal.ts';
import {
  changedConnections,
  changedCost,
  changedErrors,
  changedP95,
  changedRate,
  comparedConnections,
  comparedCost,
  comparedErrors,
  comparedP95,
  comparedRate,
  errorBand,
  p95Band,
  rateBand,
  unusual,
  unusualTime,
} from '../signals/compare.ts';
import { focusVariable, offsetVariable } from '../variables.ts';

const NOTHING_THEN = 'no earlier data';
const NO_DATA_THEN = 'No calls now or then';
const NO_BAND = 'Needs a day of history';

function change(of: Signal<'fleet'>, title = of.title): Panel {
  return statPanel(
    { title, width: 4, height: 4, look: 'tile', empty: NOTHING_THEN },
    ask(of, 'fleet'),
  );
}

function overlay(of: Signal<'fleet' | 'fleetThen'>): Panel {
  return timeSeriesPanel(
    {
      title: `${of.title}, now and then`,
      width: 12,
      height: 8,
      empty: NO_DATA_THEN,
      styles: [{ pattern: 'Then', isDashed: true, color: 'orange' }],
    },
    ask(of, 'fleet', 'Now'),
    ask(of, 'fleetThen', 'Then'),
  );
}

function bandPanel(of: Signal<'level' | 'upper' | 'lower'>): Panel {
  return timeSeriesPanel(
    {
      title: of.title,
      width: 8,
      height: 8,
      empty: NO_BAND,
      legend: 'list',
      styles: [
        { pattern: 'Now', color: 'blue' },
        { pattern: 'Upper', color: 'green', isBand: true, fillBelowTo: 'Lower' },
        { pattern: 'Lower', color: 'green', isBand: true },
      ],
    },
    ask(of, 'level', 'Now'),
    ask(of, 'upper', 'Upper'),
    ask(of, 'lower', 'Lower'),
  );
}

export const compare: Page = {
  uid: 'mcp-compare',
  description: 'Is it slower, or does it fail more often, than an hour, a day or a week ago?',
  from: 'now-24h',
  refresh: '30s',
  variables: [offsetVariable(), focusVariable()],
  annotations: [STATUS_CHANGES, FIRING_ALERTS],
  sections: [
    {
      panels: [
        change(changedRate, 'Requests, change'),
        change(changedP95, 'P95, change'),
        change(changedErrors, 'Errors, change'),
        change(changedConnections, 'Clients, change'),
        change(changedCost, 'Cost, change'),
        statPanel(
          {
            title: 'Unusual now',
            description:
              'Signals of servers that are outside their usual range of a day and a week ago.',
            width: 4,
            height: 4,
            decimals: 0,
            look: 'tile',
          },
          ask(unusual, 'count'),
        ),
        tablePanel({
          title: 'Each server, now and then',
          description: 'The largest changes since then. Click a server for details.',
          width: 24,
          height: 8,
          sortBy: 'P95 change',
          empty: NO_DATA_THEN,
          labels: [
            {
              label: 'server',
              title: 'Server',
              links: [ROW_TO_SERVER, ROW_TO_ERRORS, ROW_TO_COMPARE],
            },
            { label: 'gateway', title: 'Gateway', width: 100 },
          ],
          values: [
            { question: ask(comparedRate, 'server'), title: 'Req/s now', width: 110 },
            { question: ask(comparedRate, 'serverThen'), title: 'Req/s then', width: 110 },
            {
              question: ask(changedRate, 'server'),
              title: 'Req/s change',
              look: 'text',
              width: 110,
            },
            { question: ask(comparedP95, 'server'), title: 'P95 now', width: 110 },
            { question: ask(comparedP95, 'serverThen'), title: 'P95 then', width: 110 },
            { question: ask(changedP95, 'server'), title: 'P95 change', look: 'cell', width: 110 },
            { question: ask(comparedErrors, 'server'), title: 'Errors now', width: 110 },
            { question: ask(comparedErrors, 'serverThen'), title: 'Errors then', width: 110 },
            {
              question: ask(changedErrors, 'server'),
              title: 'Errors change',
              look: 'cell',
              width: 110,
            },
          ],
        }),
      ],
    },
    {
      title: 'Now and then',
      panels: [
        overlay(comparedRate),
        overlay(comparedP95),
        overlay(comparedErrors),
        overlay(comparedConnections),
        overlay(comparedCost),
        tablePanel({
          title: 'Unusual servers now',
          width: 12,
          height: 8,
          empty: 'Nothing unusual',
          sortBy: 'Server',
          isAscending: true,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_COMPARE, ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway' },
            { label: 'signal', title: 'Measure' },
          ],
          values: [{ question: ask(unusual, 'now') }],
        }),
      ],
    },
    {
      title: 'Usual range of $focus',
      panels: [
        bandPanel(rateBand),
        bandPanel(p95Band),
        bandPanel(errorBand),
        tablePanel({
          title: 'Time outside the usual range, 24 hours',
          width: 24,
          height: 7,
          empty: 'Nothing unusual',
          sortBy: 'Unusual in 24 hours',
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_COMPARE, ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway' },
            { label: 'signal', title: 'Measure' },
          ],
          values: [{ question: ask(unusualTime, 'signal') }],
        }),
      ],
    },
  ],
};
