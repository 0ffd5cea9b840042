import type { CallChartPoint } from '../../../facts/call-log.ts';
import type { ErrorGroup, ErrorGroupPage } from '../../../facts/error-log.ts';
import type { EventPage, MarkerEntry } from '../../../facts/event-log.ts';
import type { EpochMs } from '../../../facts/time.ts';
import type { Kept } from '../ask-journal.ts';
import { formatCount } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { TimelineAnswer } from '../read-timeline.ts';
import type { ChartSpan, TimeSpan } from '../time-span.ts';
import { affectedPart, type AffectedSums } from './affected.ts';
import { auditPath, errorsPath } from './page-links.ts';
import { emptySection, notice, searchInput, suggestions } from './elements.ts';
import { errorTable } from './error-table.ts';
import type { Page } from './layout.ts';
import { windowChips, windowText } from './time-window.ts';
import { absoluteTime } from './time.ts';
import { fleetTimelineTable } from './timeline-table.ts';
import { trafficChart } from './traffic-chart.ts';

const ERRORS_INPUTS = ['server', 'tool', 'search', 'from', 'to'] as const;
export const ERRORS_FIELDS = [...ERRORS_INPUTS, 'error_type', 'window'] as const;
/** As in the address; what is empty is no filter. */
export type ErrorsFilter = Readonly<Record<(typeof ERRORS_FIELDS)[number], string>>;

export interface ErrorsContent {
  readonly filter: ErrorsFilter;
  readonly span: TimeSpan;
  readonly chart: ChartSpan;
  /** `undefined` if nothing is kept at all; `reason` says why. */
  readonly found: FoundErrors | undefined;
  readonly reason: string;
  /** For completion. */
  readonly servers: readonly string[];
  readonly nowMs: EpochMs;
}

/** What the journal has of a time. */
export interface FoundErrors {
  readonly groups: Kept<ErrorGroupPage>;
  readonly points: Kept<readonly CallChartPoint[]>;
  readonly markers: Kept<EventPage<MarkerEntry>>;
  /** All that happened but checks and calls. */
  readonly changes: TimelineAnswer;
  readonly affected: Kept<AffectedSums>;
  /** Earlier groups with the pattern of one of `groups`; `undefined` if none was looked for. */
  readonly alike: Kept<readonly ErrorGroup[]> | undefined;
}

/** Address of what happened in a time. */
export function errorsIn(span: TimeSpan, filter: Partial<ErrorsFilter> = {}): string {
  return errorsPath({ ...filter, window: '', ...written(span) });
}

/** Without zeros at the end, so that an input shows it all. */
function written({ fromMs, toMs }: TimeSpan): { readonly from: string; readonly to: string } {
  const write = (atMs: EpochMs) => new Date(atMs).toISOString().replace(/(?::00)?\.000Z$/, 'Z');
  return { from: write(fromMs), to: write(toMs) };
}

/** What failed in a time, and what may explain it. */
export function errorsPage(content: ErrorsContent): Page {
  const { filter, span, found, reason } = content;
  return {
    title: 'Errors – mcp-exporter',
    main: html`<section class="summary">
        <h1>Errors</h1>
        <p class="muted">From ${absoluteTime(span.fromMs)} to ${absoluteTime(span.toMs)}.</p>
      </section>
      <div class="tools">
        <nav class="chips" aria-label="Time">${chips(content)}</nav>
        ${filterForm(content)}
      </div>
      ${filter.error_type !== '' && linkedType(filter)}
      ${found ? foundParts(found, content) : notice(reason)}`,
  };
}

function chips({ filter, span }: ErrorsContent): readonly Html[] {
  const isWindow = filter.from === '' && filter.to === '';
  return windowChips(isWindow ? span.toMs - span.fromMs : undefined, (windowMs) =>
    errorsPath({ ...filter, from: '', to: '', window: windowText(windowMs) }),
  );
}

const PLACEHOLDERS: Readonly<Record<(typeof ERRORS_INPUTS)[number], string>> = {
  server: 'Server',
  tool: 'Tool, prompt or URI',
  search: 'Search',
  from: 'From 2026-11-21',
  to: 'To',
};

