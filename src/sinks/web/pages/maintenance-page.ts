import type { ActionLogEntry, EventPage } from '../../../facts/event-log.ts';
import { type PlannedWindow, WEEKDAYS } from '../../../facts/maintenance.ts';
import { describeTime } from '../../../facts/rules/maintenance-text.ts';
import type { Kept } from '../ask-journal.ts';
import type { ChangeAccess } from '../change-access.ts';
import { formatCount, formatInstant } from '../format.ts';
import { type Html, html, type HtmlValue } from '../html.ts';
import {
  accessHint,
  emptySection,
  type LogColumn,
  logTable,
  noValue,
  notice,
  tokenInput,
} from './elements.ts';
import { serverPath } from './landing-page.ts';
import type { Page } from './layout.ts';
import { statusIcon } from './status-badge.ts';
import { relativeTime } from './time.ts';

export interface MaintenanceContent {
  /** Those that have not ended, in the order of their starts. */
  readonly windows: readonly PlannedWindow[];
  /** What was planned, began and ended last. */
  readonly history: Kept<EventPage<ActionLogEntry>>;
  /** Names to choose from. */
  readonly servers: readonly string[];
  readonly access: ChangeAccess;
  /** Without one, no window can be planned here. */
  readonly hasJournal: boolean;
  readonly nowMs: number;
}

/** Server names that the list of a form shows at once. */
const CHOICES_SHOWN_MAX = 8;

export function maintenancePage(content: MaintenanceContent): Page {
  const { windows, access, hasJournal } = content;
  const active = windows.filter(({ isActive }) => isActive);
  const later = windows.filter(({ window, isActive }) => !isActive && window.time.kind === 'once');
  const recurring = windows.filter(({ window }) => window.time.kind === 'recurring');
  return {
    title: 'Maintenance – mcp-exporter',
    live: '*',
    keepsInput: true,
    main: html`<p class="crumb"><a href="/">← All servers</a></p>
      <section id="summary" class="summary" data-region aria-label="Summary">
        ${headline(active)}
        <p class="muted">
          In maintenance, checks and calls go on, but alerts are silent, and the time counts neither
          as up nor as down.
        </p>
      </section>
      ${accessHint(access)}
      <section id="current" class="card pad" data-region>
        ${windowTable('Now', active, 'No window is active.', content)}
      </section>
      <section id="planned" class="card pad" data-region>
        ${windowTable('Planned', later, 'Nothing is planned.', content)}
      </section>
      <section id="recurring" class="card pad" data-region>
        ${windowTable('Recurring', recurring, 'No window recurs.', content)}
      </section>
      ${access.kind !== 'closed' && (hasJournal ? forms(content) : notice(NO_JOURNAL))}
      <section id="history" class="card pad" data-region>${history(content)}</section>`,
  };
}

const NO_JOURNAL =
  'The journal is off (journal.path), so windows can be planned in the configuration only (maintenance).';

function headline(active: readonly PlannedWindow[]): Html {
  return html`<h1 class="is-${active.length > 0 ? 'disabled' : 'healthy'}">
    ${statusIcon(active.length > 0 ? 'disabled' : 'healthy')}<span
      >${
        active.length === 0
          ? 'No maintenance now'
          : `${formatCount(active.length)} maintenance ${active.length === 1 ? 'window is' : 'windows are'} active`
      }</span
    >
  </h1>`;
}

const COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Servers' },
  { head: 'Reason', look: 'wide' },
  { head: 'Planned by' },
  { head: 'Cancel' },
];

function windowTable(
  title: string,
  windows: readonly PlannedWindow[],
  empty: string,
  content: MaintenanceContent,
): Html {
  if (windows.length === 0) return emptySection(title, empty);
  const rows = windows.map((planned): readonly HtmlValue[] => [
    whenCell(planned, content.nowMs),
    serversCell(planned),
    planned.window.reason === '' ? noValue() : html`<bdi>${planned.window.reason}</bdi>`,
    html`<bdi>${planned.window.by}</bdi>`,
    cancelCell(title, planned, content),
  ]);
  return html`<h2>${title} <small>${formatCount(windows.length)}</small></h2>
    ${logTable(COLUMNS, rows)}`;
}

function whenCell({ window, occurrence, isActive }: PlannedWindow, nowMs: number): Html {
  const { startsAtMs, endsAtMs } = occurrence;
  const next = isActive
    ? html`ends ${relativeTime(endsAtMs, nowMs, 'in')}`
    : html`begins ${relativeTime(startsAtMs, nowMs, 'in')}`;
  return html`${describeTime(window.time)}<br /><span class="muted"
      >${next} (${formatInstant(isActive ? endsAtMs : startsAtMs)})</span
    >`;
}

