import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { type AlertState, WATCHDOG_STALE_MS } from '../../../facts/alert-event.ts';
import type { Kept } from '../ask-journal.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ChangeAccess } from '../change-access.ts';
import type { OutsideUrls } from '../ports.ts';
import { testAlertForm } from './alert-action-forms.ts';
import { alertTable } from './alert-table.ts';
import { chip, emptySection, notice, searchInput, suggestions } from './elements.ts';
import type { Page } from './layout.ts';
import { statusIcon } from './status-badge.ts';
import { relativeTime } from './time.ts';
import type { EpochMs } from '../../../facts/time.ts';

export interface AlertsContent {
  /** As given in the address. */
  readonly filter: AlertsFilter;
  /** `undefined` if only resolved alerts are asked for. */
  readonly firing?: Kept<readonly AlertRecord[]>;
  /** `undefined` if only firing alerts are asked for. */
  readonly history?: Kept<HistoryPage>;
  /** For completion. */
  readonly servers: readonly string[];
  readonly alertnames: readonly string[];
  readonly watchdogHeardAtMs: EpochMs | undefined;
  /** Whether the viewer may silence alerts and send a test; absent if Alertmanager cannot be asked. */
  readonly actionAccess?: ChangeAccess;
  readonly urls: OutsideUrls;
  readonly nowMs: number;
}

export interface AlertsFilter {
  readonly state: AlertState | undefined;
  readonly alertname: string;
  readonly server: string;
  readonly from: string;
  readonly to: string;
}

export interface HistoryPage {
  readonly alerts: readonly AlertRecord[];
  /** Cursor of the next page. */
  readonly next: number | undefined;
}

export function alertsPage(content: AlertsContent): Page {
  const { firing } = content;
  const count = firing?.ok ? firing.value.length : 0;
  return {
    title: `${count > 0 ? `(${count}) ` : ''}Alerts – mcp-exporter`,
    live: '',
    followsAlerts: true,
    main: html`<section id="summary" class="summary" data-region aria-label="Summary">
        ${headline(content)} ${pipeline(content)}
      </section>
      <div class="tools">
        <nav class="chips" aria-label="Filter by state">${chips(content.filter)}</nav>
        ${filterForm(content)}
      </div>
      ${firing && html`<section id="firing" data-region>${firingPart(firing, content)}</section>`}
      ${content.history && html`<section id="history" class="part" data-region>${historyPart(content.history, content)}</section>`}
      ${content.actionAccess && html`<section class="card pad part">${testAlertForm(content.actionAccess)}</section>`}`,
  };
}

function headline({ firing }: AlertsContent): Html {
  if (!firing) return html`<h1>Alert history</h1>`;
  if (!firing.ok)
    return html`<h1 class="is-unknown">
      ${statusIcon('unknown')}<span>Alerts are unavailable</span>
    </h1>`;
  const alerts = firing.value;
  if (alerts.length === 0)
    return html`<h1 class="is-healthy">${statusIcon('healthy')}<span>No alerts firing</span></h1>`;
  const isCritical = alerts.some(({ severity }) => severity === 'critical');
  const look = isCritical ? 'offline' : 'warning';
  return html`<h1 class="is-${look}">
    ${statusIcon(isCritical ? 'critical' : 'warning')}<span
      >${formatCount(alerts.length)} ${alerts.length === 1 ? 'alert' : 'alerts'} firing</span
    >
  </h1>`;
}

/** Silence is good news only if notifications are known to arrive here. */
function pipeline({ watchdogHeardAtMs, nowMs }: AlertsContent): Html {
  if (watchdogHeardAtMs === undefined)
    return html`<p class="muted">
      No heartbeat from Alertmanager yet: it is not configured to send notifications here, or has
      not sent any so far. <a href="/docs#alertmanager">How to connect Alertmanager</a>
    </p>`;
  const heard = relativeTime(watchdogHeardAtMs, nowMs, 'ago');
  return nowMs - watchdogHeardAtMs > WATCHDOG_STALE_MS
    ? html`<p class="is-offline">
        Alerts are not arriving from Prometheus: the last heartbeat was ${heard}, but one is due
        every few minutes.
      </p>`
    : html`<p class="muted">Alerts are arriving: last heartbeat ${heard}.</p>`;
}

function addressOf(filter: AlertsFilter, change: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams();
  const { state = '', alertname, server, from, to } = filter;
  for (const [name, value] of Object.entries({ state, alertname, server, from, to, ...change })) {
    if (value !== '') query.set(name, value);
  }
  return query.size > 0 ? `/alerts?${query.toString()}` : '/alerts';
}

function chips(filter: AlertsFilter): readonly Html[] {
  const choices = [
    ['', 'All'],
    ['firing', 'Firing'],
    ['resolved', 'History'],
  ] as const;
  return choices.map(([state, word]) =>
    chip(addressOf(filter, { state }), (filter.state ?? '') === state, word),
  );
}

function filterForm({ filter, servers, alertnames }: AlertsContent): Html {
  const field = (
    name: 'alertname' | 'server' | 'from' | 'to',
    placeholder: string,
    list?: string,
  ) =>
    searchInput({
      id: name,
      name,
      value: filter[name],
      placeholder,
      ...(list === undefined ? {} : { list }),
    });
  return html`<form class="search fields" role="search" action="/alerts" method="get">
    ${filter.state && html`<input type="hidden" name="state" value="${filter.state}" />`}
    ${field('alertname', 'Alert', 'alertnames')} ${field('server', 'Server', 'servers')}
    ${field('from', 'From 2026-11-21')} ${field('to', 'To')}
    <button type="submit">Filter</button>
    ${suggestions('alertnames', alertnames)} ${suggestions('servers', servers)}
  </form>`;
}

function firingPart(
  firing: Kept<readonly AlertRecord[]>,
  { nowMs, urls, actionAccess }: AlertsContent,
): Html {
  if (!firing.ok) return notice(firing.message);
  const alerts = firing.value;
  if (alerts.length === 0) return emptySection('Firing', 'No alerts firing.');
  return html`<h2>Firing <small>${formatCount(alerts.length)}</small></h2>
    ${alertTable({ id: 'firing-alerts', caption: 'Firing alerts', alerts, nowMs, urls, hasServer: true, canSilence: actionAccess !== undefined && actionAccess.kind !== 'closed' })}`;
}

function historyPart(history: Kept<HistoryPage>, { nowMs, urls, filter }: AlertsContent): Html {
  if (!history.ok) return notice(history.message);
  const { alerts, next } = history.value;
  if (alerts.length === 0) return emptySection('History', 'No resolved alerts.');
  return html`<h2>History <small>newest first</small></h2>
    ${alertTable({ id: 'past-alerts', caption: 'Resolved alerts', alerts, nowMs, urls, hasServer: true })}
    ${next !== undefined && html`<p class="remark"><a href="${addressOf(filter, { state: 'resolved', cursor: String(next) })}">Older alerts</a></p>`}`;
}
