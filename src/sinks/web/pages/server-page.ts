import type { CheckReport, CheckStep } from '../../../facts/check-report.ts';
import type { ServerUptime } from '../../../facts/server-uptime.ts';
import type { ServerDetail } from '../../../facts/ports/server-view.ts';
import { formatBytes, formatCount, formatDuration, formatRatio } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { FailingCalls } from '../read-failing-calls.ts';
import type { ServerHistory } from '../read-server-history.ts';
import { reasonInput } from './alert-action-forms.ts';
import { phaseBar } from './phase-bar.ts';
import {
  emptySection,
  factItems,
  type LogColumn,
  logTable,
  outcomeBadge,
  pairList,
  tokenInput,
} from './elements.ts';
import { failingCalls } from './failing-calls.ts';
import { serverPath } from './landing-page.ts';
import type { Page } from './layout.ts';
import {
  BAD_STATUSES,
  canBeChecked,
  type ServerFrame,
  serverTabPage,
  tabPath,
} from './server-frame.ts';
import { type KeptOfServer, serverAlerts, serverJournal } from './server-log.ts';
import { describeEra } from './server-capabilities.ts';
import { serverCharts } from './server-charts.ts';
import { statusBadge, statusIcon } from './status-badge.ts';
import { responseTime } from './response-time.ts';
import { windowChips, windowText } from './time-window.ts';
import { absoluteTime, relativeTime, timeOfDay } from './time.ts';
import { uptimeSection } from './uptime-bars.ts';

export interface ServerContent extends ServerFrame {
  readonly kept: KeptOfServer;
  /** If calls are why it is Warning or Critical. */
  readonly failing: FailingCalls | undefined;
  /** From the journal, if it answers. */
  readonly uptime: ServerUptime | undefined;
  readonly history: ServerHistory;
  /** Of the charts. */
  readonly windowMs: number;
}

const CHECKS_SHOWN_MAX = 25;

export function serverPage(content: ServerContent): Page {
  const { detail, nowMs, kept } = content;
  const mayChange = content.access.kind !== 'closed';
  const isBad = BAD_STATUSES.has(detail.status);
  return serverTabPage(
    content,
    'overview',
    html`<div id="trouble" class="trouble" data-region>${isBad && trouble(content)}</div>
      <dl id="facts" class="facts" data-region>${facts(content)}</dl>
      <nav class="chips" aria-label="Time range of the charts">
        ${windowChips(content.windowMs, (windowMs) => tabPath(detail.name, 'overview', { window: windowText(windowMs) }))}
      </nav>
      <section id="history" class="card pad" data-region aria-label="Charts">
        ${serverCharts(content.history)}
      </section>
      <section id="uptime" class="card pad" data-region aria-label="Uptime">
        ${uptimeSection(content.uptime)}
      </section>
      <div class="columns">
        <section id="last" class="card pad" data-region>${lastChecks(detail, nowMs)}</section>
        <section id="identity" class="card pad" data-region>${identity(detail)}</section>
      </div>
      <div id="past-trouble" class="trouble" data-region>${!isBad && trouble(content)}</div>
      <section id="changes" class="card pad" data-region>${statusChanges(detail, nowMs)}</section>
      <section id="checks" class="card pad" data-region>
        ${reportTable('Recent checks', detail.recentChecks, nowMs, 'No check has finished yet.')}
      </section>
      <section id="journal" class="card pad" data-region>
        ${serverJournal(detail.name, kept, nowMs)}
      </section>
      ${mayChange && canBeChecked(detail) && disableForm(content)}`,
  );
}

/** At the top while the server is in trouble, else further down. */
function trouble({ detail, kept, failing, nowMs }: ServerContent): Html {
  return html`${failing && failingCalls(detail.name, failing, nowMs)}
    <section class="part">${serverAlerts(kept, nowMs)}</section>
    <section class="card pad">
      ${reportTable('Recent failures', detail.recentFailures, nowMs, 'No check has failed.')}
    </section>`;
}

/** At the end of the page, with a field for the reason, so that nobody presses it in passing. */
function disableForm({ detail, access }: ServerContent): Html {
  return html`<section class="card pad">
    <h2>Disable this server</h2>
    <p class="muted">
      Until someone enables it again, or until the end that you give, the server is not checked, its
      sessions and child processes are closed, and the gateway refuses its calls.
    </p>
    <form class="note" method="post" action="${serverPath(detail.name)}/disable">
      ${reasonInput('reason')}
      <label for="disable-duration">For</label>
      <input
        id="disable-duration"
        type="text"
        name="duration"
        size="8"
        maxlength="20"
        placeholder="1h30m"
        autocomplete="off"
      />
      <label for="disable-until">or until (UTC)</label>
      <input id="disable-until" type="datetime-local" name="until" />
      ${tokenInput(access, 'disable-token')}
      <button type="submit">Disable</button>
    </form>
  </section>`;
}

