import type { Status } from '../../../facts/rules/health.ts';
import type { ActiveMaintenance } from '../../../facts/maintenance.ts';
import type { ServerView } from '../../../facts/ports/server-view.ts';
import type { ServerUptime } from '../../../facts/server-uptime.ts';
import { formatShare } from '../../../facts/rules/rate-window.ts';
import type { ChangeAccess } from '../change-access.ts';
import { formatCount, formatRate, formatRatio, formatUsd } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ServerTraffic } from '../server-traffic.ts';
import { sortServers } from '../sort-servers.ts';
import type { ConfigStatus } from '../../../facts/ports/views.ts';
import {
  countByStatus,
  groupByLabel,
  selectServers,
  type ServerFilter,
  STATUSES_WORST_FIRST,
} from '../select-servers.ts';
import { accessHint, chip, noValue, searchInput, tokenInput } from './elements.ts';
import { gridHeads, type GridShape, shownColumns, sortChips } from './grid-columns.ts';
import { gridPath, keptFields, labelControls, labelList } from './label-controls.ts';
import { errorsPath, statusRunbookPath } from './page-links.ts';
import { maintenanceNote } from './maintenance-note.ts';
import { responseTime } from './response-time.ts';
import type { Page } from './layout.ts';
import { STATUS_WORDS, statusBadge, statusIcon } from './status-badge.ts';
import { relativeTime } from './time.ts';
import { uptimeBars } from './uptime-bars.ts';

export interface LandingContent extends GridShape {
  readonly views: readonly ServerView[];
  /** From the journal, by server; empty if it does not answer. */
  readonly uptimes: ReadonlyMap<string, ServerUptime>;
  /** Servers in a maintenance window: they may fail. */
  readonly maintenance: ReadonlyMap<string, ActiveMaintenance>;
  readonly nowMs: number;
  /** Whether the viewer may have the servers checked. */
  readonly access: ChangeAccess;
  readonly config: ConfigStatus;
  readonly isConnectivitySuspected: boolean;
  readonly isExporterLate: boolean;
}

/** Rows on one page. If there are more, the page asks the reader to filter. */
const ROWS_MAX = 1_000;
/** Rows with bars of uptime; a larger page would be mostly bars. */
const BARS_MAX = 200;

interface GridRows extends LandingContent {
  readonly hasBars: boolean;
}

export function landingPage(content: LandingContent): Page {
  const { views } = content;
  const attention = countAttention(watchedViews(content));
  return {
    title: `${attention > 0 ? `(${attention}) ` : ''}MCP servers – mcp-exporter`,
    live: '*',
    main: views.length === 0 ? emptyState(content) : grid(content),
  };
}

/** Those that are not in maintenance: of the others nobody is to be alarmed. */
function watchedViews({ views, maintenance }: LandingContent): readonly ServerView[] {
  return views.filter(({ name }) => !maintenance.has(name));
}

function countAttention(views: readonly ServerView[]): number {
  const counts = countByStatus(views);
  return counts.offline + counts.critical + counts.warning;
}

