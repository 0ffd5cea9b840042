import type { AlertRecord } from '../../../facts/ports/alert-store.ts';
import { formatCount, formatInstant, formatNumber } from '../format.ts';
import { type Html, html } from '../html.ts';
import { alertDuration, alertPath, serverLink } from './alert-table.ts';
import type { Page } from './layout.ts';
import { severityBadge, severityLook } from './severity.ts';
import { statusIcon } from './status-badge.ts';
import { relativeTime } from './time.ts';

export interface AlertContent {
  readonly alert: AlertRecord;
  readonly nowMs: number;
  /** Whether adding a note asks for the admin token. */
  readonly needsToken: boolean;
}

const WORDS = { check: 'Checked', disable: 'Disabled', enable: 'Enabled', note: 'Note' } as const;

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
      <section class="card pad">${noteForm(content)}</section>
      <div class="columns">
        <section id="notifications" class="card pad" data-region>
          ${notifications(alert, nowMs)}
        </section>
        <section id="labels" class="card pad" data-region>${texts('Labels', alert.labels)}</section>
      </div>`,
  };
}

function isFiring({ endsAtMs }: AlertRecord): boolean {
  return endsAtMs === undefined;
}

function verdict({ alert, nowMs }: AlertContent): Html {
  const look = isFiring(alert) ? severityLook(alert.severity) : 'healthy';
  const icon = isFiring(alert) && alert.severity === 'critical' ? 'critical' : look;
  return html`<h1 class="is-${look}">
      ${statusIcon(icon)}<bdi>${alert.alertname || 'Without a name'}</bdi>
    </h1>
    <p class="why">
      <strong class="is-${look}">${isFiring(alert) ? 'Firing' : 'Resolved'}</strong>
      ${isFiring(alert) ? 'for' : 'after'}
      ${alertDuration(alert, nowMs)}${alert.summary !== '' && html` · <bdi>${alert.summary}</bdi>`}
    </p>
    ${alert.description !== '' && html`<p><bdi>${alert.description}</bdi></p>`} ${links(alert)}`;
}

/** Whoever writes rules may write any link; only those of the web are made to work. */
function links({ annotations }: AlertRecord): Html | false {
  const all = [
    ['runbook_url', 'What to do'],
    ['dashboard_url', 'Dashboard'],
  ] as const;
  const found = all.flatMap(([name, word]) => {
    const url = URL.parse(annotations[name] ?? '');
    const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
    return isWeb ? [html`<a href="${url.href}" rel="noreferrer">${word}</a>`] : [];
  });
  return found.length > 0 && html`<p class="links">${found}</p>`;
}

function facts(alert: AlertRecord, nowMs: number): readonly Html[] {
  const pairs: readonly (readonly [string, Html | string])[] = [
    ['Severity', severityBadge(alert.severity)],
    ['Server', serverLink(alert)],
    ['Since', html`${relativeTime(alert.startsAtMs, nowMs, 'ago')}`],
    ...(alert.endsAtMs === undefined
      ? []
      : [['Ended', html`${relativeTime(alert.endsAtMs, nowMs, 'ago')}`] as const]),
    [
      'Value',
      alert.value === undefined ? html`<span class="none">–</span>` : formatNumber(alert.value),
    ],
    ['Notifications', formatCount(alert.notificationCount)],
  ];
  return pairs.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>`,
  );
}

function actions({ actions: taken }: AlertRecord, nowMs: number): Html {
  if (taken.length === 0)
    return html`<h2>Actions</h2>
      <p class="muted">
        Nothing was done yet: notes, checks on request, disabling and enabling the server are kept
        here.
      </p>`;
  return html`<h2>Actions</h2>
    <table class="log">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Who</th>
          <th scope="col">Text</th>
        </tr>
      </thead>
      <tbody>
        ${taken.toReversed().map(
          ({ atMs, kind, by, text }) =>
            html`<tr>
              <td>${relativeTime(atMs, nowMs, 'ago')}</td>
              <td>${WORDS[kind]}</td>
              <td><bdi>${by}</bdi></td>
              <td class="wide"><bdi>${text}</bdi></td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function noteForm({ alert, needsToken }: AlertContent): Html {
  return html`<h2>Add a note</h2>
    <form class="note" method="post" action="${alertPath(alert.id)}/notes">
      <label class="unseen" for="text">Note</label>
      <textarea
        id="text"
        name="text"
        rows="2"
        maxlength="2000"
        required
        placeholder="What was found, what was done"
      ></textarea>
      ${needsToken && html`<label class="unseen" for="token">Admin token</label><input id="token" type="password" name="token" placeholder="Admin token" autocomplete="current-password" required />`}
      <button type="submit">Add</button>
    </form>`;
}

function notifications(alert: AlertRecord, nowMs: number): Html {
  const { notifications: last, notificationCount } = alert;
  const rest = notificationCount - last.length;
  return html`<h2>
      Notifications
      ${rest > 0 && html`<small>the last ${last.length} of ${formatCount(notificationCount)}</small>`}
    </h2>
    <table class="log">
      <tbody>
        ${last.toReversed().map(
          ({ atMs, status, receiver }) =>
            html`<tr>
              <td>${relativeTime(atMs, nowMs, 'ago')}</td>
              <td>${status}</td>
              <td class="wide"><bdi>${receiver}</bdi></td>
              <td class="num">${formatInstant(atMs)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function texts(title: string, pairs: Readonly<Record<string, string>>): Html {
  const rows = Object.entries(pairs).map(
    ([name, value]) =>
      html`<dt><bdi>${name}</bdi></dt>
        <dd><bdi>${value}</bdi></dd>`,
  );
  return html`<h2>${title}</h2>
    <dl class="pairs">${rows}</dl>`;
}