function serversCell({ window: { servers } }: PlannedWindow): HtmlValue {
  if (servers === undefined) return 'All servers';
  return servers.map(
    (name, index) => html`${index > 0 && ', '}<a href="${serverPath(name)}"><bdi>${name}</bdi></a>`,
  );
}

/** A window may be in two tables, so its table is part of the ids. */
function cancelCell(
  title: string,
  { window: { id, source } }: PlannedWindow,
  { access }: MaintenanceContent,
): HtmlValue {
  if (source === 'config') return html`<span class="muted">In the configuration</span>`;
  if (access.kind === 'closed') return noValue();
  const key = `${title.toLowerCase()}-${id}`;
  return html`<details id="cancel-${key}">
    <summary>Cancel …</summary>
    <form class="note" method="post" action="/maintenance/${encodeURIComponent(id)}/cancel">
      ${textInput({ id: `reason-${key}`, name: 'reason', label: 'Reason (optional)' })}
      ${tokenInput(access, `token-${key}`)}
      <button type="submit">Cancel this window</button>
    </form>
  </details>`;
}

function forms(content: MaintenanceContent): Html {
  return html`<div class="columns">
    <section class="card pad">
      <h2>Plan once</h2>
      <form class="plan" method="post" action="/maintenance">
        ${serversInput('once', content)}
        ${textInput({ id: 'once-start', name: 'start', label: 'Start (now if empty)', type: 'datetime-local' })}
        ${textInput({ id: 'once-until', name: 'until', label: 'End', type: 'datetime-local' })}
        ${textInput({ id: 'once-duration', name: 'duration', label: 'or duration, such as 2h' })}
        ${textInput({ id: 'once-zone', name: 'time_zone', label: 'Time zone', value: 'UTC' })}
        ${authorInputs('once', content)}
        <button type="submit">Plan</button>
      </form>
    </section>
    <section class="card pad">
      <h2>Plan a recurring window</h2>
      <form class="plan" method="post" action="/maintenance">
        ${serversInput('recurring', content)}
        <fieldset>
          <legend>Begins on (every day if none is chosen)</legend>
          ${WEEKDAYS.map(
            (day) =>
              html`<label><input type="checkbox" name="days" value="${day}" /> ${day}</label> `,
          )}
        </fieldset>
        ${textInput({ id: 'recurring-from', name: 'from', label: 'From', type: 'time', isRequired: true })}
        ${textInput({ id: 'recurring-to', name: 'to', label: 'To (the next day if earlier)', type: 'time', isRequired: true })}
        ${textInput({ id: 'recurring-zone', name: 'time_zone', label: 'Time zone', value: 'UTC' })}
        ${authorInputs('recurring', content)}
        <button type="submit">Plan</button>
      </form>
    </section>
  </div>`;
}

function serversInput(form: string, { servers }: MaintenanceContent): Html {
  return html`<label for="${form}-servers">Servers (all if none is chosen)</label>
    <select
      id="${form}-servers"
      name="servers"
      multiple
      size="${Math.max(2, Math.min(CHOICES_SHOWN_MAX, servers.length))}"
    >
      ${servers.map((name) => html`<option value="${name}">${name}</option>`)}
    </select>`;
}

function authorInputs(form: string, { access }: MaintenanceContent): Html {
  return html`${textInput({ id: `${form}-reason`, name: 'reason', label: 'Reason' })}
  ${textInput({ id: `${form}-by`, name: 'by', label: 'Your name' })}
  ${tokenInput(access, `${form}-token`)}`;
}

interface TextInput {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly type?: 'datetime-local' | 'time';
  readonly value?: string;
  readonly isRequired?: boolean;
}

function textInput({ id, name, label, type, value = '', isRequired }: TextInput): Html {
  return html`<label for="${id}">${label}</label>
    <input
      id="${id}"
      type="${type ?? 'text'}"
      name="${name}"
      value="${value}"
      autocomplete="off"
      ${isRequired === true && html` required`}
    />`;
}

const HISTORY_COLUMNS: readonly LogColumn[] = [
  { head: 'When' },
  { head: 'Server' },
  { head: 'What happened', look: 'wide' },
  { head: 'By' },
];

function history({ history: kept, nowMs }: MaintenanceContent): Html {
  if (!kept.ok) return emptySection('History', kept.message);
  const { entries } = kept.value;
  if (entries.length === 0) return emptySection('History', 'No maintenance so far.');
  const rows = entries.map(({ atMs, server, text, by }): readonly HtmlValue[] => [
    relativeTime(atMs, nowMs, 'ago'),
    server === '' ? 'All servers' : html`<a href="${serverPath(server)}"><bdi>${server}</bdi></a>`,
    html`<bdi>${text}</bdi>`,
    html`<bdi>${by}</bdi>`,
  ]);
  return html`<h2>History <small>newest first</small></h2>
    ${logTable(HISTORY_COLUMNS, rows)}`;
}