function filterForm({ filter, servers }: ErrorsContent): Html {
  const kept = ['error_type', 'window'] as const;
  return html`<form class="search fields" role="search" action="/errors" method="get">
    ${kept.map((name) => filter[name] !== '' && html`<input type="hidden" name="${name}" value="${filter[name]}" />`)}
    ${ERRORS_INPUTS.map((name) =>
      searchInput({
        id: name,
        name,
        value: filter[name],
        placeholder: PLACEHOLDERS[name],
        ...(name === 'server' && { list: 'servers' }),
      }),
    )}
    <button type="submit">Filter</button>
    ${suggestions('servers', servers)}
  </form>`;
}

function linkedType(filter: ErrorsFilter): Html {
  return html`<p class="linked">
    Only type <code>${filter.error_type}</code>
    <a href="${errorsPath({ ...filter, error_type: '' })}">Remove this filter</a>
  </p>`;
}

function foundParts(found: FoundErrors, content: ErrorsContent): Html {
  const { nowMs } = content;
  const { alike } = found;
  return html`<section id="traffic" class="card pad">${chartPart(found, content)}</section>
    <section id="groups" class="part">${groupsPart(found.groups, content)}</section>
    ${alike && html`<section id="alike" class="part">${alikePart(alike, nowMs)}</section>`}
    <section id="happenings" class="card pad">${changesPart(found.changes, nowMs)}</section>
    <section id="affected" class="card pad">${affectedPart(found.affected)}</section>`;
}

function chartPart({ points, markers }: FoundErrors, { span, chart, filter }: ErrorsContent): Html {
  if (!points.ok) return emptySection('Calls and failures', points.message);
  const hint = 'each bar leads to its time';
  return html`<h2>Calls and failures <small>${hint}</small></h2>
    ${trafficChart({
      span: chart,
      points: points.value,
      chosen: span,
      marks: markers.ok ? markers.value.entries : [],
      hrefOf: (bounds) => errorsIn(bounds, filter),
    })}`;
}

function groupsPart(groups: Kept<ErrorGroupPage>, { filter, span, nowMs }: ErrorsContent): Html {
  if (!groups.ok) return emptySection('Errors', groups.message);
  const { groups: shown, next, total } = groups.value;
  if (shown.length === 0) return emptySection('Errors', 'No errors in this time.');
  const { server, tool } = filter;
  const calls = auditPath({ server, tool, status: 'error', ...written(span) });
  return html`<h2>
      Errors
      <small>${formatCount(total)} ${total === 1 ? 'group' : 'groups'}, last seen first</small>
    </h2>
    ${errorTable({ caption: 'Groups of errors', groups: shown, nowMs })}
    <p class="remark links">
      ${next !== undefined && html`<a href="${errorsPath(filter, next)}">More groups</a>`}
      <a href="${calls}">Failed calls of this time</a>
    </p>`;
}

function changesPart({ events, problems, olderToMs }: TimelineAnswer, nowMs: EpochMs): Html {
  const title = 'What changed';
  const [problem] = problems;
  if (events.length === 0)
    return emptySection(
      title,
      problem ??
        'No deploys, actions, alerts, or changes of a status, definition or configuration.',
    );
  return html`<h2>
      ${title} <small>newest first${olderToMs !== undefined && ', and earlier ones'}</small>
    </h2>
    ${problems.map((each) => html`<p class="muted"><bdi>${each}</bdi></p>`)}
    ${fleetTimelineTable(events, nowMs)}`;
}

function alikePart(alike: Kept<readonly ErrorGroup[]>, nowMs: EpochMs): Html {
  const title = 'Seen before';
  if (!alike.ok) return emptySection(title, alike.message);
  if (alike.value.length === 0)
    return emptySection(title, 'No earlier errors of other servers or tools look the same.');
  return html`<h2>${title} <small>errors of other servers or tools that look the same</small></h2>
    ${errorTable({ caption: 'Earlier errors that look the same', groups: alike.value, nowMs })}`;
}
