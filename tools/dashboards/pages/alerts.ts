import {
  addressOf,
  GATEWAY_ONLY,
  linkToPage,
  ROW_TO_ALERT,
  ROW_TO_ERRORS,
  ROW_TO_TIMELINE,
  SERIES_TO_ALERT,
} from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, stateTimelinePanel } from '../panels/charts.ts';
import { ask, type Link } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { linkInNewTab, textPanel } from '../panels/text.ts';
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
const NONE_FIRED = 'No alerts in this time range';

const ROW_TO_HISTORY: Link = {
  title: 'History with values and notes (page of the exporter)',
  url: '${exporter}/alerts?alertname=${__data.fields.alertname:percentencode}',
  isNewTab: true,
};

const MORE = `
**${linkInNewTab('History of all alerts', '${exporter}/alerts')}**: the value at the time, who was notified, actions, and notes.

You can also act there: check a server now, disable it, or add a note.

[What fails](${addressOf('mcp-errors')}) · [This week and last](${addressOf('mcp-compare')}) · [The monitoring itself](${addressOf('mcp-meta', GATEWAY_ONLY)})
`.trim();

const LINKS = [ROW_TO_ALERT, ROW_TO_ERRORS, ROW_TO_HISTORY];
const LABELS = [
  { label: 'alertname', title: 'Alert', links: LINKS, width: 200 },
  { label: 'severity', title: 'Severity', width: 85 },
  { label: 'server', title: 'Server', links: [ROW_TO_TIMELINE, ...LINKS] },
  { label: 'gateway', title: 'Gateway', width: 90 },
  { label: 'page', title: 'Page', isForLinks: true },
];

export const alertsPage: Page = {
  uid: 'mcp-alerts',
  description: 'What is firing, since when, how often, and was anyone notified?',
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
            links: [linkToPage('mcp-meta', 'The alerting pipeline', GATEWAY_ONLY)],
          },
          ask(watchdogAge, 'worst'),
        ),
        tablePanel({
          title: 'Firing',
          width: 12,
          height: 8,
          empty: 'No alerts firing',
          sortBy: 'Since',
          labels: LABELS,
          values: [{ question: ask(alertSince, 'firing'), width: 150 }],
        }),
        tablePanel({
          title: 'Pending',
          description: 'Alerts whose condition is true, but not yet long enough to notify anyone.',
          width: 12,
          height: 8,
          empty: 'No pending alerts',
          sortBy: 'Since',
          labels: LABELS,
          values: [{ question: ask(alertSince, 'pending'), width: 150 }],
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
      title: 'History',
      panels: [
        tablePanel({
          title: 'Alerts that fired',
          description:
            'How often and how long each alert fired in the selected time range, and how long it took to resolve.',
          width: 16,
          height: 10,
          empty: NONE_FIRED,
          sortBy: 'Time firing',
          labels: LABELS,
          values: [
            { question: ask(firings, 'alert'), width: 85 },
            { question: ask(timeFiring, 'alert'), width: 120 },
            { question: ask(timeToResolve, 'alert'), width: 130 },
          ],
        }),
        barPanel(
          {
            title: 'Longest',
            width: 8,
            height: 10,
            empty: NONE_FIRED,
            links: [SERIES_TO_ALERT],
          },
          ask(timeFiring, 'top', '{{alertname}} {{server}}'),
        ),
        timeSeriesPanel(
          { width: 16, height: 7, isStacked: true, empty: NONE_FIRED },
          ask(alertsOverTime, 'severity', '{{severity}}'),
        ),
        textPanel({
          title: 'Next steps',
          description: 'Related pages.',
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
            title: 'Sent, by channel',
            description:
              'Notifications that Alertmanager sent, by channel (email, webhook and so on).',
            width: 8,
            height: 8,
            isBars: true,
            isStacked: true,
            empty: 'No notifications sent',
          },
          ask(notifications, 'integration', '{{integration}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Failed, by channel and reason',
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
          { width: 8, height: 10, empty: 'The exporter received no alerts' },
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
