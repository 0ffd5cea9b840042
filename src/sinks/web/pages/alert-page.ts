import type { ChangeAccess } from '../change-access.ts';
import type { ActionKind } from '../../../facts/alert-event.ts';
import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { formatCount, formatInstant, formatNumber } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { OutsideUrls } from '../ports.ts';
import { authorInput, silenceForms } from './alert-action-forms.ts';
import { allLinks } from './alert-links.ts';
import { alertDuration, alertPath, serverLink } from './alert-table.ts';
import {
  accessHint,
  emptySection,
  factItems,
  type LogColumn,
  logTable,
  pairList,
  tokenInput,
} from './elements.ts';
import type { Page } from './layout.ts';
import { severityBadge, severityLook } from './severity.ts';
import { statusIcon } from './status-badge.ts';
import { absoluteTime, relativeTime } from './time.ts';

export interface AlertContent {
  readonly alert: AlertRecord;
  readonly nowMs: number;
  /** Whether the viewer may add a note. */
  readonly access: ChangeAccess;
  /** Whether Alertmanager can be asked for silences. */
  readonly canSilence: boolean;
  readonly urls: OutsideUrls;
}

const WORDS: Readonly<Record<ActionKind, string>> = {
  acknowledge: 'Acknowledged',
  auto_disable: 'Disabled automatically',
  auto_enable: 'Enabled automatically',
  check: 'Checked',
  disable: 'Disabled',
  enable: 'Enabled',
  maintenance: 'Maintenance',
  note: 'Note',
  restart: 'Restarted',
  silence: 'Silenced',
  test_alert: 'Test alert',
  unsilence: 'Silence ended',
};

/** One alert with everything that is known of it, and a form for notes. */
export function alertPage(content: AlertContent): Page {
  const { alert, nowMs } = content;
  return {
    title: `${alert.alertname}: ${isFiring(alert) ? 'firing' : 'resolved'} – mcp-exporter`,
    live: '',
    followsAlerts: true,
    keepsInput: true,
    main: html`<p class="crumb"><a href="/alerts">← All alerts</a></p>
      <section id="verdict" class="verdict" data-region aria-label="State">
        ${verdict(content)}
      </section>
      <dl id="facts" class="facts" data-region>${facts(alert, nowMs)}</dl>
      <section id="actions" class="card pad" data-region>${actions(alert, nowMs)}</section>
      ${content.canSilence && isFiring(alert) && html`<section class="card pad">${silenceForms(content)}</section>`}
      <section class="card pad">${noteForm(content)}</section>
      <div class="columns">
        <section id="notifications" class="card pad" data-region>
          ${notifications(alert, nowMs)}
        </section>
        <section id="labels" class="card pad" data-region>
          ${pairList('Labels', Object.entries(alert.labels))}
        </section>
      </div>`,
  };
}

function isFiring({ endsAtMs }: AlertRecord): boolean {
  return endsAtMs === undefined;
}

function verdict(content: AlertContent): Html {
  const { alert, nowMs } = content;
  const look = isFiring(alert) ? severityLook(alert.severity) : 'healthy';
  const icon = isFiring(alert) && alert.severity === 'critical' ? 'critical' : look;
  return html`<h1 class="is-${look}">
      ${statusIcon(icon)}<bdi>${alert.alertname || 'Unnamed alert'}</bdi>
    </h1>
    <p class="why">
      <strong class="is-${look}">${isFiring(alert) ? 'Firing' : 'Resolved'}</strong>
      ${isFiring(alert) ? 'for' : 'after'}
      ${alertDuration(alert, nowMs)}${alert.summary !== '' && html` · <bdi>${alert.summary}</bdi>`}
    </p>
    ${alert.description !== '' && html`<p><bdi>${alert.description}</bdi></p>`} ${links(content)}`;
}

function links({ alert, urls }: AlertContent): Html | false {
  const found = allLinks(alert, urls);
  return found.length > 0 && html`<p class="links">${found}</p>`;
}

function facts(alert: AlertRecord, nowMs: number): readonly Html[] {
  const { severity, startsAtMs, endsAtMs, value, notificationCount } = alert;
  return factItems([
    ['Severity', severityBadge(severity)],
    ['Server', serverLink(alert)],
    ['Since', relativeTime(startsAtMs, nowMs, 'ago')],
    ...(endsAtMs === undefined ? [] : [['Ended', relativeTime(endsAtMs, nowMs, 'ago')] as const]),
    ['Value', value === undefined ? undefined : formatNumber(value)],
    ['Notifications', formatCount(notificationCount)],
  ]);
}

const ACTION_COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Action' },
  { head: 'By' },
  { head: 'Text', look: 'wide' },
];

function actions({ actions: taken }: AlertRecord, nowMs: number): Html {
  if (taken.length === 0)
    return emptySection(
      'Actions',
      'No actions yet. Notes, checks on request, and disabling or enabling the server are recorded here.',
    );
  const rows = taken
    .toReversed()
    .map(({ atMs, kind, by, text, untilMs }) => [
      relativeTime(atMs, nowMs, 'ago'),
      WORDS[kind],
      html`<bdi>${by}</bdi>`,
      html`${untilMs !== undefined && `until ${formatInstant(untilMs)} `}<bdi>${text}</bdi>`,
    ]);
  return html`<h2>Actions</h2>
    ${logTable(ACTION_COLUMNS, rows)}`;
}

function noteForm({ alert, access }: AlertContent): Html {
  if (access.kind === 'closed')
    return html`<h2>Notes</h2>
      ${accessHint(access)}`;
  return html`<h2>Add a note</h2>
    ${accessHint(access)}
    <form class="note" method="post" action="${alertPath(alert.id)}/notes">
      <label class="unseen" for="text">Note</label>
      <textarea
        id="text"
        name="text"
        rows="2"
        maxlength="2000"
        required
        placeholder="What you found and what you did"
      ></textarea>
      ${authorInput('note-by')} ${tokenInput(access, 'token')}
      <button type="submit">Add</button>
    </form>`;
}

const NOTIFICATION_COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Status' },
  { head: 'Receiver', look: 'wide' },
  { head: 'Time', look: 'num' },
];

function notifications(alert: AlertRecord, nowMs: number): Html {
  const { notifications: last, notificationCount } = alert;
  const rest = notificationCount - last.length;
  const rows = last
    .toReversed()
    .map(({ atMs, status, receiver }) => [
      relativeTime(atMs, nowMs, 'ago'),
      status,
      html`<bdi>${receiver}</bdi>`,
      absoluteTime(atMs),
    ]);
  return html`<h2>
      Notifications
      ${rest > 0 && html`<small>last ${last.length} of ${formatCount(notificationCount)}</small>`}
    </h2>
    ${logTable(NOTIFICATION_COLUMNS, rows)}`;
}