function facts({ detail, uptime, nowMs }: ServerContent): readonly Html[] {
  // Without a journal, that since the exporter started.
  const uptimeRatio = uptime ? uptime.dayRatio : detail.uptimeRatio;
  return factItems([
    ['Response time', responseTime(detail, nowMs)],
    [uptime ? 'Uptime, 24 hours' : 'Uptime', mapKnown(uptimeRatio, formatRatio)],
    ['Last check', mapKnown(detail.lastCheckAtMs, (atMs) => relativeTime(atMs, nowMs, 'ago'))],
    ['Next check', mapKnown(detail.nextCheckAtMs, (atMs) => relativeTime(atMs, nowMs, 'in'))],
    ['Checks', formatCount(detail.checks)],
    ['Failures', formatCount(detail.failures)],
  ]);
}

function mapKnown<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}

function neverChecked(detail: ServerDetail): string {
  if (detail.status === 'disabled') return 'This server is disabled and is not checked.';
  return 'No check has finished yet.';
}

function lastChecks(detail: ServerDetail, nowMs: number): readonly Html[] {
  const { lastReport, lastDeepReport } = detail;
  if (!lastReport && !lastDeepReport) return [emptySection('Last check', neverChecked(detail))];
  const parts: Html[] = [];
  if (lastReport) parts.push(ladder('Last check', lastReport, nowMs));
  if (lastDeepReport && lastDeepReport !== lastReport) {
    parts.push(ladder('Last deep check', lastDeepReport, nowMs));
  }
  return parts;
}

function ladder(title: string, report: CheckReport, nowMs: number): Html {
  const steps = report.steps.map(
    (step) =>
      html`<tr>
        ${stepMark(report, step)}
        <th scope="row"><bdi>${step.name}</bdi></th>
        <td class="wide"><bdi>${step.detail}</bdi></td>
        <td class="num">${formatDuration(step.durationMs)}</td>
      </tr>`,
  );
  return html`<h2>
      ${title}
      <small
        >${relativeTime(report.startedAtMs, nowMs, 'ago')}, ${formatDuration(report.durationMs)},
        ${formatBytes(report.bytesSent)} sent, ${formatBytes(report.bytesReceived)} received</small
      >
    </h2>
    <p>${outcomeBadge(report.outcome)} <bdi>${report.detail}</bdi></p>
    ${phaseBar(report)}
    ${
      steps.length > 0 &&
      html`<table class="steps">
        <caption class="unseen">
          Steps
        </caption>
        <tbody>
          ${steps}
        </tbody>
      </table>`
    }`;
}

/** A step may fail in a check that succeeds: an older server refuses what only newer ones know. */
function stepMark(report: CheckReport, step: CheckStep): Html {
  if (step.ok) return markCell('healthy', 'ok');
  return report.outcome === 'ok' ? markCell('disabled', 'refused') : markCell('offline', 'failed');
}

function markCell(look: 'healthy' | 'disabled' | 'offline', word: string): Html {
  const icon = statusIcon(look === 'disabled' ? 'unknown' : look);
  return html`<td class="mark is-${look}">${icon}<span class="unseen">${word}</span></td>`;
}

function identity(detail: ServerDetail): Html {
  const said = detail.identity;
  const expiresAtMs = detail.lastDeepReport?.tlsExpiresAtMs ?? detail.lastReport?.tlsExpiresAtMs;
  return pairList('Server', [
    ['Endpoint', detail.endpoint],
    ['Transport', said?.transport ?? detail.transport],
    ['Implementation', said && `${said.implementation} ${said.version}`],
    ['Protocol', said && `${said.protocolVersion} (${describeEra(said)})`],
    ['Certificate expires', mapKnown(expiresAtMs, absoluteTime)],
    ['Check interval', `${detail.intervalMs / 1_000} s`],
    ['Defined in', detail.source],
  ]);
}

const REPORT_COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Kind' },
  { head: 'Outcome' },
  { head: 'Detail', look: 'wide' },
  { head: 'Duration', look: 'num' },
];

function reportTable(
  title: string,
  reports: readonly CheckReport[],
  nowMs: number,
  empty: string,
): Html {
  if (reports.length === 0) return emptySection(title, empty);
  const rows = reports
    .slice(0, CHECKS_SHOWN_MAX)
    .map(({ startedAtMs, kind, outcome, detail, durationMs }) => [
      loggedTime(startedAtMs, nowMs),
      kind,
      outcomeBadge(outcome),
      html`<bdi>${detail}</bdi>`,
      formatDuration(durationMs),
    ]);
  return html`<h2>${title}</h2>
    ${logTable(REPORT_COLUMNS, rows)}`;
}

/** With the clock beside it, to find the moment in logs. */
function loggedTime(atMs: number, nowMs: number): Html {
  return html`${relativeTime(atMs, nowMs, 'ago')}<span class="clock">${timeOfDay(atMs)}</span>`;
}

const CHANGE_COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'From' },
  { head: 'To' },
  { head: 'Reason', look: 'wide' },
];

function statusChanges(detail: ServerDetail, nowMs: number): Html {
  if (detail.statusChanges.length === 0)
    return emptySection('Status changes', 'The status has not changed since the exporter started.');
  const rows = detail.statusChanges
    .slice(0, CHECKS_SHOWN_MAX)
    .map(({ atMs, from, to, reason }) => [
      loggedTime(atMs, nowMs),
      statusBadge(from),
      statusBadge(to),
      html`<bdi>${reason}</bdi>`,
    ]);
  return html`<h2>Status changes</h2>
    ${logTable(CHANGE_COLUMNS, rows)}`;
}
