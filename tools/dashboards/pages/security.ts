import { DEFINITION_CHANGES, FIRING_ALERTS } from '../annotations.ts';
import { linkToPage, ROW_TO_ERRORS, ROW_TO_SERVER } from '../links.ts';
import type { Page } from '../page.ts';
import { barPanel, piePanel } from '../panels/charts.ts';
import { ask } from '../panels/panel.ts';
import { statPanel } from '../panels/stat.ts';
import { tablePanel } from '../panels/table.ts';
import { timeSeriesPanel } from '../panels/time-series.ts';
import { unknownTools } from '../signals/errors.ts';
import { certificateExpiry } from '../signals/probes.ts';
import {
  authAttemptRate,
  authAttempts,
  authFailureRate,
  authFailureRatio,
  authFailures,
  keptActions,
  rateLimited,
  rateLimitedRate,
  refusalRate,
  refusals,
  unknownServers,
} from '../signals/security.ts';
import { definitionChanges } from '../signals/status.ts';

const NO_LOGIN = 'No attempts: authentication is not configured, or there were no calls';
const NO_REFUSALS = 'Nothing was refused';
const NO_LIMITS = 'No requests over the rate limit';
const TILE = { width: 4, height: 4, look: 'tile', empty: 'none' } as const;
const TO_ALERTS = linkToPage('mcp-alerts', 'Alerts');

export const security: Page = {
  uid: 'mcp-security',
  description: 'Is someone trying to break in, and who is refused?',
  from: 'now-6h',
  refresh: '30s',
  annotations: [FIRING_ALERTS, DEFINITION_CHANGES],
  sections: [
    {
      panels: [
        statPanel(
          { ...TILE, title: 'Failures per second', links: [TO_ALERTS] },
          ask(authFailureRate, 'now'),
        ),
        statPanel({ ...TILE, title: 'Failed logins' }, ask(authFailures, 'all')),
        statPanel(TILE, ask(refusals, 'all')),
        statPanel({ ...TILE, title: 'Rate limited' }, ask(rateLimited, 'all')),
        statPanel(TILE, ask(unknownServers, 'all')),
        statPanel(TILE, ask(unknownTools, 'all')),
        statPanel({ width: 8, height: 3, empty: 'none' }, ask(authAttempts, 'all')),
        statPanel({ width: 8, height: 3, empty: 'no attempts' }, ask(authFailureRatio, 'all')),
        statPanel({ width: 8, height: 3, empty: 'no journal' }, ask(keptActions, 'all')),
      ],
    },
    {
      title: 'Logins',
      panels: [
        timeSeriesPanel(
          {
            title: 'Failed attempts per second, by gateway',
            width: 12,
            height: 9,
            hasThresholdLines: true,
            empty: NO_LOGIN,
          },
          ask(authFailureRate, 'gateway', '{{gateway}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 9, isStacked: true, empty: NO_LOGIN },
          ask(authAttemptRate, 'methodStatus', '{{method}} {{status}}'),
        ),
        piePanel(
          {
            title: 'Authentication methods and results',
            width: 8,
            height: 8,
            empty: NO_LOGIN,
          },
          ask(authAttempts, 'methodStatus', '{{method}} {{status}}'),
        ),
        tablePanel({
          title: 'Attempts by gateway',
          description: 'Credentials presented to each gateway, in the selected time range.',
          width: 16,
          height: 8,
          sortBy: 'Attempts',
          empty: NO_LOGIN,
          labels: [
            { label: 'gateway', title: 'Gateway' },
            { label: 'method', title: 'Credentials' },
            { label: 'status', title: 'Went' },
          ],
          values: [
            {
              question: ask(authAttempts, 'gatewayMethodStatus'),
              title: 'Attempts',
              look: 'gauge',
              width: 260,
            },
          ],
        }),
      ],
    },
    {
      title: 'Refusals and limits',
      panels: [
        timeSeriesPanel(
          {
            title: 'Refusals per second by reason',
            width: 12,
            height: 8,
            isStacked: true,
            empty: NO_REFUSALS,
          },
          ask(refusalRate, 'type', '{{error_type}}'),
        ),
        timeSeriesPanel(
          { width: 12, height: 8, empty: NO_LIMITS },
          ask(rateLimitedRate, 'gateway', '{{gateway}}'),
        ),
        barPanel(
          { title: 'Refusals by reason', width: 8, height: 9, empty: NO_REFUSALS },
          ask(refusals, 'type', '{{error_type}}'),
        ),
        tablePanel({
          title: 'Refusals by server and reason',
          description:
            'Refusals by server and reason. _OTHER stands for names that are not configured and for requests without a name.',
          width: 16,
          height: 9,
          sortBy: 'Refused',
          empty: NO_REFUSALS,
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_ERRORS, ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway' },
            { label: 'error_type', title: 'Reason' },
          ],
          values: [
            { question: ask(refusals, 'affected'), title: 'Refused', look: 'gauge', width: 220 },
          ],
        }),
      ],
    },
    {
      title: 'Users at the limit, unknown names, changed tools and certificates',
      isCollapsed: true,
      panels: [
        barPanel(
          {
            title: 'Stopped by the rate limit, by group of users',
            description:
              'Each user is in one of 16 groups by hash: one long bar usually is one client. The log of the exporter has the names.',
            width: 12,
            height: 9,
            empty: NO_LIMITS,
          },
          ask(rateLimited, 'bucket', 'Group {{user_id}}'),
        ),
        timeSeriesPanel(
          {
            title: 'Refusals per second by outcome',
            description:
              'denied: no permission, unknown server, or overload; rate_limited: too many requests.',
            width: 12,
            height: 9,
            empty: NO_REFUSALS,
          },
          ask(refusalRate, 'outcome', '{{outcome}}'),
        ),
        tablePanel({
          title: 'Servers with unknown tools, changes and certificates',
          description:
            'Calls of unlisted tools, definitions that changed, and the remaining validity of the certificate.',
          width: 24,
          height: 9,
          sortBy: 'Unknown tools',
          empty: 'No findings',
          labels: [
            { label: 'server', title: 'Server', links: [ROW_TO_SERVER] },
            { label: 'gateway', title: 'Gateway' },
          ],
          values: [
            { question: ask(unknownTools, 'server'), width: 220, look: 'cell' },
            { question: ask(definitionChanges, 'server'), width: 180 },
            { question: ask(certificateExpiry, 'server'), width: 200, look: 'cell' },
          ],
        }),
      ],
    },
  ],
};