function grid(content: LandingContent): Html {
  const { views, filter, sort, access } = content;
  const selected = sortServers(selectServers(views, filter), sort, content);
  const shown = selected.slice(0, ROWS_MAX);
  return html` <div id="notices" data-region>${notices(content)}</div>
    <div class="headrow">
      <section id="summary" class="summary" data-region aria-label="Summary">
        ${headline(content)}
      </section>
      ${access.kind !== 'closed' && checkAllForm(content)}
    </div>
    ${access.kind === 'token' && accessHint(access)}
    <div id="fleet" data-region>${proportions(views)}</div>
    <div class="tools">
      <nav id="filters" class="chips" data-region aria-label="Filter by status">
        ${chips(content)}
      </nav>
      <form class="search" role="search" action="/" method="get">
        ${keptFields(content)}
        ${searchInput({
          id: 'search',
          name: 'search',
          value: filter.search,
          placeholder: 'Search servers',
          label: 'Search by name, endpoint or label',
        })}
        <button type="submit">Search</button>
      </form>
    </div>
    <nav id="labels" class="chips" data-region aria-label="Group and filter by label">
      ${labelControls(views, content)}
    </nav>
    ${sortChips(content)}
    <div class="card">
      <table class="grid" role="table">
        <caption class="unseen">
          MCP servers
        </caption>
        <thead role="rowgroup">
          <tr role="row" id="heads" data-region>
            ${gridHeads(content)}
          </tr>
        </thead>
        <tbody id="rows" role="rowgroup" data-rows>
          ${rows(shown, { ...content, hasBars: shown.length <= BARS_MAX })}
        </tbody>
      </table>
    </div>
    <p id="remarks" class="remark" data-region>${remark(selected.length, shown.length)}</p>`;
}

/** Every server, whatever is filtered; afterwards the page is shown as it was. */
function checkAllForm(content: LandingContent): Html {
  const query = gridPath(content).slice('/'.length);
  return html`<form
    class="action"
    method="post"
    action="/check${query}"
    data-check="/api/v1/mcp/servers/check"
  >
    ${tokenInput(content.access, 'token')}
    <button type="submit">Check all</button>
    <p id="action-message" role="status"></p>
  </form>`;
}

function remark(selectedCount: number, shownCount: number): Html | undefined {
  if (selectedCount === 0) {
    return html`No server matches. <a href="/">Show all</a>`;
  }
  if (shownCount === selectedCount) return undefined;
  return html`The first ${formatCount(shownCount)} of ${formatCount(selectedCount)} servers are
  shown; filter or search to see the others.`;
}

function notices({
  config,
  isConnectivitySuspected,
  isExporterLate,
}: LandingContent): readonly HtmlOrNothing[] {
  return [
    isConnectivitySuspected &&
      html`<p class="notice">
        Several servers on different hosts failed at the same time. The network of this exporter is
        the likely cause, not the servers.
      </p>`,
    isExporterLate &&
      html`<p class="notice">
        The exporter itself is late with its checks: its machine is busy, or more checks are due
        than it can run. No server is judged slow by a check that was measured meanwhile.
      </p>`,
    !config.lastReloadSuccessful &&
      html`<div class="notice">
        <p>
          The last change of the configuration was not applied. The previous configuration is in
          use.
        </p>
        <pre>${config.message}</pre>
      </div>`,
  ];
}

type HtmlOrNothing = Html | false;

function headline(content: LandingContent): Html {
  const views = watchedViews(content);
  const maintained = content.views.length - views.length;
  const counts = countByStatus(views);
  const worst = STATUSES_WORST_FIRST.find((status) => counts[status] > 0) ?? 'unknown';
  return html`<h1 class="is-${worst}">
    ${statusIcon(worst)}<span
      >${views.length === 0 ? 'All servers are in maintenance' : headlineText(counts, views.length)}${
        views.length > 0 &&
        maintained > 0 &&
        html` <small>· <a href="/maintenance">${formatCount(maintained)} in maintenance</a></small>`
      }</span
    >
  </h1>`;
}

function headlineText(counts: Readonly<Record<Status, number>>, total: number): string {
  const watched = total - counts.disabled;
  const attention = counts.offline + counts.critical + counts.warning;
  if (watched === 0)
    return total === 1
      ? 'The only server is disabled'
      : `All ${formatCount(total)} servers are disabled`;
  if (attention > 0) {
    if (watched === 1) return 'The server needs attention';
    return `${formatCount(attention)} of ${formatCount(watched)} servers ${attention === 1 ? 'needs' : 'need'} attention`;
  }
  if (counts.unknown === watched) return 'Waiting for the first checks';
  if (counts.unknown > 0)
    return `${formatCount(counts.healthy)} of ${formatCount(watched)} servers are healthy`;
  return watched === 1
    ? 'The server is healthy'
    : `All ${formatCount(watched)} servers are healthy`;
}

