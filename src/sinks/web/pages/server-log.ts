import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { type Status, STATUSES } from '../../../facts/rules/health.ts';
import type { ServerLogEntry, ServerLogPage } from '../../../facts/server-log.ts';
import type { Kept } from '../ask-journal.ts';
import { formatDuration } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { OutsideUrls } from '../ports.ts';
import { alertTable } from './alert-table.ts';
import { emptySection, type LogColumn, logTable, outcomeBadge, searchInput } from './elements.ts';
import { serverPath } from './landing-page.ts';
import type { Page } from './layout.ts';
import { statusBadge } from './status-badge.ts';
import { relativeTime } from './time.ts';

/** What the journal has of one server, for its page. */
export interface KeptOfServer {
  readonly alerts: Kept<readonly AlertRecord[]>;
  /** Status changes and actions. */
  readonly log: Kept<ServerLogPage>;
  readonly urls: OutsideUrls;
}

export function serverAlerts({ alerts, urls }: KeptOfServer, nowMs: number): Html {
  if (!alerts.ok) return emptySection('Alerts', alerts.message);
  if (alerts.value.length === 0) return emptySection('Alerts', 'No alerts for this server.');
  return html`<h2>Alerts</h2>
    ${alertTable({ id: 'server-alerts', caption: 'Alerts of this server', alerts: alerts.value, nowMs, urls, hasServer: false })}`;
}

export function serverJournal(server: string, { log }: KeptOfServer, nowMs: number): Html {
  if (!log.ok) return emptySection('Journal', log.message);
  const whole = html`<p class="remark">
    <a href="${serverPath(server)}/log">Full log, including checks</a>
  </p>`;
  if (log.value.entries.length === 0)
    return html`${emptySection('Journal', 'No status changes or actions recorded.')} ${whole}`;
  return html`<h2>Journal <small>status changes and actions, kept across restarts</small></h2>
    ${entryTable(log.value.entries, nowMs)} ${whole}`;
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
          ${searchInput({ id: 'log-search', name: 'search', value: search, placeholder: 'Search the log' })}
          <button type="submit">Search</button>
        </form>
      </div>
      <section class="card pad">${wholeLog(server, log, search, nowMs)}</section>`,
  };
}

function wholeLog(server: string, log: Kept<ServerLogPage>, search: string, nowMs: number): Html {
  if (!log.ok) return html`<p class="muted"><bdi>${log.message}</bdi></p>`;
  const { entries, next } = log.value;
  if (entries.length === 0) return html`<p class="muted">No matching entries.</p>`;
  const query = new URLSearchParams({
    ...(search === '' ? {} : { search }),
    ...(next === undefined ? {} : { cursor: next }),
  });
  return html`${entryTable(entries, nowMs)}
  ${next !== undefined && html`<p class="remark"><a href="${serverPath(server)}/log?${query.toString()}">Older entries</a></p>`}`;
}

const LOG_COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Event' },
  { head: 'Result' },
  { head: 'Detail', look: 'wide' },
  { head: 'Duration', look: 'num' },
];

function entryTable(entries: readonly ServerLogEntry[], nowMs: number): Html {
  const rows = entries.map((entry) => {
    const { what, result, why, took } = describe(entry);
    return [
      relativeTime(entry.atMs, nowMs, 'ago'),
      what,
      result,
      html`<bdi>${why}</bdi>`,
      took,
    ] as const;
  });
  return logTable(LOG_COLUMNS, rows);
}

interface DescribedEntry {
  readonly what: string;
  readonly result: Html;
  readonly why: string;
  readonly took?: string;
}

function describe(entry: ServerLogEntry): DescribedEntry {
  switch (entry.fact) {
    case 'check':
      return {
        what: entry.kind === 'deep' ? 'Deep check' : 'Check',
        result: outcomeBadge(entry.outcome),
        why: entry.detail,
        took: formatDuration(entry.durationMs),
      };
    case 'status':
      return { what: 'Status', result: knownBadge(entry.to), why: entry.reason };
    case 'action':
      return { what: `Action by ${entry.by}`, result: html`${entry.kind}`, why: entry.text };
  }
}

/** An older version may have recorded a status that this one does not know. */
export function knownBadge(status: string): Html {
  const known: Status | undefined = STATUSES.find((each) => each === status);
  return known ? statusBadge(known) : html`<bdi>${status}</bdi>`;
}
