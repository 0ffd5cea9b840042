import { META_ALERTS } from '../annotations.ts';
import { GATEWAY_ONLY, linkToPage } from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { failedNotifications, watchdogAge } from '../signals/alerts.ts';
import {
  alertmanagers,
  configReload,
  connectivity,
  eventsLost,
  exportFailures,
  headSeries,
  journalErrors,
  journalUp,
  labelOverflow,
  logLinesLost,
  missedEvaluations,
  otherReloads,
  ruleDuration,
  ruleFailures,
  samples,
  samplesShare,
  scheduleLag,
  scrapeDuration,
  storage,
  targetsDown,
  targetUp,
  unsentAlerts,
} from '../signals/meta.ts';

const TILE = { width: 6, height: 3, look: 'tile' } as const;
const NUMBER = { width: 6, height: 3 } as const;
const TO_SYSTEM = [linkToPage('mcp-system', 'System', GATEWAY_ONLY)];
const TO_ALERTS = [linkToPage('mcp-alerts', 'Alerts and notifications', GATEWAY_ONLY)];

export const meta: Page = {
  uid: 'mcp-meta',
  description: 'Does the monitoring itself work, from the check to the notification?',
  from: 'now-6h',
  refresh: '30s',
  server: 'none',
  annotations: [META_ALERTS],
  sections: [
    {
      panels: [
        statPanel(TILE, ask(targetsDown, 'all')),
        statPanel({ ...TILE, empty: 'no exporter' }, ask(configReload, 'worst')),
        statPanel({ ...TILE, empty: 'no checks' }, ask(scheduleLag, 'p95')),
        statPanel({ ...TILE, empty: 'switched off', links: TO_SYSTEM }, ask(journalUp, 'worst')),
        statPanel({ ...TILE, empty: '0' }, ask(ruleFailures, 'all')),
        statPanel({ ...TILE, empty: 'not scraped' }, ask(alertmanagers, 'least')),
        statPanel({ ...TILE, empty: '0', links: TO_ALERTS }, ask(failedNotifications, 'all')),
        statPanel({ ...TILE, empty: 'never', links: TO_ALERTS }, ask(watchdogAge, 'worst')),
        statPanel({ ...NUMBER, empty: 'no exporter' }, ask(connectivity, 'worst')),
        statPanel({ ...NUMBER, empty: 'no exporter' }, ask(samplesShare, 'worst')),
        statPanel({ ...NUMBER, empty: '0' }, ask(labelOverflow, 'all')),
        statPanel({ ...NUMBER, empty: '0' }, ask(logLinesLost, 'all')),
        statPanel({ ...NUMBER, empty: '0' }, ask(eventsLost, 'all')),
        statPanel({ ...NUMBER, empty: 'not scraped' }, ask(ruleDuration, 'worst')),
        statPanel({ ...NUMBER, empty: '0' }, ask(missedEvaluations, 'all')),
        statPanel({ ...NUMBER, empty: '0' }, ask(unsentAlerts, 'all')),
        tablePanel({
          title: 'Targets',
          description: 'The targets of this monitoring, and whether Prometheus can scrape them.',
          width: 12,
          height: 8,
          sortBy: 'State',
          isAscending: true,
          labels: [
            { label: 'job', title: 'Job' },
            { label: 'instance', title: 'Address' },
          ],
          values: [
            { question: ask(targetUp, 'target'), look: 'cell', width: 80 },
            { question: ask(scrapeDuration, 'target'), title: 'Scrape', look: 'cell', width: 90 },
            { question: ask(samples, 'target'), title: 'Samples', width: 90 },
          ],
        }),
        timeSeriesPanel(
          {
            title: 'Age of the last heartbeat',
            width: 12,
            height: 8,
            hasThresholdLines: true,
            empty: 'No heartbeat from Alertmanager yet',
          },
          ask(watchdogAge, 'worst', 'Ago'),
        ),
      ],
    },
    {
      title: 'The exporter',
      panels: [
        timeSeriesPanel(
          { title: 'Checks late by, over time', width: 8, height: 8, hasThresholdLines: true },
          ask(scheduleLag, 'p50', 'P50'),
          ask(scheduleLag, 'p95', 'P95'),
        ),
        timeSeriesPanel(
          { width: 8, height: 8, hasThresholdLines: true },
          ask(scrapeDuration, 'target', '{{job}} {{instance}}'),
        ),
        timeSeriesPanel(
          {
            width: 8,
            height: 8,
            styles: [{ pattern: 'Limit', isDashed: true, color: 'red' }],
          },
          ask(samples, 'target', '{{job}} {{instance}}'),
          ask(samples, 'limit', 'Limit'),
        ),
        timeSeriesPanel(
          {
            title: 'What was lost',
            description:
              'Log lines and events that were lost, and failed attempts to write or export them.',
            width: 16,
            height: 8,
            isBars: true,
          },
          ask(logLinesLost, 'gateway', 'Log lines {{gateway}}'),
          ask(eventsLost, 'gateway', 'Events {{gateway}}'),
          ask(journalErrors, 'gateway', 'Journal writes {{gateway}}'),
          ask(exportFailures, 'gateway', 'Exports {{gateway}}'),
        ),
        barPanel(
          {
            title: 'Label overflow, by metric',
            width: 8,
            height: 8,
            empty: 'None: no label values replaced',
          },
          ask(labelOverflow, 'label', '{{metric}} {{label}}'),
        ),
      ],
    },
    {
      title: 'Rules and delivery to Alertmanager',
      isCollapsed: true,
      panels: [
        timeSeriesPanel(
          { title: 'Time for rules, by group', width: 12, height: 8, hasThresholdLines: true },
          ask(ruleDuration, 'group', '{{group}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Rules failed, by group',
            width: 12,
            height: 8,
            isBars: true,
            empty: 'No rule failed',
          },
          ask(ruleFailures, 'group', '{{group}}'),
        ),
        timeSeriesPanel(
          { title: 'Alerts not sent, over time', width: 12, height: 8, isBars: true },
          ask(unsentAlerts, 'errors', 'Refused'),
          ask(unsentAlerts, 'dropped', 'Dropped'),
          ask(unsentAlerts, 'queued', 'In the queue'),
        ),
        timeSeriesPanel(
          {
            title: 'Notifications that failed, by channel',
            width: 12,
            height: 8,
            isBars: true,
            empty: 'None failed',
            links: TO_ALERTS,
          },
          ask(failedNotifications, 'integration', '{{integration}} {{reason}}'),
        ),
      ],
    },
    {
      title: 'Prometheus',
      isCollapsed: true,
      panels: [
        statPanel(
          { width: 6, height: 8, shows: 'value_and_name', empty: 'not scraped' },
          ask(otherReloads, 'prometheus', 'Prometheus'),
          ask(otherReloads, 'alertmanager', 'Alertmanager'),
        ),
        timeSeriesPanel(
          { width: 9, height: 8, empty: 'Prometheus does not scrape itself' },
          ask(headSeries, 'all', 'Series'),
        ),
        timeSeriesPanel(
          { width: 9, height: 8, isStacked: true, empty: 'Prometheus does not scrape itself' },
          ask(storage, 'blocks', 'Blocks'),
          ask(storage, 'log', 'Log'),
        ),
      ],
    },
  ],
};