/** The fleet as one bar; the filters below it have the numbers. */
function proportions(views: readonly ServerView[]): Html {
  const counts = countByStatus(views);
  const gap = views.length / 300;
  let x = 0;
  const parts = STATUSES_WORST_FIRST.filter((status) => counts[status] > 0).map((status) => {
    const width = counts[status];
    const rect = html`<rect
      class="fill-${status}"
      x="${x}"
      y="0"
      width="${Math.max(width - gap, width / 2)}"
      height="1"
    />`;
    x += width;
    return rect;
  });
  return html`<svg
    class="proportions"
    viewBox="0 0 ${views.length} 1"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${parts}
  </svg>`;
}

function chips({ views, filter, groupBy, sort }: LandingContent): readonly Html[] {
  const counts = countByStatus(views);
  const pathOf = (statuses: ServerFilter['statuses']): string =>
    gridPath({ filter: { ...filter, statuses }, groupBy, sort });
  const all = chip(
    pathOf([]),
    filter.statuses.length === 0,
    html`All <b>${formatCount(views.length)}</b>`,
  );
  const others = STATUSES_WORST_FIRST.filter(
    (status) => counts[status] > 0 || filter.statuses.includes(status),
  ).map((status) =>
    chip(
      pathOf([status]),
      filter.statuses.length === 1 && filter.statuses[0] === status,
      html`<span class="is-${status}">${statusIcon(status)}</span>${STATUS_WORDS[status]}
        <b>${formatCount(counts[status])}</b>`,
    ),
  );
  return [all, ...others];
}

function rows(shown: readonly ServerView[], content: GridRows): readonly Html[] {
  const { groupBy } = content;
  if (groupBy === '') return shown.map((view) => row(view, content));
  return groupByLabel(shown, groupBy).flatMap(([value, views]) => [
    groupRow({ name: groupBy, value, views, content }),
    ...views.map((view) => row(view, content)),
  ]);
}

interface RowGroup {
  readonly name: string;
  readonly value: string;
  readonly views: readonly ServerView[];
  readonly content: GridRows;
}

/** No name of a server begins with a space, so the key of a group is nobody else's. */
function groupRow({ name, value, views, content }: RowGroup): Html {
  const columns = shownColumns(content).length;
  const counts = countByStatus(views);
  const parts = STATUSES_WORST_FIRST.filter((status) => counts[status] > 0).map(
    (status) =>
      html`<span class="is-${status}">${statusIcon(status)}</span> ${formatCount(counts[status])}
        <span class="unseen">${STATUS_WORDS[status]}</span> `,
  );
  return html`<tr role="row" data-key=" ${value}" class="group">
    <th role="rowheader" scope="rowgroup" colspan="${columns}">
      <bdi>${value === '' ? `No ${name}` : value}</bdi> <span class="counts">${parts}</span>
    </th>
  </tr> `;
}

