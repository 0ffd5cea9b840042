import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { formatCount, formatNumber, formatSpan } from '../format.ts';
import { type Html, html } from '../html.ts';
import { findSilencing } from '../silencing.ts';
import type { OutsideUrls } from '../ports.ts';
import { outsideLinks } from './alert-links.ts';
import { columnHead, noValue } from './elements.ts';
import { serverPath } from './landing-page.ts';
import { severityBadge } from './severity.ts';
import { relativeTime, timeWithClock } from './time.ts';

export interface AlertTable {
  /** Of the table, and of what it keeps when the page is read again. */
  readonly id: string;
  readonly caption: string;
  readonly alerts: readonly AlertRecord[];
  readonly nowMs: number;
  /** The page of one server needs no column for it. */
  readonly hasServer: boolean;
  readonly urls: OutsideUrls;
  /** Firing alerts then lead to the form that silences them. */
  readonly canSilence?: boolean;
}

/** Alerts as rows: severity, server, start, duration, value, notifications and actions. */
export function alertTable({
  id,
  caption,
  alerts,
  nowMs,
  hasServer,
  urls,
  canSilence = false,
}: AlertTable): Html {
  return html`<div class="card">
    <table class="grid alerts" role="table" id="${id}">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${columnHead('Severity', 'status')} ${columnHead('Alert', 'name')}
          ${hasServer && columnHead('Server', 'where')} ${columnHead('Since', 'num since')}
          ${columnHead('Duration', 'num duration')} ${columnHead('Value', 'num value')}
          ${columnHead('Notified', 'num notified')} ${columnHead('Actions', 'num acted')}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${alerts.map((alert) => row(alert, { nowMs, hasServer, urls, canSilence }))}
      </tbody>
    </table>
  </div>`;
}

export function alertPath(id: number): string {
  return `/alerts/${id}`;
}

function row(
  alert: AlertRecord,
  {
    nowMs,
    hasServer,
    urls,
    canSilence,
  }: Pick<AlertTable, 'nowMs' | 'hasServer' | 'urls'> & { readonly canSilence: boolean },
): Html {
  const isFiring = alert.endsAtMs === undefined;
  const links = outsideLinks(alert, urls);
  return html`<tr role="row" class="${isFiring ? 'is-firing' : 'is-over'}">
    <td role="cell" class="status">${severityBadge(alert.severity)}</td>
    <th role="rowheader" scope="row" class="name">
      <a href="${alertPath(alert.id)}"><bdi>${alert.alertname || 'Unnamed alert'}</bdi></a
      >${alert.summary !== '' && html`<span class="reason"><bdi>${alert.description || alert.summary}</bdi></span>`}${links.length > 0 && html`<span class="elsewhere">${links}</span>`}
    </th>
    ${hasServer && html`<td role="cell" class="where">${serverLink(alert)}</td>`}
    <td role="cell" class="num" data-label="Since">${timeWithClock(alert.startsAtMs, nowMs)}</td>
    <td role="cell" class="num" data-label="Duration">${alertDuration(alert, nowMs)}</td>
    <td role="cell" class="num" data-label="Value">
      ${alert.value === undefined ? noValue('No value reported') : formatNumber(alert.value)}
    </td>
    <td role="cell" class="num" data-label="Notified">${notified(alert, nowMs)}</td>
    <td role="cell" class="num" data-label="Actions">${acted(alert, nowMs, canSilence)}</td>
  </tr> `;
}

export function serverLink({ server, gateway }: AlertRecord): Html {
  if (server !== '') return html`<a href="${serverPath(server)}"><bdi>${server}</bdi></a>`;
  return gateway === '' ? noValue('Not about one server') : html`<bdi>${gateway}</bdi>`;
}

/** It ticks while the alert fires. */
export function alertDuration(
  { startsAtMs, endsAtMs, isEndInferred }: AlertRecord,
  nowMs: number,
): Html {
  if (endsAtMs === undefined) return relativeTime(startsAtMs, nowMs, 'for');
  if (!isEndInferred) return html`${formatSpan(endsAtMs - startsAtMs)}`;
  return html`<span title="No notification of its end arrived; it started again then"
    >up to ${formatSpan(endsAtMs - startsAtMs)}</span
  >`;
}

function notified({ notificationCount, notifications }: AlertRecord, nowMs: number): Html {
  const last = notifications.at(-1);
  if (!last) return noValue('Never notified');
  return html`${formatCount(notificationCount)}×, ${relativeTime(last.atMs, nowMs, 'ago')}`;
}

function acted(alert: AlertRecord, nowMs: number, canSilence: boolean): Html {
  const silencing = findSilencing(alert, nowMs);
  if (silencing) {
    const word = silencing.kind === 'acknowledge' ? 'Acknowledged' : 'Silenced';
    return html`${word} by <bdi>${silencing.by}</bdi>, ends
      ${relativeTime(silencing.untilMs, nowMs, 'in')}`;
  }
  const last = alert.actions.at(-1);
  const text = last && `${last.kind} by ${last.by}: ${last.text}`;
  const link =
    canSilence &&
    alert.endsAtMs === undefined &&
    html` <a href="${alertPath(alert.id)}#acknowledge">Acknowledge</a>`;
  if (last)
    return html`<span title="${text}">${alert.actions.length}, last ${last.kind}</span>${link}`;
  return link === false ? noValue('No actions') : link;
}
