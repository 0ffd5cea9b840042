import type { ActiveMaintenance } from '../../../facts/maintenance.ts';
import type { Status } from '../../../facts/rules/health.ts';
import type { ServerDetail } from '../../../facts/ports/server-view.ts';
import type { EpochMs } from '../../../facts/time.ts';
import type { ChangeAccess } from '../change-access.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import { accessHint, tokenInput } from './elements.ts';
import { type GridAddress, labelList } from './label-controls.ts';
import { serverPath } from './landing-page.ts';
import type { Page } from './layout.ts';
import { auditPath, errorsPath, statusRunbookPath } from './page-links.ts';
import { STATUS_WORDS, statusIcon } from './status-badge.ts';
import { maintenanceNote } from './maintenance-note.ts';
import { relativeTime } from './time.ts';

export const SERVER_TABS = [
  'overview',
  'tools',
  'clients',
  'timeline',
  'capabilities',
  'settings',
] as const;
export type ServerTab = (typeof SERVER_TABS)[number];

const TAB_WORDS: Readonly<Record<ServerTab, string>> = {
  overview: 'Overview',
  tools: 'Tools',
  clients: 'Clients',
  timeline: 'Timeline',
  capabilities: 'Capabilities',
  settings: 'Settings',
};

/** What all tabs of a server show above their content. */
export interface ServerFrame {
  readonly detail: ServerDetail;
  readonly nowMs: EpochMs;
  /** Whether the viewer may press the buttons. */
  readonly access: ChangeAccess;
  readonly isDisabledManually: boolean;
  /** Undefined if it is in no maintenance window. */
  readonly maintenance: ActiveMaintenance | undefined;
}

/** One tab of a server; parameters without a value are left out. */
export function tabPath(
  server: string,
  tab: ServerTab,
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const query = new URLSearchParams(tab === 'overview' ? {} : { tab });
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size > 0 ? `${serverPath(server)}?${query.toString()}` : serverPath(server);
}

/** The page of a server with the content of one tab. */
export function serverTabPage(
  frame: ServerFrame,
  tab: ServerTab,
  content: Html,
): Page & { readonly live: string } {
  const { detail, access } = frame;
  const mayChange = access.kind !== 'closed';
  return {
    title: `${detail.name}: ${STATUS_WORDS[detail.status]} – mcp-exporter`,
    live: detail.name,
    main: html` <p class="crumb"><a href="/">← All servers</a></p>
      <div class="headrow">
        <section id="verdict" class="verdict" data-region aria-label="Status">
          ${verdict(frame)}
        </section>
        ${mayChange && canBeChecked(detail) && checkForm(frame)}
        ${mayChange && frame.isDisabledManually && enableForm(frame)}
      </div>
      ${accessHint(access)}
      <nav class="tabs" aria-label="Parts of this page">${tabs(detail.name, tab)}</nav>
      ${content}`,
  };
}

function tabs(server: string, current: ServerTab): readonly Html[] {
  const links = SERVER_TABS.map(
    (tab) =>
      html`<a href="${tabPath(server, tab)}" ${tab === current && html` aria-current="page"`}
        >${TAB_WORDS[tab]}</a
      >`,
  );
  // Pages of their own, which have more filters than a tab.
  const [overview, ...others] = links;
  return [
    ...(overview ? [overview] : []),
    html`<a href="${auditPath({ server })}">Calls</a>`,
    html`<a href="${errorsPath({ server })}">Errors</a>`,
    ...others,
  ];
}

/** Those in which somebody has to do something. */
export const BAD_STATUSES: ReadonlySet<Status> = new Set(['offline', 'critical', 'warning']);

/** What a person can do now. */
function whatToDo({ name, status }: ServerDetail): Html | false {
  const path = statusRunbookPath(status);
  if (path === undefined) return false;
  return html`<p class="links">
    <a href="${path}">What to do: ${STATUS_WORDS[status]} in the runbook</a>
    ${BAD_STATUSES.has(status) && html`<a href="${tabPath(name, 'timeline', { window: '24h' })}">What happened before</a>`}
  </p>`;
}

export function canBeChecked(detail: ServerDetail): boolean {
  return detail.status !== 'disabled';
}

function verdict({ detail, maintenance, nowMs }: ServerFrame): Html {
  return html`<h1 class="is-${detail.status}">
      ${statusIcon(detail.status)}<bdi>${detail.name}</bdi>
    </h1>
    <p class="why">
      <strong class="is-${detail.status}">${STATUS_WORDS[detail.status]}</strong> for
      ${relativeTime(detail.statusSinceMs, nowMs, 'for')}${detail.reason !== '' && html` · <bdi>${detail.reason}</bdi>`}
    </p>
    ${maintenance && maintenanceNote(maintenance, nowMs)} ${labelList(detail, WHOLE_FLEET)}
    ${detail.isTlsVerified === false && UNVERIFIED}
    ${detail.consecutiveFailures > 0 && html`<p class="muted">${failedInARow(detail.consecutiveFailures)}</p>`}
    ${whatToDo(detail)}`;
}

const WHOLE_FLEET: GridAddress = {
  filter: { statuses: [], search: '', labels: [] },
  groupBy: '',
  sort: 'status',
};

const UNVERIFIED = html`<p>
  <strong class="is-warning">Certificate not verified</strong> · any certificate is accepted
  (<code>tls.insecureSkipVerify</code>)
</p>`;

function failedInARow(count: number): string {
  return count === 1 ? 'The last check failed.' : `The last ${formatCount(count)} checks failed.`;
}

function checkForm({ detail, access }: ServerFrame): Html {
  return html`<form
    class="action"
    method="post"
    action="${serverPath(detail.name)}/check"
    data-check="/api/v1/mcp${serverPath(detail.name)}/check"
  >
    ${tokenInput(access, 'token')}
    <button type="submit">Check now</button>
    <p id="action-message" role="status"></p>
  </form>`;
}

function enableForm({ detail, access }: ServerFrame): Html {
  return html`<form class="action" method="post" action="${serverPath(detail.name)}/enable">
    ${tokenInput(access, 'enable-token')}
    <button type="submit">Enable</button>
  </form>`;
}
