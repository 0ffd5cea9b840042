import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { type Status, STATUSES } from '../../../facts/rules/health.ts';
import type { ServerLogEntry, ServerLogPage } from '../../../facts/server-log.ts';
import type { Kept } from '../ask-journal.ts';
import { formatDuration, formatInstant } from '../format.ts';
import { type Html, html } from '../html.ts';
import { alertTable } from './alert-table.ts';
import { serverPath } from './landing-page.ts';
import type { Page } from './layout.ts';
import { statusBadge } from './status-badge.ts';
import { relativeTime } from './time.ts';

/** What the journal has of one server, for its page. */
export interface KeptOfServer {
  readonly alerts: Kept<readonly AlertRecord[]>;
  /** Status changes and actions. */
  readonly log: Kept<ServerLogPage>;
}

export function serverAlerts({ alerts }: KeptOfServer, nowMs: number): Html {
  if (!alerts.ok) return empty('Alerts', alerts.message);
  if (alerts.value.length === 0) return empty('Alerts', 'No alert named this server.');
  return html`<h2>Alerts</h2>
    ${alertTable({ id: 'server-alerts', caption: 'Alerts of this server', alerts: alerts.value, nowMs, hasServer: false })}`;
}

export function serverJournal(server: string, { log }: KeptOfServer, nowMs: number): Html {
  if (!log.ok) return empty('Journal', log.message);
  const whole = html`<p class="remark">
    <a href="${serverPath(server)}/log">Everything, checks too</a>
  </p>`;
  if (log.value.entries.length === 0)
    return html`${empty('Journal', 'No status change and no action is kept.')} ${whole}`;
  return html`<h2>Journal <small>status changes and actions, kept over restarts</small></h2>
    ${logTable(log.value.entries, nowMs)} ${whole}`;
}

export interface ServerLogContent {
  readonly server: string;
  readonly log: Kept<ServerLogPage>;
  readonly search: string;
  readonly nowMs: number;
}

/** The whole log of one server, page by page. */
export function serverLogPage({ server, log, search, nowMs }: ServerLogContent): Page {
  return {
    title: `Log of ${server} – mcp-exporter`,
    main: html`<p class="crumb">
        <a href="${serverPath(server)}">← <bdi>${server}</bdi></a>
      </p>
      <h1>Log of <bdi>${server}</bdi></h1>
      <div class="tools">
        <form class="search" role="search" action="${serverPath(server)}/log" method="get">
          <label class="unseen" for="log-search">Search the log</label>
          <input
            id="log-search"
            type="search"
            name="search"
            value="${search}"
            placeholder="Search the log"
            autocomplete="off"
          />
          <button type="submit">Search</button>
        </form>
      </div>
      <section class="card pad">${wholeLog(server, log, search, nowMs)}</section>`,
  };
}

function wholeLog(server: string, log: Kept<ServerLogPage>, search: string, nowMs: number): Html {
  if (!log.ok) return html`<p class="muted"><bdi>${log.message}</bdi></p>`;
  const { entries, next } = log.value;
  if (entries.length === 0) return html`<p class="muted">Nothing is kept that fits.</p>`;
  const query = new URLSearchParams({
    ...(search === '' ? {} : { search }),
    ...(next === undefined ? {} : { cursor: next }),
  });
  return html`${logTable(entries, nowMs)}
  ${next !== undefined && html`<p class="remark"><a href="${serverPath(server)}/log?${query.toString()}">Older entries</a></p>`}`;
}

function logTable(entries: readonly ServerLogEntry[], nowMs: number): Html {
  return html`<table class="log">
    <thead>
      <tr>
        <th scope="col">When</th>
        <th scope="col">What</th>
        <th scope="col">Result</th>
        <th scope="col">Why</th>
        <th scope="col" class="num">Took</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map((entry) => row(entry, nowMs))}
    </tbody>
  </table>`;
}

function row(entry: ServerLogEntry, nowMs: number): Html {
  const { what, result, why, took } = describe(entry);
  return html`<tr>
    <td title="${formatInstant(entry.atMs)}">${relativeTime(entry.atMs, nowMs, 'ago')}</td>
    <td>${what}</td>
    <td>${result}</td>
    <td class="wide"><bdi>${why}</bdi></td>
    <td class="num">${took}</td>
  </tr>`;
}

interface Described {
  readonly what: string;
  readonly result: Html;
  readonly why: string;
  readonly took?: string;
}

function describe(entry: ServerLogEntry): Described {
  switch (entry.fact) {
    case 'check':
      return {
        what: entry.kind === 'deep' ? 'Deep check' : 'Check',
        result: html`<span class="outcome ${entry.outcome === 'ok' ? 'is-healthy' : 'is-offline'}"
          >${entry.outcome}</span
        >`,
        why: entry.detail,
        took: formatDuration(entry.durationMs),
      };
    case 'status':
      return { what: 'Status', result: badge(entry.to), why: entry.reason };
    case 'action':
      return { what: `By ${entry.by}`, result: html`${entry.kind}`, why: entry.text };
  }
}

/** It was written by this program, or by an older one that knew other words. */
function badge(status: string): Html {
  const known: Status | undefined = STATUSES.find((each) => each === status);
  return known ? statusBadge(known) : html`<bdi>${status}</bdi>`;
}

function empty(title: string, text: string): Html {
  return html`<h2>${title}</h2>
    <p class="muted"><bdi>${text}</bdi></p>`;
}
