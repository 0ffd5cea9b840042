import { linkToPage, ROW_TO_ERRORS, ROW_TO_SERVER, SERIES_TO_SERVER } from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, stateTimelinePanel } from '../panels/charts.ts';
import { ask, type Link } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { textPanel } from '../panels/text.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import {
  activations,
  alertsByTreatment,
  alertSince,
  alertsOverTime,
  alertState,
  criticalAlerts,
  failedNotifications,
  firings,
  notifications,
  pendingAlerts,
  receivedNotifications,
  silences,
  timeFiring,
  timeToResolve,
  warningAlerts,
  watchdogAge,
} from '../signals/alerts.ts';

const TILE = { width: 6, height: 3, look: 'tile' } as const;
const NONE_FIRED = 'Nothing fired in this time';

/** The page of the server half an hour before and after the alert began: what it looked like then. */
const ROW_TO_THEN = linkToPage(
  'mcp-server',
  'The server at that time',
  { gateway: '${__data.fields.gateway}', server: '${__data.fields.server}' },
  'time=${__data.fields.Value.numeric}&time.window=3600000',
);
const ROW_TO_HISTORY: Link = {
  title: 'History with values and notes (page of the exporter)',
  url: '${exporter}/alerts?server=${__data.fields.server}',
  isNewTab: true,
};

const MORE = `
[**History of all alerts**](\${exporter}/alerts): the value at the time, who was told, what was done, notes.

Actions are taken there too: a check now, a server that is switched off, a note.

[What fails](/d/mcp-errors?\${datasource:queryparam}&\${job:queryparam}&\${gateway:queryparam}&\${server:queryparam}&\${__url_time_range}) · [This week and last](/d/mcp-compare?\${datasource:queryparam}&\${job:queryparam}&\${gateway:queryparam}&\${server:queryparam}&\${__url_time_range}) · [The monitoring itself](/d/mcp-meta?\${datasource:queryparam}&\${job:queryparam}&\${gateway:queryparam}&\${__url_time_range})
`.trim();

function labels(...links: readonly Link[]) {
  return [
    { label: 'alertname', title: 'Alert', links },
    { label: 'severity', title: 'Severity', width: 85 },
    { label: 'server', title: 'Server', links },
    { label: 'gateway', title: 'Gateway', width: 90 },
  ];
}

export const alertsPage: Page = {
  uid: 'mcp-alerts',
  description: 'What fires, since when, how often, and did anybody hear of it?',
  from: 'now-24h',
  refresh: '30s',
  sections: [
    {
      panels: [
        statPanel(TILE, ask(criticalAlerts, 'all')),
        statPanel(TILE, ask(warningAlerts, 'all')),
        statPanel(TILE, ask(pendingAlerts, 'all')),
        statPanel({ ...TILE, look: 'number' }, ask(firings, 'all')),
        statPanel({ ...TILE, look: 'number' }, ask(timeFiring, 'all')),
        statPanel({ ...TILE, look: 'number', empty: 'none fired' }, ask(timeToResolve, 'all')),
        statPanel({ ...TILE, empty: '0' }, ask(failedNotifications, 'all')),
        statPanel(
          {
            ...TILE,
            empty: 'never',
            links: [linkToPage('mcp-meta', 'The way from here to Alertmanager and back')],
          },
          ask(watchdogAge, 'worst'),
        ),
        tablePanel({
          title: 'Firing',
          width: 12,
          height: 8,
          empty: 'Nothing fires',
          sortBy: 'Since',
          labels: labels(ROW_TO_THEN, ROW_TO_ERRORS, ROW_TO_HISTORY),
          values: [{ question: ask(alertSince, 'firing'), width: 130 }],
        }),
        tablePanel({
          title: 'Pending',
          description: 'Alerts whose condition holds, but not yet for long enough to tell anybody.',
          width: 12,
          height: 8,
          empty: 'Nothing is about to fire',
          sortBy: 'Since',
          labels: labels(ROW_TO_THEN, ROW_TO_ERRORS),
          values: [{ question: ask(alertSince, 'pending'), width: 130 }],
        }),
        stateTimelinePanel(
          {
            width: 24,
            height: 10,
          },
          ask(alertState, 'worst', 'All alerts'),
          ask(alertState, 'alert', '{{alertname}} {{server}}'),
        ),
      ],
    },
    {
      title: 'What fired in this time',
      panels: [
        tablePanel({
          title: 'Alerts that fired',
          description:
            'How often each alert fired in the time that the page shows, for how long, and how long it took to end.',
          width: 16,
          height: 10,
          empty: NONE_FIRED,
          sortBy: 'Time firing',
          labels: labels(ROW_TO_SERVER, ROW_TO_ERRORS, ROW_TO_HISTORY),
          values: [
            { question: ask(firings, 'alert'), width: 85 },
            { question: ask(timeFiring, 'alert'), width: 110 },
            { question: ask(timeToResolve, 'alert'), width: 130 },
          ],
        }),
        barPanel(
          {
            title: 'Longest',
            width: 8,
            height: 10,
            empty: NONE_FIRED,
            links: [SERIES_TO_SERVER],
          },
          ask(timeFiring, 'top', '{{alertname}} {{server}}'),
        ),
        timeSeriesPanel(
          { width: 16, height: 7, isStacked: true, empty: NONE_FIRED },
          ask(alertsOverTime, 'severity', '{{severity}}'),
        ),
        textPanel({
          title: 'And then?',
          description: 'Pages beside this one.',
          width: 8,
          height: 7,
          content: MORE,
        }),
      ],
    },
    {
      title: 'Notifications',
      panels: [
        statPanel({ width: 4, height: 8, empty: '0' }, ask(notifications, 'all')),
        statPanel({ width: 4, height: 8, empty: '0' }, ask(silences, 'active')),
        timeSeriesPanel(
          {
            title: 'Sent, by way',
            description: 'Messages that Alertmanager sent, by mail, webhook and so on.',
            width: 8,
            height: 8,
            isBars: true,
            isStacked: true,
            empty: 'Nothing was sent',
          },
          ask(notifications, 'integration', '{{integration}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Failed, by way and reason',
            width: 8,
            height: 8,
            isBars: true,
            isStacked: true,
            empty: 'None failed',
          },
          ask(failedNotifications, 'integration', '{{integration}} {{reason}}'),
        ),
      ],
    },
    {
      title: 'Longer history',
      isCollapsed: true,
      panels: [
        barPanel(
          { width: 8, height: 10, empty: 'Nothing in 30 days' },
          ask(activations, 'top', '{{alertname}} {{server}}'),
        ),
        barPanel(
          { width: 8, height: 10, empty: 'The exporter heard of no alert' },
          ask(receivedNotifications, 'alert', '{{alertname}} {{status}}'),
        ),
        timeSeriesPanel(
          { width: 8, height: 10, empty: 'Alertmanager is not scraped' },
          ask(alertsByTreatment, 'state', '{{state}}'),
        ),
      ],
    },
  ],
};