function row(view: ServerView, content: GridRows): Html {
  const { nowMs, uptimes, maintenance } = content;
  const active = maintenance.get(view.name);
  const uptime = uptimes.get(view.name);
  // Without a journal, that since the exporter started.
  const uptimeRatio = uptime ? uptime.dayRatio : view.uptimeRatio;
  const tools = view.snapshot?.lists.tools?.definitions.length;
  return html`<tr role="row" data-key="${view.name}" class="row-${view.status}">
    <td role="cell" class="status">${statusBadge(view.status)}</td>
    <th role="rowheader" scope="row" class="name">
      <a href="${serverPath(view.name)}"><bdi>${view.name}</bdi></a
      >${active && maintenanceNote(active, nowMs)}${reasonBelow(view, nowMs)}${labelList(view, content)}
    </th>
    <td role="cell" class="endpoint">
      <span class="reach">
        <span class="transport">${view.transport}</span>
        <bdi class="path" title="${view.endpoint}">${view.endpoint}</bdi>
      </span>
    </td>
    <td role="cell" class="num" data-label="Response">${responseTime(view, nowMs)}</td>
    <td role="cell" class="num" data-label="Last check">
      ${view.lastCheckAtMs === undefined ? noValue('Not known yet') : relativeTime(view.lastCheckAtMs, nowMs, 'ago')}
    </td>
    <td role="cell" class="num" data-label="Uptime">
      ${known(uptimeRatio, formatRatio)}${content.hasBars && uptime && uptimeBars(uptime.hours, 'By hour')}
    </td>
    <td role="cell" class="num" data-label="Tools">${known(tools, formatCount)}</td>
    ${connectionsCell(view, content)} ${trafficCells(view, content)}
  </tr> `;
}

/** Nothing without a gateway. */
function connectionsCell({ name }: ServerView, { connections }: LandingContent): HtmlOrNothing {
  if (connections.size === 0) return false;
  const count = connections.get(name);
  // On a phone, a row shows only what there is.
  return html`<td
    role="cell"
    class="num traffic${(count ?? 0) === 0 && ' is-idle'}"
    data-label="Connections"
  >
    ${count === undefined ? noValue('Not served by the gateway') : formatCount(count)}
  </td>`;
}

/** Empty if no server has traffic. */
function trafficCells({ name }: ServerView, { traffic }: LandingContent): readonly Html[] {
  if (traffic.size === 0) return [];
  const known = traffic.get(name);
  const cell = (label: string, value: string | Html | undefined): Html =>
    html`<td role="cell" class="num traffic${!known && ' is-idle'}" data-label="${label}">
      ${value ?? noValue('No calls in 24 hours')}
    </td>`;
  return [
    cell('Requests/min', known && formatRate(known.requestsPerMinute)),
    cell('Errors, 24 h', known && errorShare(name, known)),
    cell('Cost, 24 h', known && formatUsd(known.costUsd)),
  ];
}

function errorShare(server: string, { failures, counted }: ServerTraffic): string | Html {
  if (counted === 0) return noValue('No call says anything about the server');
  if (failures === 0) return '0 %';
  return html`<a href="${errorsPath({ server })}">${formatShare(failures, counted)}</a>`;
}

function reasonBelow(view: ServerView, nowMs: number): HtmlOrNothing {
  if (view.status === 'healthy' || view.reason === '') return false;
  const runbook = statusRunbookPath(view.status);
  return html`<span class="reason"
    ><bdi>${view.reason}</bdi>
    <span class="since">· for ${relativeTime(view.statusSinceMs, nowMs, 'for')}</span>${
      runbook !== undefined && html` · <a href="${runbook}">What to do</a>`
    }</span
  >`;
}

function known<T>(value: T | undefined, format: (value: T) => string): string | Html {
  return value === undefined ? noValue('Not known yet') : format(value);
}

export function serverPath(name: string): string {
  return `/servers/${encodeURIComponent(name)}`;
}

function emptyState(content: LandingContent): Html {
  return html` <div id="notices" data-region>${notices(content)}</div>
    <section id="summary" class="empty" data-region>
      <h1>No MCP server is configured yet</h1>
      <p>
        List your servers in the configuration file, in the same block that MCP clients use, or
        import the file of a client that you already have:
      </p>
      <pre>
import: [./.mcp.json]
mcpServers:
  files:  { command: npx, args: [-y, "@modelcontextprotocol/server-filesystem", /tmp] }
  search: { url: https://mcp.example.com/mcp }</pre>
      <p>
        Save the file: the exporter reloads it by itself, and the servers appear here.
        <code>mcp-exporter check-config</code> reports mistakes in it. The
        <a href="/docs">docs page</a> explains how to connect Prometheus.
      </p>
    </section>`;
}
